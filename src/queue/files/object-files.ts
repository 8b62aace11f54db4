import { join } from 'node:path';
import { DirectorySync, type DiskFiles, isUnsupported, openToRead, syncDirectory } from '../../basics';
import { NO_ATTEMPTS, type Attempts } from '../attempts';
import type { BlockBuffer } from '../block-buffer';
import { crc32 } from 'node:zlib';
import type { PinnedBytes } from '../object-handle';
import { factsInId } from '../object-id';
import { keptName, objectName, parseObjectName } from '../object-names';
import { ObjectDamaged } from '../object-damaged';
import type { FoundObject, ObjectPlace } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import { pinnedRange } from '../pinned-range';
import type { PartFile } from './part-file';

/** A file is read in pieces of this size where its checksum is taken. */
const CHUNK_BYTES = 1_048_576;

/**
 * Objects as files, named by an id that sorts by arrival and ends with the object's size and checksum. A file has its name
 * only when all of it has been written, and where that is wanted is on the disk.
 */
export class ObjectFiles implements ObjectPlace {
  /** Names of files that say something of attempts. Not in here: nothing. */
  private readonly names = new Map<string, string>();
  private readonly directorySync: DirectorySync;

  constructor(
    private readonly directory: string,
    private readonly isSynced: boolean,
    private readonly files: DiskFiles,
  ) {
    this.directorySync = new DirectorySync(directory, files);
  }

  /** The objects among these names. */
  open(names: readonly string[]): FoundObject[] {
    this.names.clear();
    const found: FoundObject[] = [];
    for (const name of names) {
      const object = parseObjectName(name);
      if (object === undefined) continue;
      // As it is: an earlier version wrote the same in another way.
      if (name !== objectName(object.id, NO_ATTEMPTS)) this.names.set(object.id, name);
      found.push(object);
    }
    return found;
  }

  /**
   * The part is this object's file, as safe as it is to be.
   * @param isWanted asked before the file gets its name: the queue may have been closed meanwhile
   */
  async complete(part: PartFile, id: string, isWanted: () => boolean): Promise<void> {
    await part.complete(this.isSynced);
    if (!isWanted()) throw new QueueRefusal('QUEUE_CLOSED', 'the receiver stops');
    part.rename(this.path(id));
    if (this.isSynced) await syncDirectory(this.directory, this.files);
  }

  /** Takes a file as this object, which comes now: its time says so over restarts. */
  admit(file: string, id: string): void {
    this.setTime(file);
    this.files.renameSync(file, this.path(id));
  }

  private setTime(file: string): void {
    const now = new Date();
    try {
      this.files.utimesSync(file, now, now);
    } catch (error) {
      // Where files of others may be renamed only: it counts as having come when it was written.
      if (!isUnsupported(error)) throw error;
    }
  }

  setAttempts(id: string, attempts: Attempts): void {
    const name = objectName(id, attempts);
    const [from, to] = [this.path(id), join(this.directory, name)];
    if (from === to) return;
    this.files.renameSync(from, to);
    this.names.set(id, name);
  }

  /**
   * Reads all of an object's file, and compares it with what the id says of the object that was received.
   * @returns what is wrong with it. Undefined: nothing
   * @throws the system's error when it cannot be read now
   */
  async damage(id: string): Promise<string | undefined> {
    const expected = factsInId(id);
    const fd = this.openFile(this.path(id));
    try {
      const { size } = this.files.fstatSync(fd);
      if (expected.size !== undefined && size !== expected.size)
        return `its file has ${size} bytes, of ${expected.size} that were received`;
      if (expected.checksum === undefined) return undefined;
      const isWhole = (await this.checksum(fd, size)) === expected.checksum;
      return isWhole ? undefined : 'its file has been changed or damaged since it was received';
    } finally {
      this.files.closeSync(fd);
    }
  }

  private async checksum(fd: number, size: number): Promise<number> {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size));
    let sum = 0;
    for (let at = 0; at < size;) {
      const count = await this.files.read(fd, chunk, Math.min(chunk.length, size - at), at);
      if (count === 0) return NaN;
      sum = crc32(chunk.subarray(0, count), sum);
      at += count;
    }
    return sum;
  }

  read<T>(id: string, use: (content: ObjectContent) => T, bytes?: BlockBuffer): T {
    const path = this.path(id);
    if (bytes !== undefined) return use({ kind: 'memory', bytes, path });
    const fd = this.openFile(path);
    try {
      const { size, mtimeMs: since } = this.files.fstatSync(fd);
      return use({ kind: 'file', fd, size, path, since });
    } finally {
      this.files.closeSync(fd);
    }
  }

  has(id: string): boolean {
    return this.files.statSync(this.path(id), { throwIfNoEntry: false }) !== undefined;
  }

  remove(id: string): void {
    this.unlink(this.path(id));
    this.names.delete(id);
  }

  /** If it is there. rmSync would do this too, at twice the cost. */
  private unlink(path: string): void {
    this.directorySync.changed();
    try {
      this.files.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Names that have gone are gone on the disk, too, where that is wanted. @throws the system's error */
  async safe(): Promise<void> {
    if (this.isSynced) await this.directorySync.safe();
  }

  keep(id: string): void {
    this.files.renameSync(this.path(id), this.keptPath(id));
    this.names.delete(id);
  }

  discardKept(id: string): void {
    this.unlink(this.keptPath(id));
  }

  restore(id: string): void {
    this.directorySync.changed();
    this.files.renameSync(this.keptPath(id), this.path(id));
  }

  /** An open file has its bytes, whatever becomes of its name. */
  pin(id: string): PinnedBytes {
    const fd = this.openFile(this.has(id) ? this.path(id) : this.keptPath(id));
    try {
      return pinnedRange(fd, 0, this.files.fstatSync(fd).size, this.files);
    } catch (error) {
      this.files.closeSync(fd);
      throw error;
    }
  }

  private keptPath(id: string): string {
    return join(this.directory, keptName(id));
  }

  moveTo(id: string, path: string): void {
    const from = this.path(id);
    // Otherwise it could not be told from a folder that is not there.
    if (this.files.statSync(from, { throwIfNoEntry: false }) === undefined) throw gone(from);
    this.files.renameSync(from, path);
    this.names.delete(id);
  }

  private openFile(path: string): number {
    try {
      return openToRead(path, this.files);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw gone(path);
    }
  }

  private path(id: string): string {
    return join(this.directory, this.names.get(id) ?? objectName(id, NO_ATTEMPTS));
  }
}

function gone(path: string): ObjectDamaged {
  return new ObjectDamaged(`${path} is gone: somebody has deleted it`);
}
