import type { OpenStudies } from '../admin-api';
import { asError } from '../basics';
import type { AnswerOutcome } from '../delivery';
import type { CommandStatus } from '../network';
import { Boundary } from '../worker';
import { Ages, REAL_CLOCK, type Clock } from './clock';
import {
  ObjectLost,
  type StudiesListener,
  type StudiesOptions,
  type StudyCollector,
  type StudyQueues,
  type StudySummary,
} from './collector';
import { ASK_AGAIN_MS, Completeness } from './completeness';
import { firingId, firingOfOwner, ownerName } from './firing-name';
import { AGAIN_MS, FiringWork } from './firing-work';
import { Group, MOST_NAMED, Period, type Firing } from './group';
import { groupOf, headOf } from './group-head';
import { GroupTable } from './group-table';
import { knownRecords } from './known-records';
import { nameOf } from './listing';
import { openStudies, summaryOf } from './open-studies';
import { type FiringReason, type LogRecord, type StudyObject } from './records';
import type { StudyStore } from './study-store';

const TICK_MS = 250;
/** What has been fired is known for so long, so that what comes late is known to be late. */
const KNOWN_MS = 7 * 86_400_000;
const MOST_KNOWN = 10_000;
const FORGET_MS = 60_000;

/**
 * Collects objects into groups, says when they are complete, and lets their queues hear when the flow is done with them. All of it
 * is in the store before anybody may rely on it.
 */
export class Studies implements StudyCollector {
  private readonly groups: GroupTable;
  private readonly ages: Ages;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private readonly completeness: Completeness;
  private readonly work: FiringWork;
  private forgetAt: number;

  constructor(
    private readonly options: StudiesOptions,
    private readonly store: StudyStore,
    private readonly queues: StudyQueues,
    private readonly listener: StudiesListener,
    private readonly clock: Clock = REAL_CLOCK,
  ) {
    this.groups = new GroupTable(options.groupBy);
    this.ages = new Ages(clock);
    this.forgetAt = clock.now() + FORGET_MS;
    this.completeness = new Completeness(options, queues, clock, {
      complete: (group, { reason }) => this.fire(group, reason),
      failed: (error) => listener.failed(error),
    });
    const log = {
      read: ({ id }: Group, { from, to }: Firing) => store.read(id, from, to),
      owner: (group: Group, number: number) => this.owner(group, number),
      isOurs: (group: Group, firing: Firing) => group.firings.get(firing.number) === firing,
      acknowledge: (id: string, status: CommandStatus) => this.acknowledge(id, status),
      released: (group: Group, firing: Firing) => this.released(group, firing),
    };
    this.work = new FiringWork(options.acknowledgesItself, log, queues, listener, clock);
  }

  /** Finds what an earlier run left behind. @throws the system's error; UnknownLog */
  async open(): Promise<void> {
    for (const id of await this.store.open()) await this.load(id);
    // Queues may open later than this.
    this.queues
      .disownOthers(this.owners, (owner) => this.isOwner(owner))
      .catch((error: unknown) => this.listener.failed(asError(error)));
    for (const group of this.groups.all())
      for (const firing of group.firings.values()) this.work.resume(group, firing);
    const boundary = new Boundary((error) => this.listener.failed(error));
    this.timer = setInterval(
      boundary.wrap(() => this.tick()),
      TICK_MS,
    );
    this.listener.changed();
  }

  /**
   * An object has come. Resolves when it is safe that it is part of its group, and its queue has it parked.
   * @throws ChangesTooLarge; ObjectLost; what the store or the queue throws. Then it is not part of it
   */
  async add(object: StudyObject): Promise<void> {
    const group = this.groups.groupOf(object.key, this.clock.now());
    const name = object.queueId ?? object.acknowledgeId;
    if (object.isRedelivered === true && name !== undefined && (await this.isFired(group, name))) return;
    const now = this.clock.now() - (object.isReceived ? this.ages.of(object.receivedAt) : 0);
    const { period } = group;
    const { safe } = this.append(group, group.recordsOf(object, now), now);
    const parked = this.park(name, this.owner(group, period.number), safe);
    const isTaken = parked.then(
      (isParked) => {
        if (name !== undefined && !isParked) period.lost.add(name);
      },
      () => {
        if (name !== undefined) period.lost.add(name);
      },
    );
    period.parking.add(isTaken);
    try {
      if (!(await parked)) throw new ObjectLost();
    } finally {
      await isTaken;
      period.parking.delete(isTaken);
      this.listener.changed();
    }
  }

  /** How many objects are expected, or which. Resolves when that is safe. */
  async expect(key: string, expected: number, instances: readonly string[] | undefined): Promise<void> {
    const group = this.groups.groupOf(key, this.clock.now());
    const record = { expect: expected, ...(instances && { instances: instances.slice(0, MOST_NAMED) }) };
    await this.append(group, [record], this.clock.now()).safe;
  }

