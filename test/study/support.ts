import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandStatus } from '../../src/network';
import {
  DiskStudyStore,
  Studies,
  type Clock,
  type StudiesOptions,
  type StudyFiring,
  type StudyObject,
  type StudyQueues,
} from '../../src/study';

/** A clock that stands still until it is told to go on. */
export class TestClock implements Clock {
  private monotonic = 1_000_000;
  private day = Date.parse('2026-01-01T00:00:00Z');

  now = (): number => this.monotonic;
  wall = (): number => this.day;

  pass(milliseconds: number): void {
    this.monotonic += milliseconds;
    this.day += milliseconds;
  }

  /** Somebody sets the time of day. */
  set(byMilliseconds: number): void {
    this.day += byMilliseconds;
  }

  get iso(): string {
    return new Date(this.day).toISOString();
  }
}

/** Queues of which the test says what they have. */
export class TestQueues implements StudyQueues {
  readonly parked = new Map<string, Set<string>>();
  readonly letGoWith = new Map<string, number>();
  readonly gone = new Set<string>();
  readonly waiting = new Set<string>();
  readonly open = new Set<string>();
  isHeard = true;

  park(name: string, owner: string): Promise<boolean> {
    if (this.gone.has(name) || this.letGoWith.has(name)) return Promise.resolve(false);
    this.parked.set(name, (this.parked.get(name) ?? new Set()).add(owner));
    return Promise.resolve(true);
  }

  letGo(name: string, owner: string, { status }: CommandStatus): Promise<boolean> {
    if (!this.isHeard) return Promise.resolve(false);
    this.parked.get(name)?.delete(owner);
    if (this.parked.get(name)?.size === 0) {
      this.parked.delete(name);
      this.letGoWith.set(name, status);
    }
    return Promise.resolve(true);
  }

  disownOthers(begin: string, isOwner: (owner: string) => boolean): Promise<void> {
    for (const [name, owners] of this.parked)
      for (const owner of owners) if (owner.startsWith(begin) && !isOwner(owner)) this.parked.delete(name);
    return Promise.resolve();
  }

  isWaiting(studies: Iterable<string>): Promise<boolean> {
    return Promise.resolve([...studies].some((study) => this.waiting.has(study)));
  }

  isOpen(associations: ReadonlySet<string>): Promise<boolean> {
    return Promise.resolve([...associations].some((id) => this.open.has(id)));
  }
}

export const OPTIONS: StudiesOptions = {
  nodeId: 'node',
  groupBy: 'study',
  idleMs: 60_000,
  associationEndMs: 0,
  ceilingMs: 0,
  expected: undefined,
  countsOfObjects: false,
  required: [],
  acknowledgesItself: false,
};

/** Studies in a directory, that of a run before where there was one. */
export class Bench {
  readonly clock = new TestClock();
  readonly queues = new TestQueues();
  readonly directory = mkdtempSync(join(tmpdir(), 'dicom-study-'));
  firings: StudyFiring[] = [];
  readonly errors: Error[] = [];
  lost = 0;
  damaged = 0;
  /** Where what cannot be used is kept. */
  readonly kept: string[] = [];
  studies!: Studies;
  private store: DiskStudyStore | undefined;
  private count = 0;

  async open(options: Partial<StudiesOptions> = {}): Promise<Studies> {
    this.store = new DiskStudyStore(this.directory, (_file, kept) => {
      this.damaged += 1;
      if (kept !== undefined) this.kept.push(kept);
    });
    this.studies = new Studies(
      { ...OPTIONS, ...options },
      this.store,
      this.queues,
      {
        fire: (firing) => this.firings.push(firing),
        changed: () => undefined,
        failed: (error) => this.errors.push(error),
        lost: (_key, objects) => (this.lost += objects),
      },
      this.clock,
    );
    await this.studies.open();
    return this.studies;
  }

  /** As if the process had ended and another one had begun. */
  async restart(options: Partial<StudiesOptions> = {}): Promise<void> {
    await this.studies.close();
    this.firings = [];
    await this.open(options);
    await this.settle();
  }

  object(study: string, uid: string, facts: Partial<StudyObject> = {}): StudyObject {
    this.count += 1;
    return {
      key: study,
      studyInstanceUID: study,
      seriesInstanceUID: `${study}.1`,
      sopInstanceUID: uid,
      study: { PatientID: 'P', StudyInstanceUID: study },
      series: { SeriesInstanceUID: `${study}.1`, Modality: 'CT', SeriesNumber: 1 },
      size: 100,
      queueId: `in:${this.count}-${uid}`,
      receivedAt: this.clock.iso,
      isReceived: true,
      callingAET: 'CT1',
      ...facts,
    };
  }

  async add(study: string, uids: readonly string[], facts: Partial<StudyObject> = {}): Promise<void> {
    for (const uid of uids) await this.studies.add(this.object(study, uid, facts));
  }

  /** Time goes by, and what is due is done. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.pass(milliseconds);
    this.studies.tick();
    await this.settle();
  }

  /** What has been begun comes to its end, with what follows from it. */
  async settle(): Promise<void> {
    for (let step = 0; step < 5; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await this.store?.['writing'];
      await this.studies['work'].settled();
    }
  }

  async end(): Promise<void> {
    await this.studies.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const listed = ({ listing }: StudyFiring): string[] =>
  listing.payload.series.flatMap(({ instances }) => instances.map((each) => each.SOPInstanceUID));
