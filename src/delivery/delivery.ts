import type { LetterFacts } from '../admin-api';
import { asError, isSystemCode, type Lease } from '../basics';
import { DicomError } from '../dicom';
import {
  type ConversionSettings,
  type ConvertedObject,
  convertQueued,
  NotPlaced,
  placeCause,
  placeReason,
} from '../message';
import { isLoss, type CommandStatus } from '../network';
import { type HeadOf, NewerEnvelope, receivedHead } from '../object';
import { ObjectDamaged, type ObjectQueue, type QueuedObject, type Unparked } from '../queue';
import type { DicomInSettings } from '../settings';
import { FlowBudget } from './flow-budget';
import type { GiveUpReason } from './give-up-reason';
import { letterFacts, receivedAt } from './letter-facts';
import { SettingAside } from './setting-aside';
import { ObjectsUnderWay, overReason, type UnderWay } from './under-way';
import { FOR_EVER, Unplaced, type Unplaceable } from './unplaced';

export type DeliverySettings = Pick<
  DicomInSettings,
  | 'acknowledge'
  | 'maxInFlight'
  | 'acknowledgeTimeoutSeconds'
  | 'maxDeliveries'
  | 'maxCrashes'
  | 'placeForHours'
  | 'directory'
>;

/** What a delivery tells of its objects. */
export interface DeliveryListener {
  /** For the flow, unless its lease is over; answer with `delivered`, or with `notDelivered`. */
  deliver(id: string, converted: ConvertedObject, lease?: Lease): void;
  /** It is a dead letter now. */
  gaveUp(id: string, reason: GiveUpReason, facts: LetterFacts): void;
  /** Files cannot be put in place; those objects are tried again. */
  notPlaced(found: Unplaceable, facts: LetterFacts): void;
  /** The disk of the queue does not give objects, or they are a later version's (`LATER_VERSION`); those are tried again. */
  notRead(found: Unplaceable, facts: LetterFacts): void;
  /** What has become of an object cannot be written down; it is tried again. */
  notRemoved(error: Error): void;
}

/** Without acknowledgement: enough to keep the flow busy, few enough to hold in memory; fewer, with the objects in them. */
const MAX_UNDER_WAY = 32;
const MAX_OBJECTS_UNDER_WAY = 16;
/** With one object a turn, senders on several associations would fill the queue faster than it is emptied. */
const TURN_MS = 2;
/** Before a message that could not be sent is tried again. */
const SEND_AGAIN_MS = 1_000;
/** When a removal cannot be written down, the disk or the operator need time. */
const REMOVE_AGAIN_MS = 1_000;
/** Before another attempt that could not be begun is tried again. */
const RECLAIM_AGAIN_MS = 1_000;
/** An attempt begins with each that is claimed: the end of the process counts for all of them. */
const MOST_CLAIMED = 8;

/**
 * Claims objects from the queue, converts them and delivers them, oldest first. With `acknowledge`, an object stays in
 * the queue until the flow has acknowledged it, and comes again when it does not. One whose file cannot be put in place
 * makes room for others, and is tried again later.
 */
export class Delivery {
  private readonly underWay = new ObjectsUnderWay();
  /** Of those, the ones that are to go to the flow again. */
  private dueAgain: string[] = [];
  /** The next ones. */
  private claimed: QueuedObject[] = [];
  private isClaiming = false;
  private readonly maxUnderWay: number;
  private readonly budget: FlowBudget;
  private readonly unplaced: Unplaced;
  private readonly unread: Unplaced;
  private readonly settingAside: SettingAside;
  private readonly headOf: HeadOf;
  private scheduled: NodeJS.Immediate | undefined;
  private stopped = false;

  constructor(
    private readonly queue: ObjectQueue,
    private readonly settings: DeliverySettings,
    private readonly conversion: ConversionSettings,
    private readonly listener: DeliveryListener,
  ) {
    const unacknowledged = conversion.output === 'buffer' ? MAX_OBJECTS_UNDER_WAY : MAX_UNDER_WAY;
    this.maxUnderWay = settings.acknowledge ? settings.maxInFlight : unacknowledged;
    this.budget = new FlowBudget((id, converted) => this.toFlow(id, converted));
    this.unplaced = new Unplaced(settings.placeForHours, {
      retry: (ids) => this.retry(ids),
      failing: (cause) => this.listener.notPlaced(cause, this.factsOf(cause)),
    });
    this.headOf = conversion.headOf ?? receivedHead;
    this.settingAside = new SettingAside(queue, this.headOf, (id, reason, facts) =>
      listener.gaveUp(id, reason, facts),
    );
    this.unread = new Unplaced(FOR_EVER, {
      retry: (ids) => this.retry(ids),
      failing: (cause) => this.listener.notRead(cause, this.factsOf(cause)),
    });
  }

  /** There may be something to deliver. */
  wake(): void {
    this.claim();
    if (this.scheduled !== undefined || !this.hasWork) return;
    this.scheduled = setImmediate(() => {
      this.scheduled = undefined;
      void this.deliverSome();
    });
  }

