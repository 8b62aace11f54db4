import { realFiles } from '../../basics';
import { FreeSpace } from '../free-space';
import { queueFull, QueueRefusal } from '../object-queue';
import type { DirectoryWatch } from './directory';
import type { ObjectCount } from './object-count';

export interface RoomLimits {
  /** Of all instances together. */
  maxObjects: number;
  /** Bytes of all objects that have a row, wherever they lie, dead letters included; 0: no limit. */
  maxBytes?: number;
  /** Bytes that must stay free on the disk of the directory, and on that of the shared one; below, nothing is taken. */
  minFreeBytes?: number;
}

/** Whether there is room for one more object: in the queue, in the shared directory, and on this machine's disk. */
export class QueueRoom {
  private readonly space: FreeSpace;

  /** @param directory of this machine */
  constructor(
    private readonly limits: RoomLimits,
    directory: string,
    private readonly count: ObjectCount,
    private readonly bytes: ObjectCount,
  ) {
    this.space = new FreeSpace(directory, limits.minFreeBytes ?? 0, realFiles);
  }

  /** What others have put, and this one has removed, may not have been counted yet. */
  get size(): number {
    return Math.max(0, this.count.value);
  }

  get countsBytes(): boolean {
    return this.maxBytes > 0;
  }

  /**
   * @param arriving objects that this instance is receiving: each will take a place
   * @throws QueueRefusal
   */
  checkCount(arriving: number): void {
    const { maxObjects } = this.limits;
    if (this.size + arriving >= maxObjects) throw queueFull(maxObjects);
  }

  /**
   * @param shared undefined: there is no shared directory
   * @throws QueueRefusal
   */
  checkSpace(shared: DirectoryWatch | undefined): void {
    const { minFreeBytes = 0 } = this.limits;
    if (shared?.isAway === true)
      throw new QueueRefusal('DIRECTORY_AWAY', 'the shared directory of the queue cannot be used');
    if (this.countsBytes && this.bytes.value >= this.maxBytes)
      throw new QueueRefusal(
        'QUEUE_FULL',
        `the shared queue is full: it holds ${megabytes(this.bytes.value)} MB, of ${megabytes(this.maxBytes)} MB`,
      );
    if (shared !== undefined && shared.freeBytes < minFreeBytes)
      throw new QueueRefusal(
        'DISK_LOW',
        `the disk of the shared directory has only ${megabytes(shared.freeBytes)} MB left`,
      );
    this.space.check();
  }

  private get maxBytes(): number {
    return this.limits.maxBytes ?? 0;
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1e6);
}