  /** The keys of groups that are open and of which this is true of a study. */
  keysOf(studyInstanceUID: string): string[] {
    return [...this.groups.all()]
      .filter(({ period }) => period.studies.has(studyInstanceUID))
      .map(({ key }) => key);
  }

  /** Sends what has come of a group. False: nothing has. */
  fireNow(key: string): boolean {
    const group = this.groups.get(key);
    if (group === undefined || group.period.objects === 0) return false;
    this.fire(group, 'control');
    return true;
  }

  /** Does not say for so long that a group is complete, unless what was expected has come. False: there is nothing of it. */
  async extend(key: string, milliseconds: number): Promise<boolean> {
    const group = this.groups.get(key);
    if (group === undefined || group.period.objects === 0) return false;
    await this.append(group, [{ extend: milliseconds }], this.clock.now()).safe;
    this.listener.changed();
    return true;
  }

  /** Forgets a group. What came since the last firing is given up: it becomes dead letters of its queues. False: it is not known. */
  async forget(key: string, status: CommandStatus): Promise<boolean> {
    const group = this.groups.get(key);
    if (group === undefined) return false;
    if (group.period.objects > 0) {
      const number = await this.cut(group, 'control');
      await this.acknowledge(firingId(group.id, number), status);
    }
    // Those that wait for their acknowledgement are known until they have it.
    if (group.firings.size > 0) this.groups.close(group);
    else await this.drop(group);
    this.listener.changed();
    return true;
  }

  /** The flow is done with a firing. Resolves when that is safe; its objects hear of it next. */
  async acknowledge(id: string, status: CommandStatus): Promise<AnswerOutcome> {
    const found = this.groups.find(id);
    if (found === undefined) return this.groups.isPast(id) ? 'alreadyAnswered' : 'unknown';
    const { group, firing } = found;
    if (firing.status !== undefined) return 'alreadyAnswered';
    await this.append(group, [{ acknowledged: firing.number, status }], this.clock.now()).safe;
    this.work.release(group, firing);
    this.listener.changed();
    return 'answered';
  }

  /** Waits for its acknowledgement. */
  isUnacknowledged(id: string): boolean {
    const found = this.groups.find(id);
    return found !== undefined && found.firing.status === undefined;
  }

  /** The flow gives it back: it is sent again, in a while or when flows start. */
  giveBack(id: string): boolean {
    const found = this.groups.find(id);
    if (found === undefined || found.firing.status !== undefined) return false;
    found.firing.againAt = this.clock.now() + AGAIN_MS;
    return true;
  }

  /** Sends the unacknowledged firings of a group again. False: there are none. */
  repeat(key: string): boolean {
    const group = this.groups.get(key);
    const firings = [...(group?.firings.values() ?? [])].filter(({ status }) => status === undefined);
    if (group === undefined || firings.length === 0) return false;
    for (const firing of firings) this.work.emit(group, firing);
    return true;
  }

  /** Flows have started: what was given back goes to nodes that are there again, and queues may be heard. */
  flowsStarted(): void {
    for (const group of this.groups.all())
      for (const firing of group.firings.values())
        if (firing.againAt !== undefined) firing.againAt = -Infinity;
  }

  /** What waits for a firing or an acknowledgement, the next to fire first; `most` of it. */
  openStudies(most: number): OpenStudies {
    return openStudies(this.groups.all(), most, this.clock, this.options);
  }

  summary(): StudySummary {
    return summaryOf(this.groups.all(), this.clock, this.options);
  }

  /** Resolves when nothing is under way. What has not been fired or acknowledged is there the next time. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.completeness.close();
    await this.work.close();
    await this.store.close();
  }

  private owner({ id }: Group, number: number): string {
    return ownerName(this.owners, { group: id, number });
  }

  /** How all that this node holds objects by begins. */
  private get owners(): string {
    return `${this.options.nodeId}/study-`;
  }

  private isOwner(owner: string): boolean {
    const { group: id = '', number = 0 } = firingOfOwner(owner) ?? {};
    const group = this.groups.withId(id);
    const isPending = group?.period.number === number && group.period.objects > 0;
    return isPending || group?.firings.has(number) === true;
  }

  /** Writes records, and takes them in at once; where they cannot be written, all that memory has of the group is read again. */
  private append(group: Group, records: readonly LogRecord[], cameAt: number): { safe: Promise<void> } {
    const head = group.isNew ? [headOf(group)] : [];
    group.isNew = false;
    const { at, safe } = this.store.append(group.id, [...head, ...records]);
    for (const record of records) group.take(record, at, cameAt, this.options);
    group.usedAt = this.clock.now();
    return { safe: this.unlessUnsafe(group, safe) };
  }

  /** What could not be written is not there. */
  private async unlessUnsafe(group: Group, safe: Promise<void>): Promise<void> {
    try {
      await safe;
      group.isSafe = true;
    } catch (error) {
      await this.reload(group).catch((again: unknown) => this.listener.failed(asError(again)));
      throw error;
    }
  }

  private async park(name: string | undefined, owner: string, safe: Promise<void>): Promise<boolean> {
    await safe;
    return name === undefined || this.queues.park(name, owner);
  }

