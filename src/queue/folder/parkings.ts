import { join } from 'node:path';
import { DirectorySync, makeDirectory, removeIfThere, writeFile, DIRECTORY_MODE } from '../../basics';
import { isObjectId } from '../object-id';
import { parkingText, parseParking, type Parking } from '../parking';
import { isMissing, type FolderFiles } from './folder-files';

const SUFFIX = '.json';

/** Who holds which objects, on the disk of the node: a file for each. */
export class Parkings {
  private readonly directorySync: DirectorySync;
  private readonly ids = new Set<string>();

  constructor(
    private readonly directory: string,
    private readonly files: FolderFiles,
  ) {
    this.directorySync = new DirectorySync(directory, files);
  }

  /** By id. One that cannot be read is as none: the object is delivered again. @throws the system's error */
  open(): Map<string, Parking> {
    makeDirectory(this.directory, this.files, DIRECTORY_MODE);
    const found = new Map<string, Parking>();
    for (const name of this.files.readdirSync(this.directory)) {
      const id = name.slice(0, -SUFFIX.length);
      if (!name.endsWith(SUFFIX) || !isObjectId(id)) continue;
      this.ids.add(id);
      const parking = this.read(id);
      if (parking !== undefined) found.set(id, parking);
    }
    return found;
  }

  private read(id: string): Parking | undefined {
    try {
      return parseParking(this.files.readFileSync(this.path(id), 'utf8'));
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return undefined;
      throw error;
    }
  }

  set(id: string, parking: Parking | undefined): void {
    if (parking === undefined && !this.ids.has(id)) return;
    this.directorySync.changed();
    if (parking === undefined) {
      removeIfThere(this.path(id), this.files);
      this.ids.delete(id);
      return;
    }
    const next = `${this.path(id)}.new`;
    writeFile(next, Buffer.from(parkingText(parking)), true, this.files);
    this.files.renameSync(next, this.path(id));
    this.ids.add(id);
  }

  /** Those of objects that are not here any more go. */
  keepOnly(isHere: (id: string) => boolean): void {
    for (const id of this.ids) if (!isHere(id)) this.set(id, undefined);
  }

  safe(): Promise<void> {
    return this.directorySync.safe();
  }

  private path(id: string): string {
    return join(this.directory, id + SUFFIX);
  }
}
