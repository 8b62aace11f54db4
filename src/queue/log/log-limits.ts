import type { SegmentOptions } from './log-segments';

export interface LogLimits extends Pick<SegmentOptions, 'quickSyncMs'> {
  /** Size with which a segment is followed by the next. */
  segmentBytes: number;
  /** With more segments than this, and most of them done, those that stay long are written again, so that the oldest can go. */
  mostSegments: number;
  /**
   * Files that are kept to be written over: one is being written, and one or two have objects that are just being
   * delivered.
   */
  mostSpares: number;
  /** A log in which nothing waits is deleted after so long: delivered objects are not to lie about. */
  idleMs: number;
  /** What the disk did not give is read again after so long, then after twice as long, up to `MOST_UNREAD_MS`. */
  unreadMs: number;
}

export const LOG_LIMITS: LogLimits = {
  segmentBytes: 16_777_216,
  mostSegments: 8,
  mostSpares: 2,
  idleMs: 10_000,
  quickSyncMs: 2,
  unreadMs: 5_000,
};

export const MOST_UNREAD_MS = 300_000;
/** With this many times the segments that are wanted, one that still cannot be read no longer holds up the others. */
export const UNREAD_HOLDS = 2;
