import type { LetterFacts } from '../admin-api';
import type { Lease } from '../basics';
import type { BlockBuffer } from './block-buffer';
import type { DeadLetters } from './dead-letters';
import type { ObjectHandle } from './object-handle';

/**
 * What has been accepted and not yet removed. The queue knows bytes, order and safety; what the bytes mean is the
 * receiver's business, and so is what a refusal says to the sender.
 *
 * An object waits, is in flight (claimed), or is parked by owners. It is removed once the flow has acknowledged it and no
 * owner holds it. Each is named by its id, which ends in 128 random bits, or, where it is not to be opened, by its
 * acknowledge id (`acknowledgeIdOf`).
 */
export interface ObjectQueue {
  /**
   * Makes ready and finds what an earlier run left behind; those objects come out first, marked redelivered. Those that
   * are parked stay parked.
   * @throws an Error with the system's code, `QUEUE_LOCKED` or `QUEUE_VERSION`, when the place cannot be used
   */
  open(): Promise<void>;

  /**
   * Starts an object with these first bytes. It takes a place from now on.
   * @throws QueueRefusal when there is no room
   */
  begin(head: Buffer): QueueWriter;

  /**
   * Begins an attempt to deliver each of the oldest objects that wait, `max` at most, in order. Resolves when there are
   * some, and with none once the queue is closed. What it gives can be read without waiting, and stays in the queue until
   * it is removed. One call at a time may be open.
   */
  claim(max: number): Promise<QueuedObject[]>;

  /** The flow has got the message of the object. */
  delivered(id: string): void;

  /** Begins another attempt with an object that the flow did not acknowledge in time. Undefined: it is not in flight. */
  reclaim(id: string): Promise<QueuedObject | undefined>;

  /** The object was not delivered after all: it is the oldest again, and nothing is counted. */
  release(id: string): void;

  /** As `release`, but it is not claimed again before `release` is called: for now it could not be delivered. */
  postpone(id: string): void;

  /** The flow is still at work on it. False: it is not in flight. */
  extend(id: string): Promise<boolean>;

  /**
   * An owner takes the object on: it is not in flight any more and no attempt is counted, over restarts, too. Several
   * owners may hold it. Resolves when that is as safe as the queue promises. False: there is no such object.
   * @param owner the id of a node, perhaps with `/` and what else the owner tells it by (`isOwnerName`)
   */
  park(id: string, owner: string): Promise<boolean>;

  /**
   * An owner is done with the object: when it was the last one, and the flow has acknowledged the object, it is removed;
   * where the flow has not, it is in flight again, as claimed as it was before.
   */
  unpark(id: string, owner: string): Promise<Unparked>;

  /** Who holds objects. */
  owners(): Promise<string[]>;

  /** Objects that are parked, the oldest first, and by whom. */
  parked(): Promise<ParkedObject[]>;

  /** The owner is gone for good: what it held is delivered again when no other owner holds it. */
  disown(owner: string): Promise<void>;

  /**
   * The flow is done with the object: it is removed for good, once no owner holds it. Resolves when that is as safe as the
   * queue promises. False: there is no such object.
   * @throws the system's error; then the object may be delivered again, and the call can be repeated
   */
  remove(id: string): Promise<boolean>;

  /**
   * The flow has got the object, and nobody will acknowledge it: it is removed as far as order, counts and restarts go, but
   * can be opened and parked for a while.
   */
  keepDelivered(id: string): void;

  /** It is kept so, now. */
  isKept(id: string): Promise<boolean>;

  /**
   * The object cannot be delivered, or its owner gives up for good: it becomes a dead letter with the reason once no other
   * owner holds it, and is no longer in the queue. False: that could not be done, and nothing has changed.
   */
  setAside(id: string, why: string, facts?: LetterFacts, owner?: string): Promise<boolean>;

  /**
   * Opens the object's bytes: until the handle is closed they stay as they are, whatever becomes of the object.
   * @throws ObjectGone when there is no such object; QueueBusy when too many are open; ObjectDamaged; the system's error
   */
  openObject(id: string): Promise<ObjectHandle>;

