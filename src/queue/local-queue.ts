import type { LetterFacts } from '../admin-api';
import { leftoversTo } from '../basics';
import { AcknowledgeNames } from './acknowledge-names';
import { NO_ATTEMPTS, type Attempts } from './attempts';
import { Claims } from './claims';
import { couldSetAside, type LocalDeadLetters } from './dead-letters';
import { DeliveryAttempts } from './delivery-attempts';
import { FreshObjects } from './fresh-objects';
import { KeptDelivered, type KeepLimits } from './kept-delivered';
import { checkRoom, LocalWriter } from './local-writer';
import { ObjectGone, OpenHandles, type ObjectHandle } from './object-handle';
import { isAcknowledgeId, isObjectId } from './object-id';
import type { FoundObject } from './object-place';
import {
  queueFull,
  type ObjectContent,
  type ObjectFacts,
  type ObjectQueue,
  type ParkedObject,
  type QueueWriter,
  type QueuedObject,
  type Unparked,
} from './object-queue';
import type { CompletedObject, ObjectStorage, StorageListener } from './object-storage';
import { Ownership } from './ownership';
import { withoutOwner } from './parking';
import { StudyCounts } from './study-counts';

export interface LocalQueueOptions extends KeepLimits {
  maxObjects: number;
  /** Told of what could not be cleaned up, or read; it is tried again, or found at the next start. */
  onLeftover(error: Error): void;
  /** Reads the Study Instance UID of an object of an earlier run; '' where it has none. */
  studyOf?: (content: ObjectContent) => string;
}

type State = 'waiting' | 'in-flight' | 'parked' | 'kept';

/** The queue of one process: order, counts, owners and limits, the same wherever its objects lie. */
export class LocalQueue implements ObjectQueue {
  private readonly claims = new Claims(() => this.take());
  private readonly inFlight = new Set<string>();
  private readonly ownership: Ownership;
  private readonly kept: KeptDelivered;
  private readonly attempts: DeliveryAttempts;
  private readonly fresh = new FreshObjects();
  private readonly studies = new StudyCounts();
  private readonly names = new AcknowledgeNames(() => this.ids());
  /** Removed, but perhaps not on the disk. */
  private readonly unsure = new Set<string>();
  private readonly handles = new OpenHandles();
  /** Objects that are being written: each will take a place. */
  private readonly writing = new Set<LocalWriter>();
  private readonly storage: ObjectStorage;
  private readonly cleanUp: (operation: () => void) => void;

  constructor(
    private readonly local: LocalQueueOptions,
    storage: (listener: StorageListener) => ObjectStorage,
  ) {
    this.cleanUp = leftoversTo((error) => local.onLeftover(error));
    const wake = (): void => this.claims.wake();
    this.storage = storage({
      onLeftover: (error) => local.onLeftover(error),
      onReady: wake,
      onFoundLater: (objects) => {
        for (const object of objects) this.cameBack(object);
      },
      onCame: (id, study) => this.came(id, study),
      onGone: (id) => this.gone(id),
    });
    this.attempts = new DeliveryAttempts(this.storage, this.cleanUp, wake);
    this.ownership = new Ownership(this.storage, {
      remove: (id) => this.removeNow(id, 'parked'),
      setAside: (id, why, facts, owner) => this.setAside(id, why, facts, owner),
      inFlightAgain: (id) => this.inFlightAgain(id),
      deliverAgain: (id) => this.deliverAgain(id),
    });
    const names = this.names;
    this.kept = new KeptDelivered(local, this.storage, this.cleanUp, (id) => names.remove(id));
  }

  get deadLetters(): LocalDeadLetters {
    return this.storage.deadLetters;
  }

  get size(): number {
    return this.claims.size + this.inFlight.size + this.ownership.size;
  }

  async open(): Promise<void> {
    const found = await this.storage.open();
    this.clear();
    this.claims.reset();
    for (const object of found) this.cameBack(object);
  }

