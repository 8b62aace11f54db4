import { Fifo } from '../../src/basics';
import { giveBack, leave, type HeldObject } from './held-objects';

/**
 * Objects of queues whose messages had no room: each is held without its message, and comes again, the oldest first, when there
 * is room.
 */
export class Postponed {
  private readonly objects = new Fifo<HeldObject>();
  private isClosed = false;

  get size(): number {
    return this.objects.size;
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

  async close(): Promise<void> {
    this.isClosed = true;
    for (const held of this.objects.takeAll()) await leave(held);
  }
}
