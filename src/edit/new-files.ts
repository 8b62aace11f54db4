import { dirname, resolve } from 'node:path';
import { allSettled, DirectorySync, makeDurableDirectory, realFiles } from '../basics';
import type { ByteSource } from '../dicom';
import { FileOutput } from '../message';

/** Folders that are known to be durable, at most; then they are found out again. */
const MOST_FOLDERS = 10_000;

/**
 * Puts new objects into a directory, under names of a template; none replaces another. Syncs wait for the disk and hold nobody
 * else up: several objects are synced at once. An object gets its name before that. Where the machine ends in between, an
 * incomplete file may have it, which nobody has been told of.
 */
export class NewFiles {
  private readonly root: string;
  private readonly output: FileOutput;
  /** Those whose own names are on the disk. */
  private readonly durable = new Map<string, DirectorySync>();

  constructor({ directory, filenameTemplate }: { directory: string; filenameTemplate: string }) {
    this.root = resolve(directory);
    this.output = new FileOutput({ directory, filenameTemplate, collision: 'keep-both', queue: 'disk' });
  }

  /** Keywords that the template asks for. */
  get keywords(): readonly string[] {
    return this.output.keywords;
  }

  /**
   * Resolves with the path of a file that is on the disk with its name.
   * @param check is called when all is written; where it throws, or anything else fails, the file is removed
   * @throws NotPlaced; the system's error
   */
  async place(
    source: ByteSource,
    values: Record<string, string>,
    check: () => Promise<void>,
  ): Promise<string> {
    const path = this.output.place({ kind: 'source', source }, values, false);
    try {
      await check();
      await this.sync(path);
    } catch (error) {
      realFiles.rmSync(path, { force: true });
      throw error;
    }
    return path;
  }

  /** The bytes and the name at the same time, and the name with those of other objects: one wait for the disk. */
  private async sync(path: string): Promise<void> {
    const names = this.namesIn(dirname(path));
    names.changed();
    await allSettled([syncFile(path), names.safe()]);
  }

  private namesIn(folder: string): DirectorySync {
    const known = this.durable.get(folder);
    if (known !== undefined) return known;
    makeDurableDirectory(folder, realFiles, { top: this.root });
    if (this.durable.size >= MOST_FOLDERS) this.durable.clear();
    const names = new DirectorySync(folder, realFiles);
    this.durable.set(folder, names);
    return names;
  }
}

async function syncFile(path: string): Promise<void> {
  // Windows syncs only what may be written.
  const fd = realFiles.openSync(path, 'r+');
  try {
    await realFiles.sync(fd);
  } finally {
    realFiles.closeSync(fd);
  }
}
