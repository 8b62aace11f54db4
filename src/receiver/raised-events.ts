import { isSystemCode, OnceInAWhile } from '../basics';
import type { QueueRefusal } from '../queue';
import type { RaisedEvent, ReceiverEvent } from './events';

/** Time between two reports of a full queue, in milliseconds: it is not reported for every object that it refuses. */
const FULL_INTERVAL_MS = 10_000;
/** A sync that takes longer is slow. */
const SLOW_SYNC_MS = 1_000;
/** Time between two reports of slow syncs, in milliseconds. */
const SLOW_INTERVAL_MS = 10_000;

const NO_DISK_SPACE: ReadonlySet<string> = new Set(['DISK_LOW', 'ENOSPC', 'EDQUOT']);

/** Events of a receiver with their time, and those that its queue's disk is the cause of. */
export class RaisedEvents {
  private readonly fullQueue = new OnceInAWhile(FULL_INTERVAL_MS);
  private readonly slowSyncs = new OnceInAWhile(SLOW_INTERVAL_MS);

  constructor(private readonly tell: (event: ReceiverEvent) => void) {}

  raise(event: RaisedEvent): void {
    this.tell({ at: new Date().toISOString(), ...event });
  }

  /** A sender has been refused by the queue: it is full, or its disk is. Of a database that is away, and the like, a fault tells. */
  queueRefused({ code, message: text }: QueueRefusal): void {
    const event = roomEvent(code);
    if (event !== undefined && this.fullQueue.passes(code)) this.raise({ event, text });
  }

  /** Senders wait meanwhile: whoever looks for the cause should know that it is the disk. */
  synced(milliseconds: number): void {
    if (milliseconds < SLOW_SYNC_MS || !this.slowSyncs.passes('')) return;
    const seconds = (milliseconds / 1_000).toFixed(1);
    this.raise({ event: 'disk-slow', text: `the disk of the queue took ${seconds} s for a sync` });
  }
}

/** Undefined: it is not that there is no room. */
function roomEvent(code: string): 'disk-low' | 'queue-full' | undefined {
  if (NO_DISK_SPACE.has(code)) return 'disk-low';
  return code === 'QUEUE_FULL' || isSystemCode(code) ? 'queue-full' : undefined;
}
