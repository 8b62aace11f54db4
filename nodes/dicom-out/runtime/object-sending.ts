import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import { asError, passedOn } from '../../../src/basics';
import { type DicomChanges, DicomError } from '../../../src/dicom';
import { Status, type CommandStatus } from '../../../src/network';
import type { OutboxNote, RetryPolicy, Sending, SendOutcome } from '../../../src/sender';
import { GIVE_UP_MINUTES, type DicomOutSettings } from '../../../src/settings';
import { isUnheard, unlessUnheard } from '../../../src/worker';
import type { UsedPeer } from './defined-peers';
import {
  changesOf,
  disownEarlier,
  failNotBegun,
  giveBack,
  type HeldObject,
  holdObject,
  holdToAcknowledge,
  leave,
  mayBeHeard,
  type MessageObject,
  NotAcknowledged,
  type ObjectMessage,
  objectOf,
  queueNameOf,
} from '../../runtime/objects';
import { type PeerOwner, senderOf } from '../../runtime/peers';
import { OutFailed } from './out-error';
import {
  answerTimeLeft,
  commandStatusOf,
  failureOf,
  keptOf,
  noteOf,
  sentOf,
  type KeptFacts,
} from './outcome-facts';

/** A full outbox is asked again for an instance of a list after so long. */
const ROOM_MS = 5_000;
/** So many objects for which there was no room are known, so that it is told once of each. */
const MOST_TOLD = 10_000;

/** An object that the node has taken on. */
export interface Prepared {
  /** That names it, or would if it were not in a list. */
  message: ObjectMessage;
  object: MessageObject;
  /** To be applied on the way; undefined: none. `wrong`: why they cannot be. */
  changes: DicomChanges | { wrong: string } | undefined;
  to: UsedPeer;
  /** For the outbox; undefined: there is none. */
  kept: KeptFacts | undefined;
  /** Undefined: no queue waits to hear of it. */
  held: HeldObject | undefined;
}

/** One that is being sent. */
interface Waiting extends Pick<Prepared, 'to' | 'held'> {
  id: string;
  /** In the outbox. */
  waitsForRoom: boolean;
  /** @param outcome undefined: the node closes, and the object has gone back */
  settle: (outcome: SendOutcome | undefined) => void;
  /** Until there may be room in the outbox. */
  again?: NodeJS.Timeout;
}

/** What a node hears of the objects that it is sending. */
export interface SendingListener {
  /** Another number of them is being sent. */
  changed(): void;
  /** The sender has not been asked to send it, or had no room for it: it fails, or waits for that. Told once. */
  notBegun(message: ObjectMessage, failed: OutFailed, peer: string): void;
}