  /** Calls back with an object of the queue, whatever state it is in, for what is to be told of it. */
  describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined>;

  /** Objects of this study that have been received and neither removed nor parked, those in flight included. */
  waiting(studyInstanceUID: string): Promise<number>;

  /** The id that belongs to an acknowledge id, or to itself. Undefined: no object of that name is here. */
  idOf(name: string): Promise<string | undefined>;

  /** Objects that wait, are in flight or parked. */
  readonly size: number;

  readonly deadLetters: DeadLetters;

  /** Drops half-written objects and forgets the rest, which stays where it is safe. Resolves when others may have it. */
  close(): void | Promise<void>;
}

/** An object that owners hold. */
export interface ParkedObject {
  id: string;
  owners: readonly string[];
}

/** What became of an object that its owner is done with. */
export type Unparked =
  /** `parked`, `acknowledged`: another owner holds it still, and the flow has not, or has, acknowledged it. */
  | { state: 'removed' | 'parked' | 'acknowledged' | 'dead-letter' | 'unknown' }
  | { state: 'in-flight'; object: QueuedObject };

/** What is known of an object when it is complete. */
export interface ObjectFacts {
  /** For whoever claims it; it may refer to the content. */
  note?: unknown;
  studyInstanceUID?: string | undefined;
  /** The association in which it came: where several instances deliver, order is kept among those of one. */
  association?: string | undefined;
  /** Its sender waits for what the flow says, at this instance. */
  isAwaited?: boolean | undefined;
}

/** An object being written. `complete` or `discard` ends it; after one that failed, `discard` does nothing more. */
export interface QueueWriter {
  /** @throws QueueRefusal when it cannot be kept; then call `discard` */
  append(bytes: Buffer): void;
  /** The whole object: nothing is appended any more. Valid until `complete` or `discard`. @throws QueueRefusal */
  content(): ObjectContent;
  /** Resolves with the object's id once it is as safe as the queue promises. @throws QueueRefusal */
  complete(facts?: ObjectFacts): Promise<string>;
  discard(): void;
}

/**
 * The bytes of an object: in memory, perhaps beside the file at this path, or in an open file of this size, of which memory
 * has the first ones at most. `since`: when a file of its own came into the queue, or was put back; milliseconds.
 */
export type ObjectContent =
  | { kind: 'memory'; bytes: BlockBuffer; path?: string }
  | { kind: 'file'; fd: number; size: number; path: string; head?: Buffer | undefined; since?: number };

export interface QueuedObject {
  readonly id: string;
  /** How often it may have been delivered before. */
  readonly redelivered: number;
  /** Deliveries that the flow did not acknowledge in time. */
  readonly unacknowledged: number;
  /** Attempts during which Node-RED, or the queue's thread, ended. */
  readonly crashes: number;
  /** What was known at `complete`. Undefined where the object has not just come. */
  readonly note: unknown;
  /** True: it may be in flight elsewhere by now, and is nothing to be delivered here any more. Undefined: that cannot be. */
  readonly isElsewhere?: () => boolean;
  /** Where it can be elsewhere: until when it is not, also for another thread. */
  readonly lease?: Lease;
  /**
   * Calls back with the content, which is valid during the call only.
   * @param evenIfDamaged for what is only told of it
   * @throws ObjectDamaged when it is not what was received, or the system's error when it cannot be read now
   */
  read<T>(use: (content: ObjectContent) => T, evenIfDamaged?: boolean): T;
}

/** The queue cannot take an object: full, or its disk is. `code` is one of ours or the system's. */
export class QueueRefusal extends Error {
  override readonly name = 'QueueRefusal';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The refusal of a queue that holds as many objects as it may. */
export function queueFull(maxObjects: number): QueueRefusal {
  return new QueueRefusal('QUEUE_FULL', `the queue is full: its limit of objects is ${maxObjects}`);
}
