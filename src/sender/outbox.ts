import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DeadLetterList, LetterFacts } from '../admin-api';
import { asError, BackOff, loggableReason, Turns } from '../basics';
import { hexStatus } from '../network';
import { contentSource, openHandle, type ObjectUids, type OutgoingObject } from '../object';
import { DiskQueue, type LetterPage, type ObjectContent, type QueuedObject } from '../queue';
import { openWhenFree } from './open-when-free';
import { encodeEntryHead, entryFacts, noNote, noteLeft, readEntry, type OutboxNote } from './outbox-entry';
import { failureOfReading, type RetryPolicy, type SendJob, type SendOutcome, type Stored } from './send-job';
import { ownerOfStored, storedOfOwner, type StoredBefore } from './stored-owner';

/** An outbox as the outgoing worker knows it: plain data that can be posted. */
export interface OutboxConfig {
  /** The id of its node. */
  id: string;
  directory: string;
  maxObjects: number;
  minFreeBytes: number;
  policy: RetryPolicy;
}

/** What is known of an outbox. */
export interface OutboxState {
  /** Objects in it. */
  waiting: number;
  deadLetters: number;
  /** Why it cannot be used now; undefined: it can. */
  problem?: string;
}

export interface OutboxListener {
  /** An object is to be sent to this peer. */
  submit(peer: string, job: SendJob): void;
  /** One that was to be sent to this peer has failed here. */
  failed(peer: string, job: SendJob, outcome: SendOutcome): void;
  /** A peer as people call it. */
  nameOf(peer: string): string;
  /** The peer of objects is not there, and no node has it. */
  peerWanted(peer: string, defined: unknown): void;
  /** The outbox is done with it, or it is to be sent anew: what became of it before is not told any more. */
  forget(job: string): void;
  /** It has been sent, or has failed for good. It stays in the outbox until `told`. */
  outcome(id: string, note: OutboxNote, outcome: SendOutcome, redelivered: number): void;
  /** It is a dead letter now. */
  setAside(id: string, why: string, facts: LetterFacts): void;
  changed(state: OutboxState): void;
  /** What could not be cleaned up or read; it is tried again, or found at the next start. */
  leftover(error: Error): void;
}

/** An outbox that another one still has, after a deploy, is had soon. Milliseconds. */
const OPEN_FIRST_MS = 500;
const OPEN_LAST_MS = 60_000;
const CLAIMED_AT_ONCE = 100;
/** Each has an object of its queue open, of which there may be 64, and others work on them, too. */
const STORED_AT_ONCE = 32;

/**
 * Objects that are safe here until their peers have them: each is told of once it is sent, or has failed for good, and is then
 * removed, or set aside. Where the process ends before that, it is told of again under the same id; it is sent again where it had no
 * outcome.
 */
export class Outbox {
  private readonly queue: DiskQueue;
  /** What is to be told of, with the peer to which it was to be sent. */
  private readonly outcomes = new Map<string, { outcome: SendOutcome; peer: string }>();
  /** Objects that a peer has stored and is to commit to are parked: so that is known after a restart. By id, the owner. */
  private readonly stored = new Map<string, string>();
  private readonly opened: Promise<void>;
  private readonly storing = new Turns(STORED_AT_ONCE);
  /** What is being written to the queue: a closed one has no right to its directory. */
  private readonly writing = new Set<Promise<unknown>>();
  private stopWaiting = (): void => undefined;
  private isOpen = false;
  private isClosed = false;
  private problem: string | undefined;
  private deadLetterCount = 0;

  constructor(
    readonly config: OutboxConfig,
    private readonly listener: OutboxListener,
  ) {
    const { directory, maxObjects, minFreeBytes } = config;
    this.queue = new DiskQueue({
      directory,
      maxObjects,
      minFreeBytes,
      synced: true,
      onlyThisMachine: true,
      onLeftover: (error) => listener.leftover(error),
    });
    this.opened = this.open();
    void this.opened.then(async () => {
      if (this.isClosed) return;
      await this.awaitParked();
      await this.sendAll();
    });
  }

  /** The directory may be somebody else's. @throws Error until it is open */
  private checkOpen(): void {
    if (!this.isOpen) throw new Error(this.problem ?? 'the outbox is not open yet');
  }

  private tellState(): void {
    this.listener.changed({
      waiting: this.queue.size,
      deadLetters: this.deadLetterCount,
      ...(this.problem !== undefined && { problem: this.problem }),
    });
  }

