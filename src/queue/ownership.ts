import type { LetterFacts } from '../admin-api';
import type { ParkedObject, QueuedObject, Unparked } from './object-queue';
import type { ObjectStorage } from './object-storage';
import { withOwner, withoutOwner, type Parking } from './parking';

/** What becomes of an object whose last owner is done with it. */
export interface Unowned {
  remove(id: string): Promise<void>;
  setAside(id: string, why: string, facts: LetterFacts, owner: string): Promise<boolean>;
  /** The flow has it again, as it had before. */
  inFlightAgain(id: string): QueuedObject;
  /** It waits again, before all others. */
  deliverAgain(id: string): void;
}

/** Who has taken which objects on, as the storage keeps it over restarts. */
export class Ownership {
  private readonly parkings = new Map<string, Parking>();

  constructor(
    private readonly storage: Pick<ObjectStorage, 'setParking' | 'safe'>,
    private readonly unowned: Unowned,
  ) {}

  get size(): number {
    return this.parkings.size;
  }

  has(id: string): boolean {
    return this.parkings.has(id);
  }

  get(id: string): Parking | undefined {
    return this.parkings.get(id);
  }

  ids(): Iterable<string> {
    return this.parkings.keys();
  }

  /** Of an earlier run. */
  found(id: string, parking: Parking): void {
    this.parkings.set(id, parking);
  }

  forget(id: string): void {
    this.parkings.delete(id);
  }

  clear(): void {
    this.parkings.clear();
  }

  /** @throws an Error for what is no owner; the system's error. Then nothing has changed */
  add(id: string, owner: string, isAcknowledged: boolean): void {
    this.set(id, withOwner(this.get(id) ?? { owners: [], isAcknowledged }, owner));
  }

  /** Resolves when it is as safe as it is to be. @throws the system's error */
  async change(id: string, parking: Parking): Promise<void> {
    this.set(id, parking);
    await this.storage.safe();
  }

  /** The oldest first. */
  held(): ParkedObject[] {
    const held = [...this.parkings].map(([id, { owners }]) => ({ id, owners }));
    return held.sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  owners(): string[] {
    return [...new Set([...this.parkings.values()].flatMap(({ owners }) => owners))];
  }

  /** As `ObjectQueue.unpark`. */
  async unpark(id: string, owner: string): Promise<Unparked> {
    const before = this.get(id);
    if (!before?.owners.includes(owner)) return { state: 'unknown' };
    const parking = withoutOwner(before, owner);
    if (parking.owners.length > 0) {
      await this.change(id, parking);
      return { state: parking.isAcknowledged ? 'acknowledged' : 'parked' };
    }
    const { failure, isAcknowledged } = parking;
    if (failure !== undefined) {
      if (await this.unowned.setAside(id, failure.why, failure.facts, owner)) return { state: 'dead-letter' };
      throw new Error(`the object ${id} could not be set aside`);
    }
    if (isAcknowledged) {
      await this.unowned.remove(id);
      return { state: 'removed' };
    }
    this.set(id, undefined);
    return { state: 'in-flight', object: this.unowned.inFlightAgain(id) };
  }

  /** As `ObjectQueue.disown`. */
  async disown(owner: string): Promise<void> {
    const held = [...this.parkings].filter(([, { owners }]) => owners.includes(owner));
    // The newest first: so the oldest waits before all others.
    for (const [id, before] of held.sort(([a], [b]) => (a < b ? 1 : -1))) {
      const parking = { ...withoutOwner(before, owner), isAcknowledged: false };
      const { owners, failure } = parking;
      if (owners.length > 0) this.set(id, parking);
      else if (failure !== undefined) await this.unowned.setAside(id, failure.why, failure.facts, owner);
      else {
        this.set(id, undefined);
        this.unowned.deliverAgain(id);
      }
    }
    if (held.length > 0) await this.storage.safe();
  }

  private set(id: string, parking: Parking | undefined): void {
    this.storage.setParking(id, parking);
    if (parking === undefined) this.parkings.delete(id);
    else this.parkings.set(id, parking);
  }
}