  begin(head: Buffer): QueueWriter {
    if (this.size + this.writing.size >= this.local.maxObjects) throw queueFull(this.local.maxObjects);
    checkRoom(this.storage, this.kept);
    const writer = new LocalWriter(this.storage.begin(head), this.kept, {
      completed: (object, facts) => this.completed(object, facts),
      ended: () => this.writing.delete(writer),
    });
    this.writing.add(writer);
    return writer;
  }

  private completed({ id, bytes, head }: CompletedObject, { note, studyInstanceUID }: ObjectFacts): void {
    this.fresh.add(id, { bytes, head, note });
    this.came(id, studyInstanceUID);
  }

  private came(id: string, study: string | undefined): void {
    this.names.add(id);
    this.studies.came(id, study);
    this.claims.add(id);
  }

  private cameBack({ id, attempts, parking }: FoundObject): void {
    this.attempts.found(id, attempts, parking !== undefined);
    if (parking === undefined) {
      this.came(id, undefined);
      return;
    }
    this.names.add(id);
    this.ownership.found(id, parking);
  }

  private gone(id: string): void {
    if (this.inFlight.has(id) || this.ownership.has(id) || this.kept.has(id)) return;
    this.claims.withdraw(id);
    this.forget(id);
    this.claims.wake();
  }

  claim(max: number): Promise<QueuedObject[]> {
    return this.claims.claim(max);
  }

  /** Begins an attempt with the oldest object that waits. Undefined: there is none, or it has to wait for a moment. */
  take(): QueuedObject | undefined {
    const id = this.claims.head;
    if (id === undefined || !this.attempts.mayBegin(id)) return undefined;
    if (this.fresh.get(id) === undefined && !this.storage.isReady(id)) return undefined;
    this.claims.shift();
    this.inFlight.add(id);
    return this.queued(id, this.attempts.begin(id));
  }

  reclaim(id: string): Promise<QueuedObject | undefined> {
    const isHere = this.inFlight.has(id);
    return Promise.resolve(isHere ? this.queued(id, this.attempts.beginAgain(id)) : undefined);
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

  delivered(id: string): void {
    this.attempts.delivered(id);
  }

  release(id: string): void {
    if (!this.inFlight.delete(id)) return;
    this.attempts.end(id);
    this.storage.forget(id);
    this.claims.release(id);
  }

  postpone(id: string): void {
    this.attempts.end(id);
    this.fresh.remove(id);
  }

  /** A process has what it has claimed until it ends. */
  extend(id: string): Promise<boolean> {
    return Promise.resolve(this.inFlight.has(id));
  }

  async park(id: string, owner: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) return false;
    if (state === 'kept') this.parkKept(id, owner);
    else this.ownership.add(id, owner, false);
    if (state === 'waiting') this.claims.withdraw(id);
    if (state === 'in-flight') this.attempts.end(id);
    this.inFlight.delete(id);
    this.fresh.remove(id);
    this.studies.left(id);
    try {
      await this.storage.safe();
    } catch (error) {
      // It may not be on the disk that it is parked: so nobody may rely on it.
      await this.ownership.unpark(id, owner);
      throw error;
    }
    return true;
  }

  private parkKept(id: string, owner: string): void {
    this.kept.restore(id);
    try {
      this.ownership.add(id, owner, true);
    } catch (error) {
      // The flow has got it.
      this.names.remove(id);
      this.cleanUp(() => this.storage.remove(id));
      throw error;
    }
  }

  unpark(id: string, owner: string): Promise<Unparked> {
    return this.ownership.unpark(id, owner);
  }

  private inFlightAgain(id: string): QueuedObject {
    this.inFlight.add(id);
    this.studies.came(id, undefined);
    return this.queued(id, this.attempts.of(id));
  }

  parked(): Promise<ParkedObject[]> {
    return Promise.resolve(this.ownership.held());
  }

  owners(): Promise<string[]> {
    return Promise.resolve(this.ownership.owners());
  }

  disown(owner: string): Promise<void> {
    return this.ownership.disown(owner);
  }

  private deliverAgain(id: string): void {
    this.attempts.countDelivery(id);
    this.studies.came(id, undefined);
    this.claims.release(id);
  }

