import { DatabaseUnusable } from '../database';
import type { FileRows } from '../rows';
import type { WatchedDirectory } from './directory-watch';

/** Where one object was a file, others are soon: the fault stays for so long, instead of coming and going with each. */
const SEEN_MS = 60_000;

/** No shared directory is named here: right as long as no object of the queue is in one. */
export class NoDirectory implements WatchedDirectory {
  readonly top = undefined;
  private seenAt = -Infinity;

  /** @param seenMs another time than the usual one, for tests */
  constructor(
    private readonly fileRows: FileRows,
    private readonly seenMs = SEEN_MS,
  ) {}

  /** @throws DatabaseUnusable */
  async check(): Promise<void> {
    // That the database cannot be asked is told by others.
    if (await this.fileRows.hasFiles().catch(() => false)) this.seenAt = performance.now();
    if (performance.now() - this.seenAt < this.seenMs)
      throw new DatabaseUnusable('QUEUE_DIRECTORY_UNNAMED', 'this node names no shared directory');
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(Infinity);
  }
}