  private get hasWork(): boolean {
    return !this.stopped && !this.budget.isFull && this.dueAgain.length + this.claimed.length > 0;
  }

  /** Waits for objects, as long as there is room for more. */
  private claim(): void {
    const room = this.maxUnderWay - this.underWay.size - this.claimed.length;
    if (this.isClaiming || this.stopped || this.budget.isFull || room <= 0) return;
    this.isClaiming = true;
    void this.queue.claim(Math.min(room, MOST_CLAIMED)).then((objects) => {
      this.isClaiming = false;
      // The queue has been closed.
      if (objects.length === 0) return;
      this.claimed.push(...objects);
      if (this.stopped) this.releaseClaimed();
      else this.wake();
    });
  }

  private releaseClaimed(): void {
    for (const { id } of this.claimed.splice(0).reverse()) this.queue.release(id);
  }

  /** Sockets and timers have their turn after each object, or as soon as several small ones have taken some time. */
  private async deliverSome(): Promise<void> {
    const until = performance.now() + TURN_MS;
    do {
      const again = this.dueAgain.shift();
      if (again !== undefined) await this.deliverAgain(again);
      else {
        const queued = this.claimed.shift();
        if (queued !== undefined) this.deliver(queued);
      }
    } while (this.hasWork && performance.now() < until);
    this.wake();
  }

  /** The flow has got it. */
  delivered(id: string): void {
    const entry = this.underWay.get(id);
    if (entry === undefined) return;
    entry.notSent = undefined;
    if (this.settings.acknowledge) {
      this.queue.delivered(id);
      this.startTimeOut(id, entry);
      this.budget.free(id);
      this.wake();
      return;
    }
    this.forget(id);
    this.queue.keepDelivered(id);
    this.wake();
  }

  /** The message did not reach the flow, or not all of its first nodes: it is sent again, `maxDeliveries` times at most. */
  notDelivered(id: string, reason: string): void {
    const entry = this.underWay.get(id);
    if (entry === undefined || this.wentElsewhere(id, entry)) return;
    entry.notSent = reason;
    this.underWay.after(SEND_AGAIN_MS, entry, () => this.again(id));
    this.budget.free(id);
    this.wake();
  }

  /** How often it has been delivered, where it is under way. */
  deliveriesOf(id: string): number | undefined {
    return this.underWay.get(id)?.deliveries;
  }

  /**
   * The flow is done with it, wherever it is. Resolves when that is as safe as the queue promises.
   * @param status a failure that nobody else hears of makes it a dead letter
   * @param owner who has it parked, and gives it up
   */
  async acknowledged(id: string, status?: CommandStatus, owner?: string): Promise<void> {
    const entry = this.underWay.get(id);
    this.forget(id);
    this.wake();
    if (status === undefined || !isLoss(status)) await this.remove(id);
    else if (entry !== undefined) await this.giveUp(entry.queued, { kind: 'failed', status });
    else await this.settingAside.giveUpParked(id, status, owner);
  }

