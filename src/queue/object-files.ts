import { join } from 'node:path';
import type { BlockBuffer } from './block-buffer';
import { allSettled, syncDirectory } from './durable';
import { sizeInId } from './object-id';
import { objectName, parseObjectName } from './object-names';
import type { FoundObject, ObjectPlace } from './object-place';
import type { ObjectContent } from './object-queue';
import type { PartFile } from './part-file';
import type { QueueFiles } from './queue-files';

/**
 * Objects as files, named by an id that sorts by arrival and ends with the object's size. A file that is shorter than its
 * name says was cut off, by the end of the process or by a loss of power, before it was acknowledged. So a small one needs
 * no renaming, and data and name can be synced at the same time, which costs one wait for the disk instead of two.
 */
export class ObjectFiles implements ObjectPlace {
  /** What the names say of deliveries. Not in here: none. */
  private readonly deliveries = new Map<string, number>();

  constructor(
    private readonly directory: string,
    private readonly isSynced: boolean,
    private readonly files: QueueFiles,
  ) {}

  /** The objects among these names. */
  open(names: readonly string[]): FoundObject[] {
    const found = names.map(parseObjectName).filter((object) => object !== undefined);
    this.deliveries.clear();
    for (const { id, deliveries } of found) if (deliveries > 0) this.deliveries.set(id, deliveries);
    return found;
  }

  /** Returns the bytes where memory has them all, too: the caller clears them. */
  async complete(part: PartFile, id: string): Promise<BlockBuffer | undefined> {
    const bytes = part.completeAs(this.path(id));
    if (!this.isSynced) return bytes;
    try {
      // Neither is left running when the other fails.
      await allSettled([part.sync(), syncDirectory(this.directory, this.files)]);
    } catch (error) {
      bytes?.clear();
      throw error;
    }
    return bytes;
  }

  /** Takes a file as this object. */
  admit(file: string, id: string): void {
    this.files.renameSync(file, this.path(id));
  }

  /** There is a file now with the name of this object and so many deliveries. */
  appeared({ id, deliveries }: FoundObject): void {
    if (deliveries > 0) this.deliveries.set(id, deliveries);
  }

  sizeOf(path: string): number | undefined {
    return this.files.statSync(path, { throwIfNoEntry: false })?.size;
  }

  /** Not as long as its name says. */
  isCutOff(id: string): boolean {
    const expected = sizeInId(id);
    return expected !== undefined && expected !== (this.sizeOf(this.path(id)) ?? 0);
  }

  setDeliveries(id: string, deliveries: number): void {
    if (deliveries === (this.deliveries.get(id) ?? 0)) return;
    this.files.renameSync(this.path(id), join(this.directory, objectName(id, deliveries)));
    this.deliveries.set(id, deliveries);
  }

  read<T>(id: string, use: (content: ObjectContent) => T, bytes?: BlockBuffer): T {
    const path = this.path(id);
    if (bytes !== undefined) return use({ kind: 'memory', bytes, path });
    const fd = this.files.openSync(path, 'r');
    try {
      return use({ kind: 'file', fd, size: this.files.fstatSync(fd).size, path });
    } finally {
      this.files.closeSync(fd);
    }
  }

  /** If it is there. rmSync would do this too, at twice the cost. */
  remove(id: string): void {
    const path = this.path(id);
    this.deliveries.delete(id);
    try {
      this.files.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  moveTo(id: string, path: string): void {
    this.files.renameSync(this.path(id), path);
    this.deliveries.delete(id);
  }

  private path(id: string): string {
    return join(this.directory, objectName(id, this.deliveries.get(id) ?? 0));
  }
}