  /**
   * Stores an object, and closes it.
   * @param open called when it is its turn, and again while its queue is busy
   * @throws QueueRefusal when there is no room; what opening or reading the object throws
   */
  store(open: () => Promise<OutgoingObject>, note: OutboxNote): Promise<OutgoingObject> {
    return this.storing.run(async () => {
      await this.opened;
      const object = await openWhenFree(open);
      try {
        await this.write(object, note);
      } finally {
        await object.close();
      }
      this.tellState();
      return object;
    });
  }

  /** Resolves once the object is safe in it. */
  private async write(object: OutgoingObject, note: OutboxNote): Promise<void> {
    this.checkNotClosed();
    const writer = this.queue.begin(encodeEntryHead(object, note));
    try {
      for await (const block of object.dataSet()) {
        this.checkNotClosed();
        writer.append(block);
      }
      this.checkNotClosed();
      await this.written(writer.complete());
    } catch (error) {
      writer.discard();
      throw error;
    }
  }

  /** @throws Error */
  private checkNotClosed(): void {
    if (this.isClosed) throw new Error('the outbox is being closed');
  }

  /** What is closed waits for it. */
  private async written<T>(write: Promise<T>): Promise<T> {
    this.writing.add(write);
    try {
      return await write;
    } finally {
      this.writing.delete(write);
    }
  }

  /** The flow has heard what became of the object. */
  told(id: string): Promise<void> {
    return this.written(this.done(id));
  }

  private async done(id: string): Promise<void> {
    const told = this.outcomes.get(id);
    if (told === undefined) return;
    this.outcomes.delete(id);
    const { outcome, peer } = told;
    try {
      await this.unpark(id);
      if (await this.putAway(id, outcome, peer)) this.listener.forget(this.jobId(id));
    } catch (error) {
      // It is there still, and is told of again after the next start.
      this.listener.leftover(asError(error));
    }
    this.tellState();
  }

  /** False: it is there still. */
  private async putAway(id: string, outcome: SendOutcome, peer: string): Promise<boolean> {
    if (outcome.kind === 'sent') {
      await this.queue.remove(id);
      return true;
    }
    return this.setAside(id, whyNotSent(outcome), failureFacts(outcome, this.listener.nameOf(peer)));
  }

  async deadLetters(page: LetterPage): Promise<DeadLetterList> {
    await this.opened;
    const deadLetters = await this.queue.deadLetters.list(page);
    // People look at the first page, and may have taken files away themselves.
    if (page.after === undefined) {
      this.deadLetterCount = await this.queue.deadLetters.count();
      this.tellState();
    }
    return { deadLetters, total: this.deadLetterCount };
  }

  /** Which of these are dead letters of it. */
  repeatable(ids: readonly string[]): string[] {
    return ids.filter((id) => this.queue.deadLetters.has(id));
  }

  /** Has it sent once more, with all the time that there was for it. False when there is no such dead letter. */
  requeue(id: string): boolean {
    this.checkOpen();
    this.listener.forget(this.jobId(id));
    const found = this.queue.deadLetters.requeue(id);
    if (found) this.deadLetterCount -= 1;
    this.tellState();
    return found;
  }

  /** Deletes it. False when there is no such dead letter. */
  discard(id: string): boolean {
    this.checkOpen();
    const found = this.queue.deadLetters.discard(id);
    if (found) this.deadLetterCount -= 1;
    this.tellState();
    return found;
  }

  /** What is being sent is to be settled before. Resolves when another one may have its directory. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.stopWaiting();
    // What is being opened just now would have the directory for ever.
    await this.opened;
    while (this.writing.size > 0) await Promise.allSettled(this.writing);
    this.queue.close();
  }

  private async open(): Promise<void> {
    const backOff = new BackOff(OPEN_FIRST_MS, OPEN_LAST_MS);
    while (!this.isClosed) {
      try {
        await this.queue.open();
        this.deadLetterCount = await this.queue.deadLetters.count();
        this.problem = undefined;
        this.isOpen = true;
        break;
      } catch (error) {
        if (this.isClosed) return;
        this.problem = asError(error).message;
        this.tellState();
        await this.pause(backOff.wait());
      }
    }
    this.tellState();
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async sendAll(): Promise<void> {
    while (!this.isClosed) {
      const objects = await this.queue.claim(CLAIMED_AT_ONCE);
      if (objects.length === 0) return;
      for (const object of objects) await this.send(object);
    }
  }

  /** What peers have stored before a restart is not sent again, but asked about. */
  private async awaitParked(): Promise<void> {
    for (const [at, { id, owners }] of (await this.queue.parked()).entries()) {
      if (at % CLAIMED_AT_ONCE === 0) await nextTurn();
      const [owner = ''] = owners;
      this.stored.set(id, owner);
      await this.queue.describe(id, (object) => this.send(object, storedOfOwner(owner)));
    }
  }

