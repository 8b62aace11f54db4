import { sharedFileSystem } from '../../basics';
import type { FolderFiles } from './folder-files';
import { FolderOwners } from './folder-owners';

/** Within this, one that begins has found out that we are here, and gives way. */
const OTHERS_LOOK_MS = 20_000;

/** That we watch a folder, as others who may watch it see it. */
export class FolderPresence {
  readonly owners: FolderOwners;

  /**
   * @param owner names us among all that may watch the folder
   * @param isKeeper we leave files where they are
   * @param cleanUp runs what may fail
   */
  constructor(
    private readonly folder: string,
    owner: string,
    private readonly isKeeper: boolean,
    private readonly files: FolderFiles,
    private readonly cleanUp: (operation: () => void) => void,
  ) {
    this.owners = new FolderOwners(folder, owner, isKeeper, files);
  }

  /** @throws the system's error: the folder is not there, or not a directory */
  checkFolder(): void {
    if (!this.files.statSync(this.folder).isDirectory())
      throw Object.assign(new Error(`${this.folder} is no directory`), { code: 'ENOTDIR' });
  }

  /** The folder is on a file system that other machines may use. */
  get isShared(): boolean {
    return sharedFileSystem(this.files.realpathSync(this.folder), this.files) !== undefined;
  }

  /** Shows others that we are here, from now on. @throws the system's error; FolderShared */
  begin(): void {
    this.owners.checkAlone();
    this.renew();
    try {
      // Somebody may have begun at the same moment: then neither does.
      this.owners.checkAlone();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Shows others that we are still here. @throws as `begin` */
  goOn(): void {
    this.renew();
    this.owners.checkAlone(OTHERS_LOOK_MS);
  }

  /** What is claimed stays. */
  leave(): void {
    this.cleanUp(() => this.owners.leave());
  }

  private renew(): void {
    try {
      this.owners.renew();
    } catch (error) {
      // What is only read may be where nobody may write: then nobody else can be kept out.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!this.isKeeper || !['EROFS', 'EACCES', 'EPERM'].includes(code)) throw error;
    }
  }
}
