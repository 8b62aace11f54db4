import { leftoversTo } from '../basics';
import { afterRestart, NO_ATTEMPTS, type Attempts } from './attempts';
import { Claims } from './claims';
import type { DeadLetters, LetterFacts } from './dead-letters';
import { FreshObjects } from './fresh-objects';
import { KeptDelivered, type KeepLimits } from './kept-delivered';
import { ObjectGone, OpenHandles, type ObjectHandle } from './object-handle';
import { acknowledgeIdOf, isAcknowledgeId, isObjectId, sequenceOf } from './object-id';
import { ObjectDamaged } from './object-damaged';
import type { FoundObject } from './object-place';
import {
  QueueRefusal,
  queueFull,
  type ObjectContent,
  type ObjectFacts,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
  type Unparked,
} from './object-queue';
import type { ObjectPart, ObjectStorage, StorageListener } from './object-storage';
import { withOwner, withoutOwner, type Parking } from './parking';
import { StudyCounts } from './study-counts';
import { Suspects } from './suspects';

export interface LocalQueueOptions extends KeepLimits {
  maxObjects: number;
  /** Told of what could not be cleaned up, or read; it is tried again, or found at the next start. */
  onLeftover(error: Error): void;
  /** Reads the Study Instance UID of an object of an earlier run; '' where it has none. */
  studyOf?: (content: ObjectContent) => string;
}

interface Parked {
  id: string;
  parking: Parking;
}

/** The queue of one process: order, counts, owners and limits, the same wherever its objects lie. */
export class LocalQueue implements ObjectQueue {
  private readonly claims = new Claims(() => this.take());
  /** By `sequenceOf`, as what is parked and kept: so an object is found by either of its names. */
  private readonly inFlight = new Map<string, string>();
  private readonly parked = new Map<string, Parked>();
  private readonly kept: KeptDelivered;
  /** Ids of what was found at the start, in order. */
  private found: readonly string[] = [];
  /** Of objects that had any. Not in here: none. */
  private readonly attempts = new Map<string, Attempts>();
  private readonly fresh = new FreshObjects();
  private readonly studies = new StudyCounts();
  /** Removed, but perhaps not on the disk. */
  private readonly unsure = new Set<string>();
  private readonly handles = new OpenHandles();
  private readonly suspects = new Suspects(() => this.claims.wake());
  private readonly storage: ObjectStorage;
  private readonly cleanUp: (operation: () => void) => void;

  constructor(
    private readonly local: LocalQueueOptions,
    storage: (listener: StorageListener) => ObjectStorage,
  ) {
    this.cleanUp = leftoversTo((error) => local.onLeftover(error));
    this.storage = storage({
      onLeftover: (error) => local.onLeftover(error),
      onReady: () => this.claims.wake(),
      onFoundLater: (objects) => {
        for (const object of objects) this.cameBack(object);
      },
      onRequeued: (id) => this.came(id, undefined),
    });
    this.kept = new KeptDelivered(local, (id) => this.cleanUp(() => this.storage.drop(id)));
  }

  get deadLetters(): DeadLetters {
    return this.storage.deadLetters;
  }

  get size(): number {
    return this.claims.size + this.inFlight.size + this.parked.size;
  }

