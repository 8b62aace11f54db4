import { asError } from '../../basics';
import type { Parking } from '../parking';
import type { LiveRecords, Logged, Written } from './live-records';
import type { Segment } from './log-segments';

/** What renewing a segment needs of the log. */
export interface RenewedLog {
  live: LiveRecords;
  /** False: nobody has been told yet that it is safe. */
  isSafe(id: string): boolean;
  writeAgain(object: Logged): Written;
  setParking(id: string, parking: Parking): void;
  /** What has been written is as safe as it is to be. */
  sync(): Promise<void>;
  /** All of it has been written again, or that failed. */
  renewed(error?: Error): void;
}

/**
 * A few objects that stay long keep the oldest segment, and with it all younger ones: they are written again, one segment
 * at a time.
 */
export class SegmentRenewal {
  private isRunning = false;

  constructor(private readonly log: RenewedLog) {}

  /** The segment goes when what is written again is as safe as it was here. */
  begin(oldest: Segment | undefined): void {
    if (this.isRunning || oldest === undefined || oldest.live === 0) return;
    this.isRunning = true;
    oldest.holds += 1;
    const ended = (error?: Error): void => {
      this.isRunning = false;
      oldest.holds -= 1;
      this.log.renewed(error);
    };
    this.renew(oldest).then(
      () => ended(),
      (error: unknown) => ended(asError(error)),
    );
  }

  private async renew(segment: Segment): Promise<void> {
    const { live } = this.log;
    const isHere = (logged: { segment: Segment }): boolean => logged.segment === segment;
    const objects = [...live.objects.values()].filter((each) => isHere(each) && this.log.isSafe(each.id));
    const renewed = objects.map((object): [Logged, Written] => [object, this.log.writeAgain(object)]);
    for (const { id, parking } of [...live.parkings.values()].filter(isHere))
      this.log.setParking(id, parking);
    await this.log.sync();
    for (const [object, written] of renewed)
      if (live.objects.get(object.id) === object) live.move(object, written);
  }
}
