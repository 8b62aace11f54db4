import { OnceInAWhile } from '../basics';
import type { QueueRefusal } from '../queue';
import type { RaisedEvent, ReceiverEvent } from './events';

/** Time between two reports of a full queue, in milliseconds: it is not reported for every object that it refuses. */
const FULL_INTERVAL_MS = 10_000;
/** A sync that takes longer is slow. */
const SLOW_SYNC_MS = 1_000;
/** Time between two reports of slow syncs, in milliseconds. */
const SLOW_INTERVAL_MS = 10_000;

/** Events of a receiver with their time, and those that its queue's disk is the cause of. */
export class RaisedEvents {
  private readonly fullQueue = new OnceInAWhile(FULL_INTERVAL_MS);
  private readonly slowSyncs = new OnceInAWhile(SLOW_INTERVAL_MS);

  constructor(private readonly tell: (event: ReceiverEvent) => void) {}

  raise(event: RaisedEvent): void {
    this.tell({ at: new Date().toISOString(), ...event });
  }

  /** The queue is full, or its disk is: a sender has been refused. */
  queueRefused({ code, message: text }: QueueRefusal): void {
    if (!this.fullQueue.passes(code)) return;
    this.raise({ event: code === 'DISK_LOW' || code === 'ENOSPC' ? 'disk-low' : 'queue-full', text });
  }

  /** Senders wait meanwhile: whoever looks for the cause should know that it is the disk. */
  synced(milliseconds: number): void {
    if (milliseconds < SLOW_SYNC_MS || !this.slowSyncs.passes('')) return;
    const seconds = (milliseconds / 1_000).toFixed(1);
    this.raise({ event: 'disk-slow', text: `the disk of the queue took ${seconds} s for a sync` });
  }
}