  private jobId(id: string): string {
    return `${this.config.id} ${id}`;
  }

  private async unpark(id: string): Promise<void> {
    const owner = this.stored.get(id);
    this.stored.delete(id);
    if (owner !== undefined) await this.queue.unpark(id, owner);
  }

  private wasStored(id: string, stored: Stored): void {
    if (this.isClosed) return;
    this.written(this.park(id, ownerOfStored(stored))).catch((error: unknown) =>
      // It is sent again after a restart.
      this.listener.leftover(asError(error)),
    );
  }

  private async park(id: string, owner: string): Promise<void> {
    const before = this.stored.get(id);
    this.stored.set(id, owner);
    await this.queue.park(id, owner);
    // Another peer had it, under the same id.
    if (before !== undefined && before !== owner) await this.queue.unpark(id, before);
  }

  /** @param stored how a peer has stored it, before a restart */
  private async send(object: QueuedObject, stored?: StoredBefore): Promise<void> {
    const { id } = object;
    try {
      const { note, since } = object.read((content) => {
        const entry = readEntry(contentSource(content));
        return { note: entry, since: Math.max(Date.parse(entry.storedAt), sinceOf(content)) };
      });
      const age = Math.max(0, Date.now() - since);
      if (stored === undefined) this.queue.delivered(id);
      this.listener.submit(note.peer, this.job(object, note, age, stored));
    } catch (error) {
      await this.notRead(object, error);
    }
  }

  /** It is not what was stored, or is a later version's: it has failed, and waits for a person. */
  private async notRead(object: QueuedObject, error: unknown): Promise<void> {
    const note = (await this.queue.describe(object.id, noteLeft)) ?? noNote(object.id);
    this.listener.failed(note.peer, this.job(object, note, 0), {
      kind: 'failed',
      failure: failureOfReading(error),
      text: loggableReason(error),
      attempts: 0,
      milliseconds: 0,
    });
  }

  /** @param age since it was stored, milliseconds */
  private job(
    { id, redelivered }: QueuedObject,
    note: OutboxNote & Partial<ObjectUids>,
    age: number,
    stored?: StoredBefore,
  ): SendJob {
    const { sopClassUID = '', sopInstanceUID = '' } = note;
    const known = sopInstanceUID !== '' && { sopClassUID, sopInstanceUID };
    return {
      id: this.jobId(id),
      policy: { ...this.config.policy, giveUpMs: this.config.policy.giveUpMs - age },
      facts: { ...known, objectId: id },
      isChanged: note.isChanged === true,
      isStored: true,
      ...(note.definedPeer !== undefined && {
        peerWanted: () => this.listener.peerWanted(note.peer, note.definedPeer),
      }),
      ...(stored && { stored: { ...stored, instance: { sopClassUID, sopInstanceUID } } }),
      wasStored: (now) => this.wasStored(id, now),
      open: async () => openHandle(await this.queue.openObject(id)),
      settled: (outcome) => {
        // It is in the outbox for the next start.
        if (this.isClosed) return;
        this.outcomes.set(id, { outcome, peer: note.peer });
        this.listener.outcome(id, note, outcome, redelivered);
      },
    };
  }

  /** False: it is there still, and that has been told. */
  private async setAside(id: string, why: string, failure: LetterFacts = {}): Promise<boolean> {
    const facts = { ...(await this.queue.describe(id, entryFacts)), ...failure };
    if (await this.queue.setAside(id, why, facts)) {
      this.deadLetterCount += 1;
      this.listener.setAside(id, why, facts);
      this.tellState();
      return true;
    }
    this.listener.leftover(
      new Error(`object ${id} could not be set aside; that is tried again after a restart`),
    );
    return false;
  }
}

/** When a file of its own came into the outbox, or was put back after it had been a dead letter. */
function sinceOf(content: ObjectContent): number {
  return content.kind === 'file' ? (content.since ?? 0) : 0;
}

/** For people, with what the peer says of it. */
function whyNotSent({ text, errorComment }: SendOutcome): string {
  return `it could not be sent: ${text}${errorComment === undefined ? '' : `: ${errorComment}`}`;
}

function failureFacts({ status, attempts }: SendOutcome, peer: string): LetterFacts {
  return { peer, attempts, ...(status !== undefined && { status: hexStatus(status) }) };
}