/** The objects that a node is sending: takes each on, gives it to the sender, and lets its queue hear what became of it. */
export class ObjectSending {
  private readonly waiting = new Map<string, Waiting>();
  /** Of which has been told that the outbox had no room, by id. */
  private readonly withoutRoom = new Set<string>();
  /** How owners of objects begin since the node is deployed. */
  private readonly owners: string;
  private held = 0;
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly nodeId: string,
    private readonly settings: DicomOutSettings,
    private readonly told: SendingListener,
  ) {
    this.owners = `${nodeId}/wait-${randomBytes(6).toString('hex')}-`;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** The peers to which something is being sent. */
  get peers(): PeerOwner[] {
    return [...this.waiting.values()].map(({ to }) => to.peer);
  }

  /** What the node had taken on before it was deployed anew comes again. */
  getBack(): Promise<void> {
    return disownEarlier(`${this.nodeId}/wait-`, this.owners);
  }

  /** Takes the object of a message on. @throws OutFailed; what a queue that cannot be asked throws */
  async prepare(message: ObjectMessage, to: UsedPeer): Promise<Prepared> {
    const object = objectOf(message, this.settings.objectFrom);
    if (object === undefined) throw new OutFailed('noObject');
    const changes = checkedChanges(message);
    const kept = this.settings.mode === 'wait' ? undefined : keptOf(message);
    // The last one: what fails has nothing to give back. Also where the changes are wrong: its queue hears that it has failed.
    return { message, object, changes, to, kept, held: await this.hold(message, object) };
  }

  /** The same where there is no room for it. Undefined: no queue can deliver it again. */
  async heldOf(message: ObjectMessage, to: UsedPeer): Promise<HeldObject | undefined> {
    try {
      return (await this.prepare(message, to)).held;
    } catch (error) {
      if (error instanceof OutFailed || isUnheard(error)) return undefined;
      throw error;
    }
  }

  /**
   * Sends an object, or stores it in the outbox.
   * @param since the time from which on it is tried, on `performance.now()`'s clock
   * @param heard called with what has become of it, before its queue hears of that; not called where the node closes
   * @param postpone takes an object of a queue for which the outbox has no room, and whose sender does not wait: it comes again;
   * undefined: it waits for room
   * @returns why that is not all right, or `acknowledgeFailed` where its queue has not heard of it; undefined: it is, or the object
   * went back to its queue
   */
  async deliver(
    prepared: Prepared,
    since: number,
    heard: (id: string, outcome: SendOutcome) => void,
    postpone?: (held: HeldObject) => Promise<void>,
  ): Promise<OutFailed | undefined> {
    const { message, held } = prepared;
    const id = this.idOf(prepared);
    const lasting = this.lastingOf(prepared, id);
    const outcome = await this.outcomeOf({ id, lasting }, prepared, since, postpone === undefined);
    if (outcome === undefined)
      return held === undefined ? new OutFailed('stopped', { message: message._msgid ?? '' }) : undefined;
    this.told.changed();
    // A sender that waits can try again itself, and better hears that soon.
    const comesAgain = held !== undefined && held.answersWithinSeconds === undefined;
    if (outcome.failure === 'noRoom' && comesAgain && postpone !== undefined) {
      await postpone(held);
      return undefined;
    }
    // Where the flow throws, the outcome is what it is, and its queue hears of it.
    const thrown = thrownBy(() => heard(id, outcome));
    const status = this.settings.acknowledge ? commandStatusOf(outcome) : undefined;
    if (!(await this.letGo(held, status, lasting))) return new OutFailed('acknowledgeFailed');
    if (thrown !== undefined) throw thrown;
    return outcome.kind === 'failed' ? failureOf(outcome) : undefined;
  }

  /**
   * An object that was not begun with: its sender is answered, or it becomes a dead letter of its queue, where that is not for the
   * flow to do. @returns false: it comes again
   */
  async failNotBegun(message: ObjectMessage, status: CommandStatus, comesWithList = false): Promise<boolean> {
    if (!this.settings.acknowledge) return false;
    const isInQueue = objectOf(message, this.settings.objectFrom)?.place.kind === 'queue';
    return failNotBegun(message, this.nextOwner(), status, isInQueue && !comesWithList);
  }

  /** Takes on what acknowledges all of a list, such as what dicom-study has fired. Undefined: nothing does. */
  async holdStudy(message: ObjectMessage): Promise<HeldObject | undefined> {
    const name = queueNameOf(message);
    if (name === undefined || !this.settings.acknowledge) return undefined;
    return holdToAcknowledge(name, this.nextOwner()).catch(unlessUnheard);
  }

  /**
   * All instances are final. Where queues that exist have not heard what became of theirs, the list comes again: who acknowledges
   * it takes them out of their queues.
   * @returns false: that could not be told, or it comes again
   */
  async doneWithStudy(study: HeldObject | undefined, unheard: readonly ObjectMessage[]): Promise<boolean> {
    if (mayBeHeard(this.RED, unheard)) {
      await giveBack(study);
      return false;
    }
    return this.letGo(study, { status: Status.success });
  }

  /** What `msg.dicom` gets: how it went, or that it is safe in the outbox. */
  facts(id: string, { name }: PeerOwner, outcome: SendOutcome): { sent?: unknown; stored?: unknown } {
    if (this.settings.mode === 'wait') return { sent: sentOf(id, name, outcome) };
    const { kind, warnings } = outcome;
    return kind === 'sent' ? { stored: { id, peer: name, ...(warnings && { warnings }) } } : {};
  }

  /** What is undecided goes back to its queue. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const [key, { again, held, settle }] of this.waiting) {
      clearTimeout(again);
      senderOf(this.RED).cancel(this.senderId(key));
      await leave(held);
      settle(undefined);
    }
  }

  /**
   * The queue hears what the flow has heard. Where the node closes before the flow can have, it comes again.
   * @param lasting as `Sending` has it
   * @returns false: the queue could not be told, or has not taken it
   */
  private async letGo(
    held: HeldObject | undefined,
    status: CommandStatus | undefined,
    lasting?: string,
  ): Promise<boolean> {
    if (held === undefined) return true;
    await passedOn();
    if (this.isClosed) {
      await leave(held);
      return true;
    }
    const gone = lasting === undefined ? undefined : (): void => senderOf(this.RED).forget(lasting);
    try {
      await held.done(status, gone);
      return true;
    } catch (error) {
      if (!(error instanceof NotAcknowledged || isUnheard(error))) throw error;
      return false;
    }
  }

  /** Undefined: the node closes, and it has gone back. @param waitsForRoom in the outbox, where it has a queue */
  private async outcomeOf(
    { id, lasting }: { id: string; lasting: string | undefined },
    prepared: Prepared,
    since: number,
    waitsForRoom: boolean,
  ): Promise<SendOutcome | undefined> {
    const { message, object, changes, to, kept, held } = prepared;
    if (this.isClosed) {
      await giveBack(held);
      return undefined;
    }
    if (changes !== undefined && 'wrong' in changes) {
      this.told.notBegun(message, new OutFailed('notChanged', { reason: changes.wrong }), to.peer.name);
      return { kind: 'failed', failure: 'notChanged', text: changes.wrong, attempts: 0, milliseconds: 0 };
    }
    // The same object once more, as it was delivered again: the earlier one goes on, this one waits with it.
    const key = this.waiting.has(id) ? `${id} ${randomUUID()}` : id;
    const { place, sopInstanceUID } = object;
    const policy = retryPolicy(this.settings, answerTimeLeft(message, held));
    const sending: Omit<Sending, 'settled'> = {
      id: this.senderId(key),
      peer: to.id,
      place,
      policy: { ...policy, giveUpMs: policy.giveUpMs - (performance.now() - since) },
      ...(changes === undefined ? sopInstanceUID !== undefined && { sopInstanceUID } : { changes }),
      ...(held && { openObject: (port) => held.open(port) }),
      ...(key === id && lasting !== undefined && { lasting }),
    };
    return new Promise((resolve) => {
      const settle = (outcome: SendOutcome | undefined): void => {
        this.waiting.delete(key);
        resolve(outcome);
      };
      const waiting: Waiting = { id, to, held, waitsForRoom, settle };
      this.waiting.set(key, waiting);
      this.told.changed();
      if (kept === undefined) senderOf(this.RED).send({ ...sending, settled: settle });
      else this.store(waiting, sending, noteOf(id, to, kept, changes !== undefined), message);
    });
  }

  private store(
    waiting: Waiting,
    sending: Omit<Sending, 'settled'>,
    note: OutboxNote,
    message: ObjectMessage,
  ): void {
    const { held, waitsForRoom } = waiting;
    const settled = (outcome: SendOutcome): void => {
      if (outcome.failure === 'noRoom') this.tellNoRoom(waiting, message, outcome.text);
      else this.withoutRoom.delete(waiting.id);
      if (outcome.failure === 'noRoom' && held !== undefined && waitsForRoom && !this.isClosed)
        waiting.again = setTimeout(() => this.store(waiting, sending, note, message), ROOM_MS);
      else waiting.settle(outcome);
    };
    senderOf(this.RED).store({ ...sending, settled }, this.nodeId, note);
  }

  /** Once for an object, however often it comes again. */
  private tellNoRoom({ id, to }: Waiting, message: ObjectMessage, reason: string): void {
    if (this.withoutRoom.has(id)) return;
    this.withoutRoom.add(id);
    const [oldest] = this.withoutRoom;
    if (this.withoutRoom.size > MOST_TOLD && oldest !== undefined) this.withoutRoom.delete(oldest);
    this.told.notBegun(message, new OutFailed('noRoom', { reason }), to.peer.name);
  }

  /** @throws OutFailed */
  private async hold(message: ObjectMessage, { place }: MessageObject): Promise<HeldObject | undefined> {
    const queueId = queueNameOf(message);
    const owner = this.nextOwner();
    if (place.kind === 'queue') {
      const held = queueId === undefined ? undefined : await holdObject(queueId, owner);
      if (held === undefined) throw new OutFailed('objectGone');
      return held;
    }
    if (queueId === undefined || !this.settings.acknowledge) return undefined;
    // It can be sent without its queue, which delivers it again where it has not heard of that.
    return holdToAcknowledge(queueId, owner).catch(unlessUnheard);
  }

  private nextOwner(): string {
    this.held += 1;
    return `${this.owners}${this.held}`;
  }

  /** The same for the same object of a queue, over restarts. */
  private idOf({ message, object, to }: Prepared): string {
    const queueId = object.place.kind === 'queue' ? queueNameOf(message) : undefined;
    if (queueId === undefined) return randomUUID();
    return digest(`${this.nodeId}\n${to.id}\n${queueId}`);
  }

  /** For one that comes again, if need be, with the same changes. Undefined: it does not, or the outbox sees to that. */
  private lastingOf({ object, changes, held, kept }: Prepared, id: string): string | undefined {
    const comesAgain = object.place.kind === 'queue' && held?.answersWithinSeconds === undefined;
    if (!comesAgain || kept !== undefined) return undefined;
    return this.senderId(changes === undefined ? id : digest(`${id} ${JSON.stringify(changes)}`));
  }

  private senderId(key: string): string {
    return `${this.nodeId} ${key}`;
  }
}

/** @param mostMs that there is time at all */
export function retryPolicy(
  { retryFirstSeconds, retryLastSeconds, giveUpAfterMinutes, mode }: DicomOutSettings,
  mostMs: number,
): RetryPolicy {
  const minutes = giveUpAfterMinutes === '' ? GIVE_UP_MINUTES[mode] : Number(giveUpAfterMinutes);
  const giveUpMs = minutes === 0 ? Infinity : minutes * 60_000;
  return {
    firstMs: retryFirstSeconds * 1_000,
    lastMs: retryLastSeconds * 1_000,
    giveUpMs: Math.min(giveUpMs, mostMs),
    ...(mostMs < Infinity && { outcomeMs: mostMs }),
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

function thrownBy(act: () => void): Error | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function checkedChanges(message: ObjectMessage): Prepared['changes'] {
  try {
    return changesOf(message);
  } catch (error) {
    if (error instanceof DicomError) return { wrong: error.message };
    throw error;
  }
}
