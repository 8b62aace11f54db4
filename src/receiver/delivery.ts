import type { ObjectQueue, QueuedObject } from '../queue';
import type { DicomInSettings } from '../settings';
import { convertQueued, type ConversionSettings, type ConvertedObject } from './conversion';
import { NotPlaced } from './file-output';

export type DeliverySettings = Pick<
  DicomInSettings,
  'acknowledge' | 'maxInFlight' | 'acknowledgeTimeoutSeconds' | 'maxDeliveries'
>;

/** What a delivery tells of its objects. */
export interface DeliveryListener {
  /** For the flow; answer with `handedOver`. */
  deliver(id: string, converted: ConvertedObject): void;
  /** It could not be converted, or was not acknowledged: it is a dead letter now. */
  gaveUp(id: string, reason: GiveUpReason): void;
  /** Its file could not be put in place; it is tried again. */
  notPlaced(id: string, error: NotPlaced): void;
}

export type GiveUpReason =
  { kind: 'notConverted'; text: string } | { kind: 'notAcknowledged'; deliveries: number };

/** Without acknowledgement: enough to keep the flow busy, few enough to hold in memory; fewer, with the objects in them. */
const MAX_UNDER_WAY = 32;
const MAX_OBJECTS_UNDER_WAY = 16;
/** With one object a turn, senders on several associations would fill the queue faster than it is emptied. */
const TURN_MS = 2;
/** When a file cannot be put in place, the disk or the operator need time. */
const PLACE_AGAIN_MS = 15_000;

/**
 * Takes objects from the queue, converts them and passes them on, oldest first. With `acknowledge`, an object stays in
 * the queue until the flow has acknowledged it, and comes again when it does not.
 */
export class Delivery {
  /** Objects that have been taken and not yet removed, with the timer that is running for them. */
  private readonly underWay = new Map<string, NodeJS.Timeout | undefined>();
  private readonly maxUnderWay: number;
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
  }

  /** There may be something to deliver. */
  wake(): void {
    if (this.stopped || this.scheduled !== undefined || this.underWay.size >= this.maxUnderWay) return;
    this.scheduled = setImmediate(() => {
      this.scheduled = undefined;
      this.passSome();
    });
  }

  /** Sockets and timers have their turn after each object, or as soon as several small ones have taken some time. */
  private passSome(): void {
    const until = performance.now() + TURN_MS;
    do {
      const queued = this.queue.take();
      if (queued === undefined) return;
      this.pass(queued);
    } while (!this.stopped && this.underWay.size < this.maxUnderWay && performance.now() < until);
    this.wake();
  }

  /** The flow has got it. */
  handedOver(id: string): void {
    if (!this.underWay.has(id)) return;
    if (!this.settings.acknowledge) {
      this.finish(id);
      return;
    }
    const milliseconds = this.settings.acknowledgeTimeoutSeconds * 1000;
    this.setTimer(id, milliseconds, () => this.again(id));
  }

  /** The flow is done with it. False when it is not under way. */
  acknowledged(id: string): boolean {
    if (!this.underWay.has(id)) return false;
    this.finish(id);
    return true;
  }

  stop(): void {
    this.stopped = true;
    clearImmediate(this.scheduled);
    for (const timer of this.underWay.values()) clearTimeout(timer);
    this.underWay.clear();
  }

  private pass(queued: QueuedObject): void {
    const { id, redelivered } = queued;
    this.underWay.set(id, undefined);
    if (redelivered >= this.settings.maxDeliveries) {
      this.giveUp(id, { kind: 'notAcknowledged', deliveries: redelivered });
      return;
    }
    let converted: ConvertedObject;
    try {
      converted = convertQueued(queued, this.conversion);
    } catch (error) {
      if (error instanceof NotPlaced) {
        this.listener.notPlaced(id, error);
        this.setTimer(id, PLACE_AGAIN_MS, () => this.pass(queued));
      } else {
        this.giveUp(id, {
          kind: 'notConverted',
          text: error instanceof Error ? error.message : String(error),
        });
      }
      return;
    }
    this.listener.deliver(id, converted);
  }

  private again(id: string): void {
    const queued = this.queue.retake(id);
    if (queued === undefined) this.finish(id);
    else this.pass(queued);
  }

  private giveUp(id: string, reason: GiveUpReason): void {
    const why = reason.kind === 'notConverted' ? reason.text : 'the flow did not acknowledge it';
    this.leave(id);
    this.queue.setAside(id, why);
    this.listener.gaveUp(id, reason);
    this.wake();
  }

  private finish(id: string): void {
    this.leave(id);
    this.queue.remove(id);
    this.wake();
  }

  private leave(id: string): void {
    clearTimeout(this.underWay.get(id));
    this.underWay.delete(id);
  }

  private setTimer(id: string, milliseconds: number, expired: () => void): void {
    clearTimeout(this.underWay.get(id));
    this.underWay.set(id, setTimeout(expired, milliseconds));
  }
}
