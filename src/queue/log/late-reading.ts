import type { FoundObject } from '../object-place';
import type { LiveRecords } from './live-records';
import { MOST_UNREAD_MS } from './log-limits';
import type { LogSegments, Segment } from './log-segments';
import type { SegmentReading } from './segment-reading';

/** Reads segments again that the disk did not give at the start, from time to time until it has given them all. */
export class LateReading {
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param cleanUp runs what may fail
   * @param onRead told of the objects that were found in a segment
   */
  constructor(
    private readonly segments: LogSegments,
    private readonly reading: SegmentReading,
    private readonly live: LiveRecords,
    private readonly cleanUp: (operation: () => void) => void,
    private readonly onRead: (objects: readonly FoundObject[]) => void,
  ) {}

  /** Once the others have been read. What cannot be read now is read again after so long. */
  begin(milliseconds: number): void {
    if (this.segments.unread.length === 0) {
      this.reading.forget();
      return;
    }
    const waits = Math.min(milliseconds, MOST_UNREAD_MS);
    this.timer = setTimeout(() => this.cleanUp(() => this.readAgain(2 * waits)), waits).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.reading.forget();
  }

  /** Objects that are found now come behind those that were found at the start. */
  private readAgain(nextMilliseconds: number): void {
    for (const segment of this.segments.unread) this.onRead(this.readSegment(segment));
    this.begin(nextMilliseconds);
  }

  private readSegment(segment: Segment): FoundObject[] {
    const { objects, parkings } = this.reading.readLate(segment);
    for (const parking of parkings.values())
      if (!this.live.parkings.has(parking.id)) this.live.setParking(parking.id, parking);
    const found = [...objects.values()].filter(({ id }) => this.live.get(id) === undefined);
    for (const object of found) this.live.add(object);
    return found;
  }
}