  /** It belongs to a firing already: there was no time to park it before an earlier run ended. */
  private async isFired(group: Group, name: string): Promise<boolean> {
    for (const firing of group.firings.values()) {
      const owner = this.owner(group, firing.number);
      // It is not listed: it comes anew.
      if (firing.lost.has(name)) continue;
      for await (const records of this.store.read(group.id, firing.from, firing.to)) {
        if (!records.some(({ record }) => 'i' in record && nameOf(record) === name)) continue;
        if (firing.status === undefined) await this.queues.park(name, owner);
        else await this.queues.letGo(name, owner, firing.status);
        return true;
      }
    }
    return false;
  }

  /** Looks for what is due, as it does by itself again and again. */
  tick(): void {
    if (this.isClosed) return;
    this.ages.look();
    const now = this.clock.now();
    for (const group of this.groups.all()) {
      this.look(group, now);
      this.work.resumeDue(group, now);
    }
    if (now >= this.forgetAt) this.forgetOld(now);
  }

  private look(group: Group, now: number): void {
    if (group.isStale) {
      if (now >= group.askAt)
        this.reload(group).catch((error: unknown) => this.listener.failed(asError(error)));
      return;
    }
    this.completeness.look(group, now);
  }

  private fire(group: Group, reason: FiringReason): void {
    const firing = this.cut(group, reason).then((number) => {
      const found = group.firings.get(number);
      if (found !== undefined) this.work.emit(group, found);
    });
    firing.catch((error: unknown) => this.listener.failed(asError(error)));
  }

  /** What has come is a firing from now on. Resolves with its number when that is safe, and all of it is parked. */
  private async cut(group: Group, reason: FiringReason): Promise<number> {
    const { period } = group;
    const at = new Date(this.clock.wall()).toISOString();
    await this.append(group, [{ fired: period.number, reason, at }], this.clock.now()).safe;
    await Promise.all(period.parking);
    this.listener.changed();
    return period.number;
  }

  private async released(group: Group, { number }: Firing): Promise<void> {
    await this.append(group, [{ released: number }], this.clock.now()).safe;
    if (group.isDone) await this.compact(group);
  }

  /** Nothing but what was seen is left of a group that waits for nothing. */
  private async compact(group: Group): Promise<void> {
    // Forgotten while it waited for this.
    if (!this.groups.isOpen(group)) {
      await this.drop(group);
      return;
    }
    const since = new Date(this.clock.wall()).toISOString();
    const { safe } = this.store.replace(group.id, [headOf(group), ...knownRecords(group, since)]);
    group.period = new Period(group.period.number, 0);
    await this.unlessUnsafe(group, safe);
  }

  private async drop(group: Group): Promise<void> {
    this.groups.remove(group);
    await this.store.remove(group.id);
  }

  private forgetOld(now: number): void {
    this.forgetAt = now + FORGET_MS;
    const done = [...this.groups.all()].filter((group) => group.isDone && !group.isNew);
    done.sort((one, other) => one.usedAt - other.usedAt);
    const old = done.filter(
      ({ usedAt }, index) => now - usedAt > KNOWN_MS || index < done.length - MOST_KNOWN,
    );
    for (const group of old) this.drop(group).catch((error: unknown) => this.listener.failed(asError(error)));
  }

  private async load(id: string): Promise<void> {
    const group = await this.found(id);
    if (group === undefined) await this.store.setAside(id);
    else this.groups.add(group);
  }

  /** As the log has it. Undefined: there is nothing of it. */
  private async found(id: string): Promise<Group | undefined> {
    const now = this.clock.now();
    let group: Group | undefined;
    for await (const records of this.store.read(id, 0))
      for (const { at, record } of records) {
        if (group === undefined) group = groupOf(record, id, now);
        else this.takeAgain(group, record, at);
      }
    if (group === undefined) return undefined;
    const { period } = group;
    // Of the time in which Node-RED did not run nothing is known: it does not count.
    period.startedAt = now - period.lastAt;
    period.lastAt = now;
    for (const firing of group.firings.values()) firing.sent = 1;
    return group;
  }

  /** A record that an earlier run has written. */
  private takeAgain(group: Group, record: LogRecord, at: number): void {
    const now = this.clock.now();
    group.take(record, at, 'i' in record ? record.t : now, this.options);
    if ('i' in record) group.period.isUnsure = true;
    if ('known' in record) group.usedAt = now - Math.max(0, this.clock.wall() - Date.parse(record.since));
  }

  private async reload(group: Group): Promise<void> {
    if (!this.groups.has(group)) return;
    if (!group.isSafe) {
      this.groups.remove(group);
      return;
    }
    group.isStale = true;
    group.askAt = this.clock.now() + ASK_AGAIN_MS;
    const fresh = await this.found(group.id);
    if (!this.groups.has(group)) return;
    this.groups.remove(group);
    if (fresh !== undefined) this.groups.add(fresh);
  }
}
