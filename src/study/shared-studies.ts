import type { OpenStudies } from '../admin-api';
import { asError, OnceInAWhile } from '../basics';
import type { AnswerOutcome } from '../delivery';
import type { CommandStatus } from '../network';
import { SharedState, type SharedStateOptions } from '../queue';
import { REAL_CLOCK, type Clock } from './clock';
import {
  type StudiesListener,
  type StudiesOptions,
  type StudyCollector,
  type StudyFiring,
  type StudyQueues,
  type StudySummary,
} from './collector';
import { Completeness } from './completeness';
import { firingNameIn, ownerName, type FiringName } from './firing-name';
import { AGAIN_MS, FiringWork } from './firing-work';
import { Group, MOST_NAMED, type Firing } from './group';
import { knownRecords } from './known-records';
import { openStudies, summaryOf } from './open-studies';
import type { FiringReason, StudyObject } from './records';
import { SharedArrivals } from './shared-arrivals';
import { SharedLog, type Claimed, type FiringWord, type Held } from './shared-log';
import type { Trigger } from './triggers';

const ROUND_MS = 500;
const SWEEP_MS = 60_000;
/** While the database is away. */
const AGAIN_AFTER_FAILURE_MS = 1_000;
/** As in the logs on disks. */
const KNOWN_SECONDS = 7 * 86_400;
const MOST_KNOWN = 10_000;
/** Where objects come all the time, a firing that does not wait for a pause is cut between two of them. */
const MOST_CUTS = 50;

/** The same failure of a database is told once in a while. */
const FAILURE_MS = 60_000;

/** A group that this instance has. */
interface Ours extends Held {
  group: Group;
  /** It is complete, unless more has come than these objects of its period. */
  due?: { trigger: Trigger; period: number; objects: number };
}

/**
 * The same as `Studies`, of all instances that share a queue: what any of them gets of a group is in the database, and one of them, as long
 * as its session lives, has the group: says when it is complete, sends the message, and lets the objects go. Others go on with it.
 */
export class SharedStudies implements StudyCollector {
  private readonly state: SharedState;
  private readonly log: SharedLog;
  private readonly failures = new OnceInAWhile(FAILURE_MS);
  private readonly arrivals: SharedArrivals;
  private readonly ours = new Map<string, Ours>();
  /** Firings that have been sent, or are to be, or of which the objects are being let go. */
  private readonly begun = new WeakSet<Firing>();
  private readonly completeness: Completeness;
  private readonly work: FiringWork;
  private readonly queues: StudyQueues;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private opening: Promise<void> | undefined;
  private isOpened = false;
  private isClosed = false;
  private isSoon = false;
  private sweepAt = 0;

  constructor(
    private readonly options: StudiesOptions,
    place: Omit<SharedStateOptions, 'user'>,
    queues: StudyQueues,
    private readonly listener: StudiesListener,
    private readonly clock: Clock = REAL_CLOCK,
  ) {
    this.state = new SharedState(
      { ...place, user: options.nodeId },
      { ended: () => this.lost(), failed: (error) => this.failed(error) },
    );
    this.log = new SharedLog(this.state, options.nodeId);
    this.queues = {
      park: (...park) => queues.park(...park),
      letGo: (...letGo) => queues.letGo(...letGo),
      disownOthers: (...others) => queues.disownOthers(...others),
      isWaiting: (...waiting) => queues.isWaiting(...waiting),
      // They may be open at any instance.
      isOpen: (associations, _nodes, quietMs) => this.log.isOpen([...associations], quietMs),
    };
    this.arrivals = new SharedArrivals(options.groupBy, this.log, this.queues, {
      opened: () => this.opening,
      owner: (firing) => ownerName(this.owners, firing),
      noted: () => this.soon(),
    });
    this.completeness = new Completeness(options, this.queues, clock, {
      complete: (group, trigger) => this.complete(group, trigger),
      failed: (error) => this.failed(error),
    });
    const log = {
      read: ({ id }: Group, { from, to }: Firing) => this.log.read(id, from, to),
      owner: ({ id: group }: Group, number: number) => ownerName(this.owners, { group, number }),
      isOurs: (group: Group, firing: Firing) => this.isOurs(group, firing),
      acknowledge: (id: string, status: CommandStatus) => this.acknowledge(id, status),
      released: (group: Group, firing: Firing) => this.released(group, firing),
    };
    const told = {
      fire: (firing: StudyFiring) => listener.fire(firing),
      changed: () => listener.changed(),
      failed: (error: Error) => this.failed(error),
      lost: (key: string, objects: number) => listener.lost(key, objects),
    };
    this.work = new FiringWork(options.acknowledgesItself, log, this.queues, told, clock);
  }