  async remove(id: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) {
      if (this.unsure.has(id)) await this.makeSure(id, () => this.storage.removeAgain(id));
      return false;
    }
    const parking = this.ownership.get(id);
    if (parking !== undefined) await this.ownership.change(id, { ...parking, isAcknowledged: true });
    else if (state !== 'kept') await this.removeNow(id, state);
    return true;
  }

  private removeNow(id: string, state: State): Promise<void> {
    this.storage.remove(id);
    if (state === 'waiting') this.claims.withdraw(id);
    this.forget(id);
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
    if (!this.inFlight.has(id)) return;
    this.forget(id);
    this.kept.add(id);
    if (this.kept.has(id)) this.names.add(id);
  }

  isKept(id: string): Promise<boolean> {
    return Promise.resolve(this.kept.has(id));
  }

  async setAside(id: string, why: string, facts: LetterFacts = {}, owner?: string): Promise<boolean> {
    const state = this.stateOf(id);
    if (state === undefined) return true;
    const parking = this.ownership.get(id);
    const rest = parking && withoutOwner(parking, owner);
    if (rest !== undefined && rest.owners.length > 0) {
      await this.ownership.change(id, { ...rest, failure: { why, facts } });
      return true;
    }
    const { deliveries: before, crashes } = this.attempts.of(id);
    const deliveries = before + (hasFlowGotIt(state, facts) ? 1 : 0);
    const letter = { id, at: new Date().toISOString(), why, deliveries, crashes, ...facts };
    const setAside = (): Error | undefined => {
      if (state === 'kept') this.kept.restore(id);
      return this.storage.setAside(letter);
    };
    if (!couldSetAside(setAside, (error) => this.local.onLeftover(error))) return false;
    if (state === 'waiting') this.claims.withdraw(id);
    this.forget(id);
    return true;
  }

  async openObject(id: string): Promise<ObjectHandle> {
    if (this.stateOf(id) === undefined)
      throw new ObjectGone(`there is no object ${id} in the queue any more`);
    return Promise.resolve(this.handles.add(id, () => this.storage.pin(id)));
  }

  describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined> {
    const isHere = this.stateOf(id) !== undefined;
    return Promise.resolve(isHere ? use(this.queued(id, this.attempts.of(id))) : undefined);
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
    const id = isAcknowledgeId(name) ? this.names.find(name) : name;
    return Promise.resolve(id === undefined || this.stateOf(id) === undefined ? undefined : id);
  }

  /** Objects that are parked. */
  protected get heldCount(): number {
    return this.ownership.size;
  }

  /** Those that wait and that no flow can have got. */
  protected untouched(): string[] {
    return this.claims.ids().filter((id) => this.attempts.of(id) === NO_ATTEMPTS);
  }

  private ids(): string[] {
    return [...this.claims.ids(), ...this.inFlight, ...this.ownership.ids(), ...this.kept.ids()];
  }

  private stateOf(id: string): State | undefined {
    if (this.inFlight.has(id)) return 'in-flight';
    if (this.ownership.has(id)) return 'parked';
    if (this.kept.has(id)) return 'kept';
    return isObjectId(id) && !this.claims.isWithdrawn(id) && this.storage.has(id) ? 'waiting' : undefined;
  }

  /** It is not in the queue any more. */
  private forget(id: string): void {
    this.inFlight.delete(id);
    this.ownership.forget(id);
    this.attempts.forget(id);
    this.names.remove(id);
    this.fresh.remove(id);
    this.storage.forget(id);
    this.studies.left(id);
  }

  close(): void {
    for (const id of this.inFlight) this.attempts.end(id);
    this.handles.closeAll();
    this.kept.clear();
    this.storage.close();
    this.claims.close();
    this.clear();
  }

  private clear(): void {
    this.inFlight.clear();
    this.ownership.clear();
    this.attempts.clear();
    this.names.clear();
    this.fresh.clear();
    this.studies.clear();
    this.unsure.clear();
    this.writing.clear();
  }
}

/** In an attempt that has not ended, so that `Attempts` do not count it yet. What has a status has been answered by the flow. */
function hasFlowGotIt(state: State, { status }: LetterFacts): boolean {
  return state === 'parked' || state === 'kept' || status !== undefined;
}
