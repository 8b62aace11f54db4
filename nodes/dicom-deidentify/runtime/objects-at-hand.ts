import { BackOff, passedOn } from '../../../src/basics';
import { WorkerBroken } from '../../../src/edit';
import { Status, type CommandStatus } from '../../../src/network';
import { isUnheard, unlessUnheard } from '../../../src/worker';
import {
  giveBack,
  type HeldObject,
  holdObject,
  holdToAcknowledge,
  leave,
  type MessageObject,
  NotAcknowledged,
  type ObjectMessage,
  Postponed,
  queueNameOf,
} from '../../runtime/objects';
import { DeidentifyFailed } from './deidentify-error';

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;
/** After ending the worker alone this often, an object is the reason, and not a moment without memory. */
const MOST_BREAKS = 3;
/** Few objects do; of more, the counts begin anew. */
const MOST_BREAKING = 1_000;

/** What a node hears of the objects that it has at hand. */
export interface AtHandListener {
  /** What a dead letter says of an error. */
  textOf(error: unknown): string;
  /** How many are to be tried again. */
  toRetry(objects: number): void;
  /** An object could not be given back. */
  failed(error: unknown): void;
}

/** The objects of queues that a node has at hand: each is decided once, or goes back. */
export class ObjectsAtHand {
  /** With the names of the objects in their queues. */
  private readonly held = new Map<HeldObject, string>();
  /** How often each object has ended the worker alone, by its name. */
  private readonly breaks = new Map<string, number>();
  private readonly postponed = new Postponed();
  private readonly backOff = new BackOff(FIRST_RETRY_MS, LAST_RETRY_MS);
  /** When objects come again that failed for another reason than themselves, on `performance.now()`'s clock. */
  private againAt = 0;
  private taken = 0;
  private isClosed = false;

  /** @param owners how the names begin under which the queues know the node */
  constructor(
    private readonly owners: string,
    private readonly listener: AtHandListener,
  ) {}

  /** Undefined: no queue waits to hear of it. @throws DeidentifyFailed where it has gone */
  async hold(message: ObjectMessage, { place }: MessageObject): Promise<HeldObject | undefined> {
    const name = queueNameOf(message);
    if (name === undefined) return undefined;
    const held =
      place.kind === 'queue'
        ? await holdObject(name, this.nextOwner())
        : await holdToAcknowledge(name, this.nextOwner()).catch(unlessUnheard);
    if (held !== undefined) this.held.set(held, name);
    else if (place.kind === 'queue') throw new DeidentifyFailed('objectGone', { reason: '' });
    return held;
  }

  /** A list of which nothing goes on: nobody behind would acknowledge it. */
  async acknowledgeList(message: ObjectMessage): Promise<void> {
    await (await this.holdList(message))?.done({ status: Status.success });
  }

  /** A list comes again, as whoever acknowledges it takes all of it out of their queues, and some could not be told of theirs. */
  async giveBackList(message: ObjectMessage): Promise<void> {
    await giveBack(await this.holdList(message));
  }

  private async holdList(message: ObjectMessage): Promise<HeldObject | undefined> {
    const name = queueNameOf(message);
    return name === undefined ? undefined : holdToAcknowledge(name, this.nextOwner()).catch(unlessUnheard);
  }

  private nextOwner(): string {
    this.taken += 1;
    return `${this.owners}${this.taken}`;
  }

  /** There is no room for it now: it comes again. */
  async postpone(held: HeldObject): Promise<void> {
    this.held.delete(held);
    await this.postponed.add(held);
  }

  /** There is room for another one. */
  next(): Promise<void> {
    return this.postponed.next();
  }

  /** What has kept objects from being worked on is over. */
  succeeded(): void {
    this.backOff.reset();
  }

  /**
   * The queue hears once the flow can have got what was made of the object; it goes back where the node closes before that.
   * @param status why it becomes a dead letter; undefined: who acknowledges it is the flow's business
   */
  async done(held: HeldObject | undefined, status: CommandStatus | undefined): Promise<void> {
    if (held === undefined) return;
    await passedOn();
    if (this.held.delete(held)) await held.done(status);
  }

  /**
   * An object that cannot be judged, or not be changed as its message wants it, is a dead letter: its queue would deliver it again
   * and again. What fails for another reason, such as a full disk, comes again; a sender that waits for its answer hears that it
   * may. One that ends the worker each time is not tried for ever.
   */
  async fail(held: HeldObject | undefined, error: unknown): Promise<void> {
    const name = held && this.held.get(held);
    if (held === undefined || name === undefined) return;
    const isForGood = this.isForGood(name, error);
    if (isForGood || held.answersWithinSeconds !== undefined) {
      await this.giveUp(held, error, isForGood);
      return;
    }
    this.held.delete(held);
    this.tryLater(held);
  }

  /**
   * An object of a list is a dead letter for whatever reason it fails: it would not come again, as the list goes on, and is acknowledged.
   * @returns false where its queue has not heard of it
   */
  async failInList(held: HeldObject | undefined, error: unknown): Promise<boolean> {
    const name = held && this.held.get(held);
    if (held === undefined || name === undefined) return !isUnheard(error);
    return this.giveUp(held, error, this.isForGood(name, error));
  }

  private isForGood(name: string, error: unknown): boolean {
    const isForGood =
      (error instanceof DeidentifyFailed && error.isForGood) ||
      (error instanceof WorkerBroken && this.breaksOf(name) >= MOST_BREAKS);
    if (isForGood) this.breaks.delete(name);
    return isForGood;
  }

  /** False: its queue has not heard of it. */
  private async giveUp(held: HeldObject, error: unknown, isForGood: boolean): Promise<boolean> {
    try {
      const status = isForGood ? Status.cannotUnderstand : Status.outOfResources;
      await this.done(held, { status, comment: this.listener.textOf(error) });
      return true;
    } catch (late) {
      if (!(late instanceof NotAcknowledged || isUnheard(late))) throw late;
      return false;
    }
  }

  /** How often the object has ended the worker now. */
  private breaksOf(name: string): number {
    const breaks = (this.breaks.get(name) ?? 0) + 1;
    if (this.breaks.size >= MOST_BREAKING) this.breaks.clear();
    this.breaks.set(name, breaks);
    return breaks;
  }

  /** Those that fail while others wait for another try come with them. */
  private tryLater(held: HeldObject): void {
    const now = performance.now();
    if (now >= this.againAt) this.againAt = now + this.backOff.wait();
    this.postponed
      .later(held, this.againAt - now)
      .catch((error: unknown) => this.listener.failed(error))
      .finally(() => {
        if (!this.isClosed) this.listener.toRetry(this.postponed.timedSize);
      });
    this.listener.toRetry(this.postponed.timedSize);
  }

  /** What is undecided goes back to its queue. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.postponed.close();
    const held = [...this.held.keys()];
    this.held.clear();
    for (const each of held) await leave(each);
  }
}