  /** Where the database is away, it goes on by itself when it is back. */
  async open(): Promise<void> {
    this.opening = this.tick();
    await this.opening;
    this.schedule(ROUND_MS);
  }

  add(object: StudyObject): Promise<void> {
    return this.arrivals.add(object);
  }

  async expect(key: string, expected: number, instances: readonly string[] | undefined): Promise<void> {
    const record = { expect: expected, ...(instances && { instances: instances.slice(0, MOST_NAMED) }) };
    await this.log.note(this.options.groupBy, key, { records: [record] });
    this.soon();
  }

  keysOf(studyInstanceUID: string): Promise<string[]> {
    return this.log.keysOf(this.options.groupBy, studyInstanceUID);
  }

  async fireNow(key: string): Promise<boolean> {
    const found = await this.log.noteToOpen(this.options.groupBy, key, { records: [{ fire: true }] });
    this.soon();
    return found;
  }

  async extend(key: string, milliseconds: number): Promise<boolean> {
    const found = await this.log.noteToOpen(this.options.groupBy, key, {
      records: [{ extend: milliseconds }],
    });
    this.soon();
    return found;
  }

  async forget(key: string, status: CommandStatus): Promise<boolean> {
    const found = await this.log.forget(this.options.groupBy, key, { records: [{ forget: status }] });
    this.soon();
    return found;
  }

