import type { DiskFiles } from '../basics';
import { QueueRefusal } from './object-queue';

/** Asking the file system costs little, but not nothing: while there is room, once in this many milliseconds is enough. */
const CHECK_INTERVAL_MS = 500;

/** Watches that a disk keeps some space free, for the rest of the machine and for finishing what has begun. */
export class FreeSpace {
  private checkedAt = -Infinity;
  private free = Infinity;

  /** @param minFree bytes; 0: no check */
  constructor(
    private readonly directory: string,
    private readonly minFree: number,
    private readonly files: Pick<DiskFiles, 'statfsSync'>,
  ) {}

  /** @throws QueueRefusal (`DISK_LOW`) when there is less than the minimum */
  check(): void {
    if (this.minFree === 0) return;
    // Not the clock on the wall, which may be set back.
    const now = performance.now();
    // Once it is short, room may have been made just now, for what is asked about.
    if (this.free < this.minFree || now - this.checkedAt >= CHECK_INTERVAL_MS) {
      const { bavail, bsize } = this.files.statfsSync(this.directory);
      this.free = bavail * bsize;
      this.checkedAt = now;
    }
    if (this.free < this.minFree) {
      const megabytes = Math.floor(this.free / 1e6);
      throw new QueueRefusal('DISK_LOW', `the disk of the queue has only ${megabytes} MB left`);
    }
  }
}
