import { dirname, resolve } from 'node:path';
import { makeDurableDirectory, realFiles, syncDirectory } from '../basics';
import type { ByteSource } from '../dicom';
import { FileOutput } from '../message';

/** So many folders are known to be durable; then they are found out again. */
const MOST_FOLDERS = 10_000;

/**
 * Puts new objects into a directory, under names of a template; none replaces another. Syncs wait for the disk and hold nobody
 * else up: several objects are synced at once. An object gets its name before that. Where the machine ends in between, an
 * incomplete file may have it, which nobody has been told of.
 */
export class NewFiles {
  private readonly root: string;
  private readonly output: FileOutput;
  private readonly durable = new Set<string>();

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

  private async sync(path: string): Promise<void> {
    const folder = dirname(path);
    if (!this.durable.has(folder)) {
      makeDurableDirectory(folder, realFiles, { top: this.root });
      if (this.durable.size >= MOST_FOLDERS) this.durable.clear();
      this.durable.add(folder);
    }
    // Windows syncs only what may be written.
    const fd = realFiles.openSync(path, 'r+');
    try {
      await realFiles.sync(fd);
    } finally {
      realFiles.closeSync(fd);
    }
    await syncDirectory(folder, realFiles);
  }
}