  /** What the flow has said must not be lost: it is tried until the database has it. */
  async acknowledge(id: string, status: CommandStatus): Promise<AnswerOutcome> {
    const name = firingNameIn(id);
    if (name === undefined) return 'unknown';
    for (let tries = 0; ; tries += 1)
      try {
        const isFirst = await this.log.acknowledge(name, status);
        this.soon();
        if (isFirst) return 'answered';
        const past = await this.pastOf(name);
        // An answer to it may have been lost.
        return past === 'alreadyAnswered' && tries > 0 ? 'answered' : past;
      } catch (error) {
        if (this.isClosed) throw error;
        this.failed(error);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_FAILURE_MS).unref());
      }
  }

  private async pastOf(name: FiringName): Promise<AnswerOutcome> {
    const state = await this.log.stateOf(name);
    return state === 'pending' || state === 'unknown' ? 'unknown' : 'alreadyAnswered';
  }

  async isUnacknowledged(id: string): Promise<boolean> {
    const name = firingNameIn(id);
    const state = name && (await this.log.stateOf(name));
    return typeof state === 'object' && state.status === undefined;
  }

  async giveBack(id: string): Promise<boolean> {
    const name = firingNameIn(id);
    return name !== undefined && this.log.giveBack(name);
  }

  async repeat(key: string): Promise<boolean> {
    const found = await this.log.repeat(this.options.groupBy, key);
    this.soon();
    return found;
  }

  flowsStarted(): void {
    for (const { group } of this.ours.values())
      for (const firing of group.firings.values())
        if (firing.againAt !== undefined) firing.againAt = -Infinity;
  }

  /** Of what other instances have, less is known. */
  async openStudies(most: number): Promise<OpenStudies> {
    const here = openStudies(this.groups, most, this.clock, this.options);
    const elsewhere = await this.log.openElsewhere([...this.ours.values()], most);
    const others = elsewhere.map((each) => ({ ...each, modalities: [], callingAETs: [] }));
    return { studies: [...here.studies, ...others].slice(0, most), total: here.total + others.length };
  }

  /** Of what this instance has. */
  summary(): StudySummary {
    return summaryOf(this.groups, this.clock, this.options);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.completeness.close();
    await this.round;
    await this.work.close();
    this.ours.clear();
    await this.state.close();
  }

  /** One round after the other, as it is done by itself: for tests, too. */
  async tick(): Promise<void> {
    clearTimeout(this.timer);
    while (this.round !== undefined) await this.round;
    this.round = this.runRound().finally(() => (this.round = undefined));
    await this.round;
  }

  /** What was had under the session may be somebody else's. */
  private lost(): void {
    this.ours.clear();
    this.listener.changed();
  }

  private get groups(): Group[] {
    return [...this.ours.values()].map(({ group }) => group);
  }

  /** How all that this node holds objects by begins, at whatever instance. */
  private get owners(): string {
    return `${this.options.nodeId}/shared-`;
  }

  private isOurs(group: Group, firing: Firing): boolean {
    const ours = this.ours.get(group.id);
    return ours?.group === group && this.state.isAlive && group.firings.get(firing.number) === firing;
  }

  // Rounds

  private schedule(milliseconds: number): void {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tick().finally(() => this.schedule(ROUND_MS)), milliseconds);
  }

  /** There is something to do. */
  private soon(): void {
    if (this.isSoon || this.isClosed) return;
    this.isSoon = true;
    setImmediate(() => {
      this.isSoon = false;
      if (this.round === undefined && this.isOpened) this.schedule(0);
    });
  }

  private async runRound(): Promise<void> {
    if (this.isClosed) return;
    try {
      if (!this.isOpened) await this.state.open();
      this.isOpened = true;
      if (!this.state.isAlive) return;
      await this.followAll();
      for (const ours of [...this.ours.values()]) await this.lookAt(ours);
      await this.sweep();
    } catch (error) {
      this.failed(error);
    }
    this.listener.changed();
  }

  private async followAll(): Promise<void> {
    for (const claimed of await this.log.claim([...this.ours.values()])) await this.load(claimed);
    if (this.ours.size === 0) return;
    for (const { id, isLost } of await this.log.news([...this.ours.values()])) {
      const ours = this.ours.get(id);
      if (isLost) this.ours.delete(id);
      else if (ours !== undefined) await this.follow(ours);
    }
    for (const word of await this.log.words([...this.ours.values()])) await this.hear(word);
    // Where the answer to a cut was lost, it is found in the log.
    for (const { group } of this.ours.values())
      for (const firing of group.firings.values()) if (!this.begun.has(firing)) this.begin(group, firing);
  }

  private begin(group: Group, firing: Firing): void {
    this.begun.add(firing);
    this.work.resume(group, firing);
  }

  private async load({ id, key, by, lease, isTakenOver }: Claimed): Promise<void> {
    const ours: Ours = { id, lease, seen: 0, group: new Group(id, key, by, this.clock.now()) };
    const { group } = ours;
    await this.follow(ours);
    const { period } = group;
    const now = this.clock.now();
    // Those who sent to an instance that is gone begin anew.
    if (isTakenOver && period.objects > 0) period.lastAt = now;
    const firings = new Map((await this.log.firings(id)).map((firing) => [firing.number, firing]));
    for (const [number, firing] of group.firings) {
      const found = firings.get(number);
      if (found === undefined) group.firings.delete(number);
      else Object.assign(firing, { status: found.status, sent: 1, isUnsure: true });
    }
    this.ours.set(id, ours);
  }

  /** Takes in what has been added to the log. */
  private async follow(ours: Ours): Promise<void> {
    for await (const rows of this.log.rows(ours.id, ours.seen)) {
      const now = this.clock.now();
      for (const { at, records, age } of rows) {
        for (const record of records) ours.group.take(record, at, now - age, this.options);
        ours.seen = at;
      }
    }
  }

  private async hear(word: FiringWord): Promise<void> {
    const group = this.ours.get(word.group)?.group;
    const firing = group?.firings.get(word.number);
    if (group === undefined || firing === undefined) return;
    if (word.status !== undefined && firing.status === undefined) {
      firing.status = word.status;
      this.work.release(group, firing);
    }
    if (word.again === undefined) return;
    firing.againAt = word.again === 'now' ? -Infinity : this.clock.now() + AGAIN_MS;
    await this.log.heard(word);
  }

  private async lookAt(ours: Ours): Promise<void> {
    const { group } = ours;
    const now = this.clock.now();
    if (group.forgottenWith !== undefined) await this.giveUp(ours, group.forgottenWith);
    else if (group.isWanted) await this.fire(ours, 'control');
    else {
      this.completeness.look(group, now);
      await this.fireDue(ours);
    }
    this.work.resumeDue(group, now);
    if (group.isDone) await this.put(ours);
  }

  private complete({ id, period }: Group, trigger: Trigger): void {
    const ours = this.ours.get(id);
    if (ours === undefined) return;
    ours.due = { trigger, period: period.number, objects: period.objects };
    this.soon();
  }

  private async fireDue(ours: Ours): Promise<void> {
    const { due, group } = ours;
    if (due === undefined) return;
    delete ours.due;
    const { trigger, period, objects } = due;
    const isSame = group.period.number === period && group.period.objects === objects;
    if (trigger.quiet !== true || isSame) await this.fire(ours, trigger.reason, trigger.quiet);
  }

  /** @param quiet not if something has come meanwhile */
  private async fire(ours: Ours, reason: FiringReason, quiet?: true): Promise<void> {
    const firing = await this.cut(ours, { reason, ...(quiet && { quiet }) });
    if (firing !== undefined) this.begin(ours.group, firing);
  }

  /** What has not been listed is given up. */
  private async giveUp(ours: Ours, status: CommandStatus): Promise<void> {
    if (ours.group.period.objects === 0) return;
    const firing = await this.cut(ours, { reason: 'control', status });
    if (firing === undefined) return;
    firing.status = status;
    this.begin(ours.group, firing);
  }

  /** What has come is a firing from now on. Undefined: something came meanwhile, or somebody else has the group. */
  private async cut(
    ours: Ours,
    { reason, quiet, status }: { reason: FiringReason; quiet?: true; status?: CommandStatus },
  ): Promise<Firing | undefined> {
    const { group } = ours;
    for (let tries = 0; tries < (quiet === true ? 1 : MOST_CUTS); tries += 1) {
      const { number } = group.period;
      const record = { fired: number, reason, at: new Date(this.clock.wall()).toISOString() };
      const at = await this.log.cut(ours, record, status);
      if (at !== undefined) {
        group.take(record, at, this.clock.now(), this.options);
        ours.seen = at;
        return group.firings.get(number);
      }
      const { seen } = ours;
      await this.follow(ours);
      // It is somebody else's.
      if (ours.seen === seen) return undefined;
    }
    return undefined;
  }

  private async released({ id }: Group, { number }: Firing): Promise<void> {
    const ours = this.ours.get(id);
    if (ours === undefined) return;
    await this.log.released(ours, number);
    ours.group.firings.delete(number);
  }

  /** A group that waits for nothing is nobody's. */
  private async put(ours: Ours): Promise<void> {
    const { group } = ours;
    const since = new Date(this.clock.wall()).toISOString();
    const isPut =
      group.forgottenWith === undefined
        ? await this.log.put(ours, knownRecords(group, since))
        : await this.log.remove(ours);
    if (isPut) this.ours.delete(ours.id);
  }

  private async sweep(): Promise<void> {
    const now = this.clock.now();
    if (now < this.sweepAt) return;
    this.sweepAt = now + SWEEP_MS;
    await this.log.adopt(this.owners);
    await this.log.forgetOld(KNOWN_SECONDS, MOST_KNOWN);
  }

  private failed(error: unknown): void {
    const { message } = asError(error);
    if (!this.isClosed && this.failures.passes(message)) this.listener.failed(asError(error));
  }
}
