import type { BlockBuffer } from './block-buffer';

/**
 * What has been accepted and not yet handed over. The queue knows bytes, order and safety; what the bytes mean is the
 * receiver's business, and so is what a refusal says to the sender.
 */
export interface ObjectQueue {
  /**
   * Makes ready and finds what an earlier run left behind; those objects come out first, marked redelivered.
   * @throws an Error with the system's code, or `QUEUE_LOCKED`, when the place cannot be used
   */
  open(): Promise<void>;

  /**
   * Starts an object with these first bytes.
   * @throws QueueRefusal when there is no room
   */
  begin(head: Buffer): QueueWriter;

  /**
   * Begins an attempt to deliver the oldest object that waits. It stays in the queue until `remove`. Undefined: nothing
   * waits, or the next has to wait for a moment.
   */
  take(): QueuedObject | undefined;

  /** The flow has got the message of the object. */
  delivered(id: string): void;

  /** Begins another attempt with an object that the flow did not acknowledge in time. Undefined: it is not there any more. */
  retake(id: string): QueuedObject | undefined;

  /** The object was not delivered after all: it is the oldest again, and nothing is counted. */
  release(id: string): void;

  /** The object leaves the queue for good. */
  remove(id: string): void;

  /** As `release`, but it is not taken again before `release` is called: for now it could not be delivered. */
  park(id: string): void;

  /**
   * The object cannot be delivered: it becomes a dead letter with the reason, and is no longer in the queue. False: that could
   * not be done, and the object is still taken.
   */
  setAside(id: string, why: string, facts?: LetterFacts): boolean;

  /** Objects that wait or are being handed over. */
  readonly size: number;

  readonly deadLetters: DeadLetters;

  /** Drops half-written objects and forgets the rest, which stays where it is safe. */
  close(): void;
}

/** An object being written. `commit` or `discard` ends it; after one that failed, `discard` does nothing more. */
export interface QueueWriter {
  /** @throws QueueRefusal when it cannot be kept; then call `discard` */
  write(bytes: Buffer): void;
  /** The whole object: nothing is written any more. Valid until `commit` or `discard`. @throws QueueRefusal */
  content(): ObjectContent;
  /**
   * Resolves with the object's id once it is as safe as the queue promises. @throws QueueRefusal
   * @param note what is known of the object, for whoever takes it from the queue; it may refer to the content
   */
  commit(note?: unknown): Promise<string>;
  discard(): void;
}

/**
 * The bytes of an object: in memory, perhaps beside the file at this path, or in an open file of this size, of which memory
 * has the first ones at most.
 */
export type ObjectContent =
  | { kind: 'memory'; bytes: BlockBuffer; path?: string }
  | { kind: 'file'; fd: number; size: number; path: string; head?: Buffer | undefined };

export interface QueuedObject {
  readonly id: string;
  /** How often it may have been delivered before. */
  readonly redelivered: number;
  /** Deliveries that the flow did not acknowledge in time. */
  readonly unacknowledged: number;
  /** Attempts during which Node-RED, or the queue's thread, ended. */
  readonly crashes: number;
  /** What was known at `commit`. Undefined where the object has not just come. */
  readonly note: unknown;
  /**
   * Calls back with the content, which is valid during the call only.
   * @param evenIfDamaged for what is only told of it
   * @throws ObjectDamaged when it is not what was received, or the system's error when it cannot be read now
   */
  read<T>(use: (content: ObjectContent) => T, evenIfDamaged?: boolean): T;
}

/**
 * What a dead letter tells of its object, where that could be read. Patient data: for the operator and the flow, never for
 * the log.
 */
export interface LetterFacts {
  patientID?: string;
  studyInstanceUID?: string;
  modality?: string;
  sopClassUID?: string;
  /** The name of PS3.6 Annex A. */
  sopClassName?: string;
  sopInstanceUID?: string;
  callingAET?: string;
  /** Bytes of the object. */
  size?: number;
  /** ISO 8601 */
  receivedAt?: string;
  /** The status with which the flow answered, four hexadecimal digits. */
  status?: string;
}

/** An object that could not be handed over. Notes of earlier versions have no facts. */
export interface DeadLetter extends LetterFacts {
  id: string;
  /** ISO 8601 */
  at: string;
  why: string;
  deliveries: number;
  /** How often the process ended while it had the object. Missing in letters of the first version. */
  crashes?: number;
}

/** A part of the list of dead letters, which may be long. */
export interface LetterPage {
  /** Only letters whose id sorts behind this one. */
  after?: string;
  /** So many at most, 1 to `MAX_LETTERS`; default `LETTERS`. */
  limit?: number;
}

/** Dead letters of a page, where nothing else is asked for, and at most. */
export const LETTERS = 100;
export const MAX_LETTERS = 1_000;

/** Objects that were set aside, for an operator to look at. */
export interface DeadLetters {
  /** In the order of their ids, which is that of their arrival. */
  list(page?: LetterPage): Promise<DeadLetter[]>;
  /** How many there are. */
  count(): Promise<number>;
  /** Puts it back into the queue, as if it had just come. False when it is not there. */
  requeue(id: string): boolean;
  /** Deletes it. False when it is not there. */
  discard(id: string): boolean;
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
  return new QueueRefusal('QUEUE_FULL', `queue is full: ${maxObjects} objects wait for the flow`);
}
