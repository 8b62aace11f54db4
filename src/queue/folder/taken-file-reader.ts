import { basename } from 'node:path';
import { ObjectDamaged } from '../object-damaged';
import type { PinnedBytes } from '../object-handle';
import type { ObjectContent } from '../object-queue';
import { pinnedRange } from '../pinned-range';
import { fileChanged, isMissing, openRegular, type FolderFiles } from './folder-files';
import type { TakenFiles } from './taken-files';

/** Reads files that were taken from a folder, to which others may write, and which they may take away. */
export class TakenFileReader {
  constructor(
    private readonly taken: TakenFiles,
    private readonly files: FolderFiles,
  ) {}

  /** @throws an error with the code `ECHANGED` where it is not what was taken, unless that does not matter */
  read<T>(id: string, use: (content: ObjectContent) => T, evenIfChanged: boolean): T {
    const object = this.taken.get(id);
    const path = this.taken.path(object);
    const fd = this.open(path);
    try {
      const stats = this.files.fstatSync(fd);
      if (!evenIfChanged && !this.taken.isSame(object, stats)) throw fileChanged(path);
      return use({ kind: 'file', fd, size: stats.size, path, since: stats.mtimeMs });
    } finally {
      this.files.closeSync(fd);
    }
  }

  /** Bytes are those that were taken: each read says whether they still are. @throws ObjectDamaged */
  pin(id: string): PinnedBytes {
    const object = this.taken.get(id);
    const fd = this.open(this.taken.path(object));
    const check = (): void => {
      if (this.taken.isSame(object, this.files.fstatSync(fd))) return;
      throw new ObjectDamaged(`${basename(object.rel)} has been changed since it was taken from the folder`);
    };
    try {
      check();
    } catch (error) {
      this.files.closeSync(fd);
      throw error;
    }
    const pinned = pinnedRange(fd, 0, object.facts.size, this.files);
    return {
      ...pinned,
      read: async (offset, length) => {
        const bytes = await pinned.read(offset, length);
        check();
        return bytes;
      },
    };
  }

  private open(path: string): number {
    try {
      return openRegular(path, this.files);
    } catch (error) {
      // Where the folder is gone, its files may be back with it.
      if (!isMissing(error) || !this.taken.isFolderThere()) throw error;
      throw new ObjectDamaged(`${path} is gone: somebody has deleted or moved it`);
    }
  }
}