  async open(): Promise<void> {
    const found = await this.storage.open();
    this.clear();
    this.claims.reset();
    this.found = found.map(({ id }) => id);
    for (const object of found) this.cameBack(object);
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.local.maxObjects) throw queueFull(this.local.maxObjects);
    this.checkRoom();
    const part = this.storage.begin(head);
    return {
      write: (bytes) => this.write(part, bytes),
      content: () => part.content(),
      commit: (facts) => this.commit(part, facts),
      discard: () => part.discard(),
    };
  }

  /** What is only kept for a while makes room. */
  private checkRoom(): void {
    try {
      this.storage.checkRoom();
    } catch (error) {
      if (!this.kept.clear()) throw error;
      this.storage.checkRoom();
    }
  }

  private write(part: ObjectPart, bytes: Buffer): void {
    try {
      part.write(bytes);
    } catch (error) {
      // A disk may have taken a part of them: what is made room for is the next object.
      if (!isNoRoom(error) || !this.kept.clear() || !isFull(error)) throw error;
      part.write(bytes);
    }
  }

  private async commit(part: ObjectPart, { note, studyInstanceUID }: ObjectFacts = {}): Promise<string> {
    const { id, bytes, head } = await part.commit().catch((error: unknown) => {
      // For the next one.
      if (isNoRoom(error)) this.kept.clear();
      throw error;
    });
    this.fresh.add(id, { bytes, head, note });
    this.came(id, studyInstanceUID);
    return id;
  }

  private came(id: string, study: string | undefined): void {
    this.studies.came(id, study);
    this.claims.add(id);
  }

  private cameBack({ id, attempts, parking }: FoundObject): void {
    this.attempts.set(id, afterRestart(attempts, parking !== undefined));
    if (parking === undefined) this.came(id, undefined);
    else this.parked.set(sequenceOf(id), { id, parking });
  }

  claim(max: number): Promise<QueuedObject[]> {
    return this.claims.claim(max);
  }

  /** Begins an attempt with the oldest object that waits. Undefined: there is none, or it has to wait for a moment. */
  take(): QueuedObject | undefined {
    const id = this.claims.head;
    if (id === undefined || !this.suspects.mayBegin(this.attemptsOf(id))) return undefined;
    if (this.fresh.get(id) === undefined && !this.storage.isReady(id)) return undefined;
    this.claims.shift();
    this.inFlight.set(sequenceOf(id), id);
    return this.attempt(id, this.attemptsOf(id));
  }

  reclaim(id: string): Promise<QueuedObject | undefined> {
    if (!this.isInFlight(id)) return Promise.resolve(undefined);
    this.suspects.end(id);
    const { deliveries, unacknowledged, crashes } = this.attemptsOf(id);
    return Promise.resolve(
      this.attempt(id, {
        deliveries: deliveries + 1,
        unacknowledged: unacknowledged + 1,
        crashes,
        isOpen: false,
      }),
    );
  }

  /**
   * Keeps the counts, so that an object that ends the process is not tried for ever. That an attempt has begun is kept for
   * those of earlier runs only: a first attempt costs no write, and an end of the process is counted from the second on.
   */
  private attempt(id: string, before: Attempts): QueuedObject {
    const attempts = id < this.storage.newestFound ? { ...before, isOpen: true } : before;
    this.suspects.begin(id, attempts);
    if (attempts !== this.attemptsOf(id)) this.keepAttempts(id, attempts);
    return this.queued(id, attempts);
  }

  private queued(id: string, { deliveries, unacknowledged, crashes }: Attempts): QueuedObject {
    return {
      id,
      redelivered: deliveries,
      unacknowledged,
      crashes,
      note: this.fresh.get(id)?.note,
      read: (use, evenIfDamaged = false) =>
        this.storage.read(id, use, this.fresh.get(id)?.bytes, evenIfDamaged),
    };
  }

  private attemptsOf(id: string): Attempts {
    return this.attempts.get(id) ?? NO_ATTEMPTS;
  }

  private keepAttempts(id: string, attempts: Attempts): void {
    this.attempts.set(id, attempts);
    this.cleanUp(() => this.storage.setAttempts(id, attempts));
  }

  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  release(id: string): void {
    if (!this.isInFlight(id)) return;
    this.inFlight.delete(sequenceOf(id));
    this.endAttempt(id);
    this.storage.forget(id);
    this.claims.giveBack(id);
  }

  postpone(id: string): void {
    this.endAttempt(id);
    this.fresh.remove(id);
  }

  /** It did not end the process. */
  private endAttempt(id: string): void {
    const attempts = this.attemptsOf(id);
    if (attempts.isOpen) this.keepAttempts(id, { ...attempts, isOpen: false });
    this.suspects.end(id);
  }

  /** A process has what it has claimed until it ends. */
  extend(id: string): Promise<boolean> {
    return Promise.resolve(this.isInFlight(id));
  }

  async park(id: string, owner: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) return false;
    const parked = this.parked.get(sequenceOf(id))?.parking;
    const parking = withOwner(parked ?? { owners: [], isAcknowledged: state === 'kept' }, owner);
    if (state === 'kept') this.unkeep(id);
    this.storage.setParking(id, parking);
    this.parked.set(sequenceOf(id), { id, parking });
    if (state === 'waiting') this.claims.withdraw(id);
    if (state === 'in-flight') this.endAttempt(id);
    this.inFlight.delete(sequenceOf(id));
    this.fresh.remove(id);
    this.studies.left(id);
    try {
      await this.storage.safe();
    } catch (error) {
      // It may not be on the disk that it is parked: so nobody may rely on it.
      await this.unpark(id, owner);
      throw error;
    }
    return true;
  }

  private unkeep(id: string): void {
    this.kept.forget(id);
    try {
      this.storage.unkeep(id);
    } catch (error) {
      this.cleanUp(() => this.storage.drop(id));
      throw error;
    }
  }

  async unpark(id: string, owner: string): Promise<Unparked> {
    const parked = this.parked.get(sequenceOf(id));
    if (parked?.id !== id || !parked.parking.owners.includes(owner)) return { state: 'unknown' };
    const parking = withoutOwner(parked.parking, owner);
    if (parking.owners.length > 0) {
      await this.setParking(parked, parking);
      return { state: 'parked' };
    }
    const { failure, isAcknowledged } = parking;
    if (failure !== undefined) {
      if (await this.setAside(id, failure.why, failure.facts, owner)) return { state: 'dead-letter' };
      throw new Error(`the object ${id} could not be set aside`);
    }
    if (isAcknowledged) {
      await this.removeNow(id);
      return { state: 'removed' };
    }
    this.storage.setParking(id, undefined);
    this.parked.delete(sequenceOf(id));
    this.inFlight.set(sequenceOf(id), id);
    this.studies.came(id, undefined);
    return { state: 'in-flight', object: this.queued(id, this.attemptsOf(id)) };
  }

  private async setParking(parked: Parked, parking: Parking): Promise<void> {
    this.storage.setParking(parked.id, parking);
    parked.parking = parking;
    await this.storage.safe();
  }

  owners(): Promise<string[]> {
    const owners = new Set<string>();
    for (const { parking } of this.parked.values()) for (const owner of parking.owners) owners.add(owner);
    return Promise.resolve([...owners]);
  }

  async disown(owner: string): Promise<void> {
    const held = [...this.parked.values()].filter(({ parking }) => parking.owners.includes(owner));
    for (const parked of held.sort((a, b) => (a.id < b.id ? 1 : -1))) {
      const { id } = parked;
      const parking = { ...withoutOwner(parked.parking, owner), isAcknowledged: false };
      if (parking.owners.length > 0) {
        this.storage.setParking(id, parking);
        parked.parking = parking;
      } else if (parking.failure !== undefined) {
        await this.setAside(id, parking.failure.why, parking.failure.facts, owner);
      } else {
        this.storage.setParking(id, undefined);
        this.parked.delete(sequenceOf(id));
        const attempts = this.attemptsOf(id);
        this.keepAttempts(id, { ...attempts, deliveries: attempts.deliveries + 1 });
        this.studies.came(id, undefined);
        this.claims.giveBack(id);
      }
    }
    if (held.length > 0) await this.storage.safe();
  }

  async remove(id: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) {
      if (this.unsure.has(id)) await this.makeSure(id, () => this.storage.removeAgain(id));
      return false;
    }
    const parked = this.parked.get(sequenceOf(id));
    if (parked !== undefined) await this.setParking(parked, { ...parked.parking, isAcknowledged: true });
    else if (state !== 'kept') await this.removeNow(id);
    return true;
  }

  private removeNow(id: string): Promise<void> {
    const isWaiting = this.isWaiting(id);
    this.storage.remove(id);
    if (isWaiting) this.claims.withdraw(id);
    this.left(id);
    return this.makeSure(id);
  }

  private async makeSure(id: string, again?: () => void): Promise<void> {
    try {
      again?.();
      await this.storage.safe();
      this.unsure.delete(id);
    } catch (error) {
      this.unsure.add(id);
      throw error;
    }
  }

  keepDelivered(id: string): void {
    if (!this.isInFlight(id)) return;
    this.left(id);
    this.cleanUp(() => {
      if (!this.kept.takes(id)) {
        this.storage.remove(id);
        return;
      }
      this.storage.keep(id);
      this.kept.add(id);
    });
  }

  async setAside(id: string, why: string, facts: LetterFacts = {}, owner?: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) return true;
    const parked = this.parked.get(sequenceOf(id));
    const rest = parked && withoutOwner(parked.parking, owner);
    if (parked !== undefined && rest !== undefined && rest.owners.length > 0) {
      await this.setParking(parked, { ...rest, failure: { why, facts } });
      return true;
    }
    if (!this.bury(id, state, why, facts)) return false;
    if (state === 'waiting') this.claims.withdraw(id);
    this.left(id);
    return true;
  }

  private bury(id: string, state: State, why: string, facts: LetterFacts): boolean {
    const { deliveries: before, crashes } = this.attemptsOf(id);
    const deliveries = before + (hasFlowGotIt(state, facts) ? 1 : 0);
    const letter = { id, at: new Date().toISOString(), why, deliveries, crashes, ...facts };
    try {
      if (state === 'kept') this.unkeep(id);
      const failure = this.storage.bury(letter);
      if (failure !== undefined) this.local.onLeftover(failure);
      return true;
    } catch (error) {
      this.local.onLeftover(error as Error);
      // What is not there any more cannot be kept.
      return error instanceof ObjectDamaged;
    }
  }

  async openObject(id: string): Promise<ObjectHandle> {
    if (this.stateOf(id) === undefined)
      throw new ObjectGone(`there is no object ${id} in the queue any more`);
    return Promise.resolve(this.handles.add(id, () => this.storage.pin(id)));
  }

  describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined> {
    const isHere = this.stateOf(id) !== undefined;
    return Promise.resolve(isHere ? use(this.queued(id, this.attemptsOf(id))) : undefined);
  }

  waiting(studyInstanceUID: string): Promise<number> {
    return this.studies.of(studyInstanceUID, (id) => this.studyOf(id));
  }

  /** What cannot be read belongs to no study. */
  private studyOf(id: string): string {
    const { studyOf } = this.local;
    if (studyOf === undefined) return '';
    try {
      return this.storage.read(id, studyOf, this.fresh.get(id)?.bytes, false);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return '';
    }
  }

  idOf(name: string): Promise<string | undefined> {
    return Promise.resolve(this.idNow(name));
  }

  private idNow(name: string): string | undefined {
    if (isObjectId(name)) return this.stateOf(name) === undefined ? undefined : name;
    if (!isAcknowledgeId(name)) return undefined;
    const sequence = sequenceOf(name);
    const id =
      this.inFlight.get(sequence) ??
      this.parked.get(sequence)?.id ??
      this.kept.get(sequence) ??
      this.foundAs(sequence);
    return id !== undefined && acknowledgeIdOf(id) === name && this.stateOf(id) !== undefined
      ? id
      : undefined;
  }

  /** By bisection. */
  private foundAs(sequence: string): string | undefined {
    let [from, to] = [0, this.found.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.found[middle] ?? '') < sequence) from = middle + 1;
      else to = middle;
    }
    const id = this.found[from];
    return id?.startsWith(sequence) ? id : undefined;
  }

  private stateOf(id: string): State | undefined {
    if (this.isInFlight(id)) return 'in-flight';
    if (this.parked.get(sequenceOf(id))?.id === id) return 'parked';
    if (this.kept.has(id)) return 'kept';
    return this.isWaiting(id) ? 'waiting' : undefined;
  }

  private isInFlight(id: string): boolean {
    return this.inFlight.get(sequenceOf(id)) === id;
  }

  private isWaiting(id: string): boolean {
    if (this.isInFlight(id) || this.parked.has(sequenceOf(id)) || this.kept.has(id)) return false;
    return isObjectId(id) && !this.claims.isWithdrawn(id) && this.storage.has(id);
  }

  private left(id: string): void {
    this.inFlight.delete(sequenceOf(id));
    this.parked.delete(sequenceOf(id));
    this.attempts.delete(id);
    this.fresh.remove(id);
    this.storage.forget(id);
    this.studies.left(id);
    this.suspects.end(id);
  }

  close(): void {
    for (const id of this.inFlight.values()) this.endAttempt(id);
    this.handles.closeAll();
    this.kept.clear();
    this.storage.close();
    this.claims.close();
    this.clear();
  }

  private clear(): void {
    this.found = [];
    this.inFlight.clear();
    this.parked.clear();
    this.attempts.clear();
    this.fresh.clear();
    this.studies.clear();
    this.suspects.clear();
    this.unsure.clear();
  }
}

type State = 'waiting' | 'in-flight' | 'parked' | 'kept';

/** In an attempt that has not ended, so that `Attempts` do not count it yet. What has a status has been answered by the flow. */
function hasFlowGotIt(state: State, { status }: LetterFacts): boolean {
  return state === 'parked' || state === 'kept' || status !== undefined;
}

/** Refusals after which it is worth to make room. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'DISK_LOW', 'QUEUE_FULL']);

/** Refused before anything was done. */
function isFull(error: unknown): boolean {
  return error instanceof QueueRefusal && error.code === 'QUEUE_FULL';
}

function isNoRoom(error: unknown): boolean {
  return error instanceof QueueRefusal && NO_ROOM.has(error.code);
}
