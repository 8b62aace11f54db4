import { numberIn } from '../queue';
import { ObjectLost, type StudyQueues } from './collector';
import type { FiringName } from './firing-name';
import { ChangesTooLarge } from './group';
import type { StudyObject } from './records';
import type { Noted, SharedLog } from './shared-log';
import { Written } from './written';

/** Whose objects they are. */
export interface ArrivalsOwner {
  /** Resolves when the log has been tried to be opened. */
  opened(): Promise<void> | undefined;
  /** Who holds the objects of a firing, or of what will be one. */
  owner(firing: FiringName): string;
  /** Something stands in the log that did not. */
  noted(): void;
}

/** Within less, no firing is sent, acknowledged and let go. */
const LONG_MS = 200;

/** How an object gets into a group that any instance may have: it is noted in the log, and then parked in its queue. */
export class SharedArrivals {
  private readonly written = new Written();

  constructor(
    private readonly groupBy: string,
    private readonly log: SharedLog,
    private readonly queues: StudyQueues,
    private readonly owner: ArrivalsOwner,
  ) {}

  /** As `StudyCollector.add`. */
  async add(object: StudyObject): Promise<void> {
    const name = object.queueId ?? object.acknowledgeId;
    if (name === undefined) throw new ObjectLost();
    const number = numberIn(name.slice(name.lastIndexOf(':') + 1));
    await this.owner.opened();
    if (object.isRedelivered === true && (await this.isFired(object, name, number))) return;
    const noted = await this.note(object, number);
    this.owner.noted();
    try {
      if (await this.take(noted, name)) return;
    } catch (error) {
      await this.log.withdraw(noted, name);
      throw error;
    }
    await this.log.withdraw(noted, name);
    throw new ObjectLost();
  }

  /** What objects share is noted once, unless their firing has been cut since. */
  private async note(object: StudyObject, number: number): Promise<Noted> {
    const facts = { object: number, study: object.studyInstanceUID };
    const known = this.written.noteOf(object, false);
    if (known.firing !== undefined) {
      const noted = await this.log.noteTo(known.firing, { ...known, ...facts });
      if (noted !== undefined) return this.noted(object, known, noted);
    }
    const note = this.written.noteOf(object, true);
    const noted = await this.log.note(this.groupBy, object.key, { ...note, ...facts });
    if (noted === undefined) throw new ChangesTooLarge();
    return this.noted(object, note, noted);
  }

  private noted(object: StudyObject, note: ReturnType<Written['noteOf']>, noted: Noted): Noted {
    this.written.noted(object, note, noted);
    return noted;
  }

  /** Parks what has been noted. False: its queue does not have it any more. */
  private async take(noted: Noted, name: string): Promise<boolean> {
    const owner = this.owner.owner(noted);
    const began = performance.now();
    const isParked = await this.queues.park(name, owner);
    if (isParked && performance.now() - began < LONG_MS) return true;
    const state = await this.log.stateOf(noted);
    const isOver = typeof state === 'object' ? state.status !== undefined : state !== 'pending';
    // Its firing has come and gone without waiting for this: who let its objects go may not have met this one.
    if (isParked && isOver) await this.queues.disownOthers(owner, (each) => each !== owner);
    return isParked || isOver;
  }

  /** It belongs to a firing already: whoever noted it ended before it was parked, or what was parked was given back. */
  private async isFired({ key }: StudyObject, name: string, number: number): Promise<boolean> {
    const firing = await this.log.firingOf(this.groupBy, key, number);
    const state = firing && (await this.log.stateOf(firing));
    // One that is noted twice for a firing is listed once.
    if (typeof state !== 'object') return false;
    const owner = this.owner.owner(state);
    if (state.status === undefined) await this.queues.park(name, owner);
    else await this.queues.letGo(name, owner, state.status);
    return true;
  }
}