  /** What has been acknowledged must not come again: so it is tried until it is written down, or the receiver stops. */
  private async remove(id: string): Promise<void> {
    for (;;) {
      try {
        await this.queue.remove(id);
        return;
      } catch (error) {
        this.listener.notRemoved(error as Error);
        if (this.stopped) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, REMOVE_AGAIN_MS).unref());
    }
  }

  /** A node of the flow could not work on it: should it become a dead letter, this is why. False: it is not under way. */
  notWorkedOn(id: string, said: string): boolean {
    const entry = this.underWay.get(id);
    if (entry === undefined) return false;
    entry.said = said;
    return true;
  }

  /** As `QueueRequests.extend`. */
  async extend(id: string, leastMs?: number): Promise<boolean> {
    const entry = this.underWay.get(id);
    if (entry !== undefined && this.settings.acknowledge) {
      // A node may have it before it is known to be delivered.
      entry.heldMs = leastMs;
      if (entry.timer !== undefined) this.startTimeOut(id, entry);
    }
    return this.queue.extend(id);
  }

  /** The flow gives it back: it comes again, and nothing is counted. False: it is not under way. */
  release(id: string): boolean {
    if (!this.underWay.has(id)) return false;
    this.forget(id);
    this.queue.release(id);
    this.wake();
    return true;
  }

  /** As `ObjectQueue.park`. */
  async park(id: string, owner: string): Promise<boolean> {
    const entry = this.underWay.get(id);
    this.forget(id);
    try {
      const isParked = await this.queue.park(id, owner);
      // A node has it, so the flow has got it, and nobody will acknowledge it.
      if (isParked && entry !== undefined && !this.settings.acknowledge) await this.queue.remove(id);
      return isParked;
    } catch (error) {
      if (entry !== undefined) this.inFlightAgain(entry.queued);
      throw error;
    } finally {
      this.wake();
    }
  }

  /** As `ObjectQueue.unpark`. */
  async unpark(id: string, owner: string): Promise<Unparked['state']> {
    const unparked = await this.queue.unpark(id, owner);
    if (unparked.state === 'in-flight') this.inFlightAgain(unparked.object);
    return unparked.state;
  }

  /** The flow has it already, and has to acknowledge it. */
  private inFlightAgain(queued: QueuedObject): void {
    const entry: UnderWay = { queued, deliveries: 1 };
    this.underWay.set(queued.id, entry);
    this.startTimeOut(queued.id, entry);
  }

  private startTimeOut(id: string, entry: UnderWay): void {
    const milliseconds = Math.max(entry.heldMs ?? 0, this.settings.acknowledgeTimeoutSeconds * 1000);
    this.underWay.after(milliseconds, entry, () => this.again(id));
  }

  stop(): void {
    this.stopped = true;
    clearImmediate(this.scheduled);
    // Not one byte of it has left this thread.
    this.releaseClaimed();
    for (const id of this.budget.stop().reverse()) this.queue.release(id);
    this.underWay.clear();
    this.unplaced.stop();
    this.unread.stop();
    this.settingAside.stop();
  }

  private deliver(queued: QueuedObject): void {
    const { id } = queued;
    const entry = this.underWay.get(id) ?? { queued, deliveries: 0 };
    entry.queued = queued;
    if (this.wentElsewhere(id, entry)) return;
    this.underWay.set(id, entry);
    const over = overReason(entry, this.settings);
    if (over !== undefined) {
      void this.giveUp(queued, over, over.kind !== 'crashed');
      return;
    }
    let converted: ConvertedObject;
    try {
      converted = convertQueued(queued, this.conversion);
    } catch (error) {
      this.failed(queued, error);
      return;
    }
    this.unplaced.placed(id);
    this.unread.placed(id);
    entry.deliveries += 1;
    entry.heldMs = undefined;
    this.budget.pass(id, converted);
  }

  /** It may have waited for this for long. */
  private toFlow(id: string, converted: ConvertedObject): void {
    const entry = this.underWay.get(id);
    if (entry === undefined || this.wentElsewhere(id, entry)) return;
    this.listener.deliver(id, converted, entry.queued.lease);
  }

  /** False: it is here. */
  private wentElsewhere(id: string, { queued }: UnderWay): boolean {
    if (queued.isElsewhere?.() !== true) return false;
    this.forget(id);
    this.wake();
    return true;
  }

  private failed(queued: QueuedObject, error: unknown): void {
    if (error instanceof NotPlaced) this.notPlaced(queued, error);
    else if (error instanceof NewerEnvelope) this.notRead(queued, error, error.message);
    else if (isOfSystem(error)) this.notRead(queued, error, error.code ?? error.message);
    else void this.giveUp(queued, { kind: 'notConverted', text: asError(error).message });
  }

  /** It is in the queue, and perhaps can be read later. */
  private notRead(queued: QueuedObject, { code = '' }: NodeJS.ErrnoException, reason: string): void {
    this.unread.add(queued.id, Date.now(), code, reason);
    this.forget(queued.id);
    this.queue.postpone(queued.id);
  }

  private notPlaced(queued: QueuedObject, error: NotPlaced): void {
    const { id } = queued;
    const { placeForHours: hours, directory } = this.settings;
    const text = placeReason(error, directory);
    if (this.unplaced.add(id, receivedAt(queued, this.headOf), placeCause(error), text)) {
      this.forget(id);
      this.queue.postpone(id);
    } else void this.giveUp(queued, { kind: 'notPlacedInTime', text, hours });
  }

  private factsOf({ id }: Unplaceable): LetterFacts {
    const queued = this.underWay.get(id)?.queued;
    return queued === undefined ? {} : letterFacts(queued, this.headOf, true);
  }

  /** They are the next to be claimed, in this order. */
  private retry(ids: readonly string[]): void {
    for (const id of ids.toReversed()) this.queue.release(id);
    this.wake();
  }

  private again(id: string): void {
    this.dueAgain.push(id);
    this.wake();
  }

  private async deliverAgain(id: string): Promise<void> {
    const entry = this.underWay.get(id);
    if (entry === undefined) return;
    let queued: QueuedObject | undefined;
    try {
      queued = await this.queue.reclaim(id);
    } catch (error) {
      // A database may be away.
      this.listener.notRemoved(asError(error));
      if (!this.stopped && this.underWay.get(id) === entry)
        this.underWay.after(RECLAIM_AGAIN_MS, entry, () => this.again(id));
      return;
    }
    if (queued === undefined) this.forget(id);
    else this.deliver(queued);
  }

  /** @param readsDataSet as `SettingAside.giveUp` */
  private async giveUp(queued: QueuedObject, reason: GiveUpReason, readsDataSet = true): Promise<void> {
    const { id } = queued;
    this.unplaced.forget(id);
    this.unread.forget(id);
    this.forget(id);
    await this.settingAside.giveUp(queued, reason, readsDataSet);
    this.wake();
  }

  /** It is not under way any more. */
  private forget(id: string): void {
    this.underWay.forget(id);
    this.budget.withdraw(id);
  }
}

/** Neither what the object is nor what has become of it, but the disk at this moment. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || error instanceof DicomError || error instanceof ObjectDamaged)
    return false;
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && isSystemCode(code);
}
