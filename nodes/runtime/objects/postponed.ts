import { Fifo } from '../../../src/basics';
import { giveBack, leave, type HeldObject } from './held-objects';

/**
 * Objects of queues with whose messages nothing can be done now: each is held without its message, and comes again, the oldest
 * first, when there is room, or after a time.
 */
export class Postponed {
  private readonly objects = new Fifo<HeldObject>();
  private readonly timed = new Map<HeldObject, { timer: NodeJS.Timeout; resolve: () => void }>();
  private isClosed = false;

  get size(): number {
    return this.objects.size + this.timed.size;
  }

  /** Those that come again after a time. */
  get timedSize(): number {
    return this.timed.size;
  }

  async add(held: HeldObject): Promise<void> {
    if (this.isClosed) await giveBack(held);
    else this.objects.push(held);
  }

  /** There is room for one. */
  async next(): Promise<void> {
    const held = this.objects.shift();
    await giveBack(held);
  }

  /** It comes again after so long. Resolves when it has, or the node is closed. */
  async later(held: HeldObject, ms: number): Promise<void> {
    if (this.isClosed) return leave(held);
    await new Promise<void>((resolve) => {
      this.timed.set(held, { timer: setTimeout(resolve, ms), resolve });
    });
    // Where the node closes it is left.
    if (this.timed.delete(held)) await giveBack(held);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const [held, { timer, resolve }] of this.timed) {
      this.timed.delete(held);
      clearTimeout(timer);
      await leave(held);
      resolve();
    }
    for (const held of this.objects.takeAll()) await leave(held);
  }
}
