import { randomBytes } from 'node:crypto';
import { asError, soManyAtATime } from '../basics';
import type { AnswerOutcome } from '../delivery';
import type { CommandStatus } from '../network';
import { RequestTimedOut, WorkerNotRunning } from '../worker';
import { Ages, REAL_CLOCK, type Clock } from './clock';
import { Group, MOST_NAMED, Period, type Firing } from './group';
import { listingOf, nameOf, type Listing } from './listing';
import { UnknownLog, type FiringReason, type LogRecord, type StudyObject } from './records';
import type { StudyStore } from './study-store';
import { nextFiring, triggerOf, type Trigger, type TriggerSettings } from './triggers';

/** The queues in which the objects lie. Names are those of messages: a node's id, a colon, and what the node calls the object. */
export interface StudyQueues {
  /** As `ObjectQueue.park`. @throws where the queue is not heard */
  park(name: string, owner: string): Promise<boolean>;
  /** The owner is done with an object, which is acknowledged with this. False: the queue is not heard now. */
  letGo(name: string, owner: string, status: CommandStatus): Promise<boolean>;
  /** What is held by others whose name begins so is delivered again. @param isOwner asked when it is known who holds something */
  disownOthers(begin: string, isOwner: (owner: string) => boolean): Promise<void>;
  /** Something of one of these studies waits to be delivered, or for the flow. @param nodes whose queues are to be heard */
  isWaiting(studies: Iterable<string>, nodes: ReadonlySet<string>): Promise<boolean>;
  /** One of these associations is open still. */
  isOpen(associations: ReadonlySet<string>, nodes: ReadonlySet<string>): Promise<boolean>;
}

/** A message that says that a study is complete. */
export interface StudyFiring {
  /** Acknowledges all of it. */
  id: string;
  number: number;
  reason: FiringReason;
  /** Different objects that have come at all. */
  objects: number;
  /** How often it may have been sent before. */
  redelivered: number;
  listing: Listing;
}

export interface StudiesListener {
  fire(firing: StudyFiring): void;
  /** There is something else to show. */
  changed(): void;
  /** What went wrong beside any message. */
  failed(error: Error): void;
  /** Objects of a study that their queues do not have any more. */
  lost(key: string, objects: number): void;
}

export interface StudiesOptions extends TriggerSettings {
  nodeId: string;
  groupBy: string;
  /** Firings are acknowledged when their message has been sent. */
  acknowledgesItself: boolean;
}

/** A group, as people see it. */
export interface OpenStudy {
  key: string;
  objects: number;
  /** That have come since the last firing. */
  pending: number;
  firings: number;
  /** Firings that wait for their acknowledgement. */
  unacknowledged: number;
  modalities: string[];
  callingAETs: string[];
  /** ISO 8601, as far as known. */
  first?: string;
  last?: string;
  next?: string;
}

const TICK_MS = 250;
/** What was not complete is asked for again. */
const ASK_AGAIN_MS = 1_000;
/** What was given back, or could not be let go, has its next turn. */
const AGAIN_MS = 10_000;
/** Asked of a queue at a time. */
const ASKED = 32;
/** What has been fired is known for so long, so that what comes late is known to be late. */
const KNOWN_MS = 7 * 86_400_000;
const MOST_KNOWN = 10_000;
const FORGET_MS = 60_000;
/** Of an id of a firing: so it is as long as what tells objects of a queue apart (`sequenceOf`). */
const GROUP_DIGITS = 16;
const NUMBER_DIGITS = 7;

/**
 * Collects objects into groups, says when they are complete, and lets their queues hear when the flow is done with them. All of it
 * is in the store before anybody may rely on it.
 */
export class Studies {
  private readonly groups = new Map<string, Group>();
  private readonly byId = new Map<string, Group>();
  private readonly ages: Ages;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** One at a time: a list is large. */
  private emitting: Promise<void> = Promise.resolve();
  private readonly releasing = new Map<Firing, Promise<void>>();
  private forgetAt: number;

  constructor(
    private readonly options: StudiesOptions,
    private readonly store: StudyStore,
    private readonly queues: StudyQueues,
    private readonly listener: StudiesListener,
    private readonly clock: Clock = REAL_CLOCK,
  ) {
    this.ages = new Ages(clock);
    this.forgetAt = clock.now() + FORGET_MS;
  }

  /** Finds what an earlier run left behind. @throws the system's error; UnknownLog */
  async open(): Promise<void> {
    for (const id of await this.store.open()) await this.load(id);
    // Queues may open later than this.
    this.queues
      .disownOthers(`${this.options.nodeId}/study-`, (owner) => this.isOwner(owner))
      .catch((error: unknown) => this.listener.failed(asError(error)));
    for (const group of this.byId.values())
      for (const firing of group.firings.values()) this.resume(group, firing);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.listener.changed();
  }

  /**
   * An object has come. Resolves when it is safe that it is part of its group, and its queue has it parked.
   * @throws ChangesTooLarge; ObjectLost; what the store or the queue throws. Then it is not part of it
   */
  async add(object: StudyObject): Promise<void> {
    const group = this.groupOf(object.key);
    const name = object.queueId ?? object.acknowledgeId;
    if (object.isRedelivered === true && name !== undefined && (await this.isFired(group, name))) return;
    const now = this.clock.now() - (object.isReceived ? this.ages.of(object.receivedAt) : 0);
    const { period } = group;
    const { safe } = this.append(group, group.recordsOf(object, now), now);
    const parked = this.park(name, this.owner(group, period.number), safe);
    const isTaken = parked.then(
      (isParked) => {
        if (name === undefined) return;
        // It may have come in vain before.
        if (isParked) period.lost.delete(name);
        else period.lost.add(name);
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

  /** So many objects are expected, or these. Resolves when that is safe. */
  async expect(key: string, expected: number, instances: readonly string[] | undefined): Promise<void> {
    const group = this.groupOf(key);
    const record = { expect: expected, ...(instances && { instances: instances.slice(0, MOST_NAMED) }) };
    await this.append(group, [record], this.clock.now()).safe;
  }

  /** The keys of groups that are open and of which this is true of a study. */
  keysOf(studyInstanceUID: string): string[] {
    return [...this.groups.values()]
      .filter(({ period }) => period.studies.has(studyInstanceUID))
      .map(({ key }) => key);
  }

  /** Sends what has come of a group. False: nothing has. */
  fireNow(key: string): boolean {
    const group = this.groups.get(this.nameOf(key));
    if (group === undefined || group.period.objects === 0) return false;
    this.fire(group, 'control');
    return true;
  }

  /** Does not say for so long that a group is complete, unless what was expected has come. False: there is nothing of it. */
  async extend(key: string, milliseconds: number): Promise<boolean> {
    const group = this.groups.get(this.nameOf(key));
    if (group === undefined || group.period.objects === 0) return false;
    await this.append(group, [{ extend: milliseconds }], this.clock.now()).safe;
    this.listener.changed();
    return true;
  }

  /** Forgets a group. What came since the last firing is given up: it becomes dead letters of its queues. False: it is not known. */
  async forget(key: string, status: CommandStatus): Promise<boolean> {
    const group = this.groups.get(this.nameOf(key));
    if (group === undefined) return false;
    if (group.period.objects > 0) {
      const number = await this.cut(group, 'control');
      await this.acknowledge(this.firingId(group, number), status);
    }
    // Those that wait for their acknowledgement are known until they have it.
    if (group.firings.size > 0) {
      this.groups.delete(this.nameOf(key));
      const name = `${this.nameOf(key)}\n${group.id}`;
      this.groups.set(name, group);
    } else await this.drop(group);
    this.listener.changed();
    return true;
  }

  /** The flow is done with a firing. Resolves when that is safe; its objects hear of it next. */
  async acknowledge(id: string, status: CommandStatus): Promise<AnswerOutcome> {
    const found = this.find(id);
    if (found === undefined) return this.isPast(id) ? 'alreadyAnswered' : 'unknown';
    const { group, firing } = found;
    if (firing.status !== undefined) return 'alreadyAnswered';
    await this.append(group, [{ acknowledged: firing.number, status }], this.clock.now()).safe;
    this.release(group, firing);
    this.listener.changed();
    return 'answered';
  }

  /** Waits for its acknowledgement. */
  isUnacknowledged(id: string): boolean {
    return this.find(id)?.firing.status === undefined && this.find(id) !== undefined;
  }

  /** The flow gives it back: it is sent again, in a while or when flows start. */
  giveBack(id: string): boolean {
    const found = this.find(id);
    if (found === undefined || found.firing.status !== undefined) return false;
    found.firing.againAt = this.clock.now() + AGAIN_MS;
    return true;
  }

  /** Sends the unacknowledged firings of a group again. False: there are none. */
  repeat(key: string): boolean {
    const group = this.groups.get(this.nameOf(key));
    const firings = [...(group?.firings.values() ?? [])].filter(({ status }) => status === undefined);
    if (group === undefined || firings.length === 0) return false;
    for (const firing of firings) this.emit(group, firing);
    return true;
  }

  /** Flows have started: what was given back goes to nodes that are there again, and queues may be heard. */
  flowsStarted(): void {
    for (const group of this.byId.values())
      for (const firing of group.firings.values())
        if (firing.againAt !== undefined) firing.againAt = -Infinity;
  }

  /** What waits for a firing or an acknowledgement, the next to fire first; `most` of it. */
  openStudies(most: number): { studies: OpenStudy[]; total: number } {
    const waits = ({ period, firings }: Group): boolean =>
      period.objects > 0 || [...firings.values()].some(({ status }) => status === undefined);
    const open = [...this.byId.values()].filter(waits);
    const timed = open.map((group) => ({ group, next: this.nextOf(group) }));
    timed.sort((one, other) => one.next - other.next || (one.group.key < other.group.key ? -1 : 1));
    return {
      total: open.length,
      studies: timed.slice(0, most).map(({ group, next }) => this.shown(group, next)),
    };
  }

  /** For the status. `next`: milliseconds of the wall clock; Infinity: not known. */
  summary(): { open: number; next: number; unacknowledged: number } {
    let [open, next, unacknowledged] = [0, Infinity, 0];
    for (const group of this.byId.values()) {
      if (group.period.objects > 0) open += 1;
      next = Math.min(next, this.nextOf(group));
      unacknowledged += [...group.firings.values()].filter(({ status }) => status === undefined).length;
    }
    return {
      open,
      next: next === Infinity ? next : next - this.clock.now() + this.clock.wall(),
      unacknowledged,
    };
  }

  /** Resolves when nothing is under way. What has not been fired or acknowledged is there the next time. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.emitting;
    await Promise.allSettled(this.releasing.values());
    await this.store.close();
  }

  private nextOf(group: Group): number {
    if (group.period.objects === 0) return Infinity;
    return nextFiring(this.options, group.facts(this.clock.now(), this.options));
  }

  private shown({ key, uids, period, firings, present }: Group, next: number): OpenStudy {
    const wall = next - this.clock.now() + this.clock.wall();
    return {
      key,
      objects: uids.size,
      pending: period.objects,
      firings: period.number - 1,
      unacknowledged: [...firings.values()].filter(({ status }) => status === undefined).length,
      modalities: [...present].filter((each) => /^[A-Z]{2,16}$/.test(each)).slice(0, 16),
      callingAETs: [...period.callingAETs].slice(0, 16),
      ...(period.first !== undefined && { first: period.first }),
      ...(period.last !== undefined && { last: period.last }),
      ...(next < Infinity && { next: new Date(wall).toISOString() }),
    };
  }

  private nameOf(key: string): string {
    return `${this.options.groupBy}\n${key}`;
  }

  private groupOf(key: string): Group {
    const name = this.nameOf(key);
    const existing = this.groups.get(name);
    if (existing !== undefined) return existing;
    const group = new Group(
      randomBytes(GROUP_DIGITS / 2).toString('hex'),
      key,
      this.options.groupBy,
      this.clock.now(),
    );
    this.groups.set(name, group);
    this.byId.set(group.id, group);
    return group;
  }

  private owner({ id }: Group, number: number): string {
    return `${this.options.nodeId}/study-${id}-${number}`;
  }

  private isOwner(owner: string): boolean {
    const [, id = '', number] = /\/study-([0-9a-f]{16})-(\d{1,9})$/.exec(owner) ?? [];
    const group = this.byId.get(id);
    const isPending = group?.period.number === Number(number) && group.period.objects > 0;
    return isPending || group?.firings.has(Number(number)) === true;
  }

  private firingId({ id }: Group, number: number): string {
    return `${id}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
  }

  private find(id: string): { group: Group; firing: Firing } | undefined {
    const group = this.byId.get(id.slice(0, GROUP_DIGITS));
    const number = Number(id.slice(GROUP_DIGITS + 1));
    const firing = group?.firings.get(number);
    return group === undefined || firing === undefined || this.firingId(group, number) !== id
      ? undefined
      : { group, firing };
  }

  /** It was acknowledged, and all of it let go. */
  private isPast(id: string): boolean {
    const group = this.byId.get(id.slice(0, GROUP_DIGITS));
    const number = Number(id.slice(GROUP_DIGITS + 1));
    return group !== undefined && number >= 1 && number < group.period.number;
  }

  /** Writes records, and takes them in at once; where they cannot be written, all that memory has of the group is read again. */
  private append(group: Group, records: readonly LogRecord[], cameAt: number): { safe: Promise<void> } {
    const head: LogRecord[] = group.isNew
      ? [{ group: group.id, key: group.key, by: group.by, version: 1 }]
      : [];
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
    for (const group of this.byId.values()) {
      this.look(group, now);
      for (const firing of group.firings.values()) {
        if (firing.againAt === undefined || firing.againAt > now) continue;
        delete firing.againAt;
        this.resume(group, firing);
      }
    }
    if (now >= this.forgetAt) this.forgetOld(now);
  }

  private look(group: Group, now: number): void {
    if (group.isStale) {
      if (now >= group.askAt)
        this.reload(group).catch((error: unknown) => this.listener.failed(asError(error)));
      return;
    }
    if (group.period.objects === 0 || group.isAsking || now < group.askAt) return;
    const trigger = triggerOf(this.options, group.facts(now, this.options));
    if (trigger === undefined) return;
    if (trigger.quiet !== true) {
      this.fire(group, trigger.reason);
      return;
    }
    group.isAsking = true;
    this.ask(group, trigger)
      .catch((error: unknown) => this.listener.failed(asError(error)))
      .finally(() => {
        group.isAsking = false;
        group.askAt = this.clock.now() + ASK_AGAIN_MS;
      });
  }

  private async ask(group: Group, trigger: Trigger): Promise<void> {
    const { period } = group;
    const { lastAt, objects, studies, associations, nodes } = period;
    if (await this.queues.isWaiting(studies, nodes)) return;
    if (trigger.ended === true && (await this.queues.isOpen(associations, nodes))) return;
    // Something may have come while we asked.
    const isSame = group.period === period && period.lastAt === lastAt && period.objects === objects;
    if (isSame && !this.isClosed) this.fire(group, trigger.reason);
  }

  private fire(group: Group, reason: FiringReason): void {
    const firing = this.cut(group, reason).then((number) => {
      const found = group.firings.get(number);
      if (found !== undefined) this.emit(group, found);
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

  private resume(group: Group, firing: Firing): void {
    if (firing.status === undefined) this.emit(group, firing);
    else this.release(group, firing);
  }

  private emit(group: Group, firing: Firing): void {
    const emitted = this.emitting.then(() => this.emitNow(group, firing));
    this.emitting = emitted.catch((error: unknown) => {
      const isUnheard = error instanceof WorkerNotRunning || error instanceof RequestTimedOut;
      if (!isUnheard) this.listener.failed(asError(error));
      firing.againAt = this.clock.now() + (isUnheard ? ASK_AGAIN_MS : AGAIN_MS);
    });
  }

  private async emitNow(group: Group, firing: Firing): Promise<void> {
    if (this.isClosed || firing.status !== undefined || group.firings.get(firing.number) !== firing) return;
    if (firing.isUnsure) await this.makeSure(group, firing);
    const listing = await this.listing(group, firing);
    const id = this.firingId(group, firing.number);
    if (listing.added > 0) {
      if (this.isClosed) return;
      const redelivered = firing.sent;
      firing.sent += 1;
      const { number, reason } = firing;
      this.listener.fire({ id, number, reason, objects: group.uids.size, redelivered, listing });
      // Node-RED passes messages on in later turns: who closes in between has not sent it.
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (this.isClosed) return;
    }
    if (this.options.acknowledgesItself || listing.added === 0) await this.acknowledge(id, { status: 0 });
  }

  /** An earlier run may have ended before they were parked. */
  private async makeSure(group: Group, firing: Firing): Promise<void> {
    const { held } = await this.listing(group, firing);
    const lost = new Set<string>();
    await soManyAtATime(ASKED, held, async (name) => {
      if (!(await this.queues.park(name, this.owner(group, firing.number)))) lost.add(name);
    });
    firing.isUnsure = false;
    if (lost.size === 0) return;
    firing.lost = new Set([...firing.lost, ...lost]);
    this.listener.lost(group.key, lost.size);
  }

  private listing({ id }: Group, { from, to, lost }: Firing): Promise<Listing> {
    return listingOf(this.store.read(id, from, to), lost);
  }

  /** Lets all objects of an acknowledged firing go. */
  private release(group: Group, firing: Firing): void {
    if (this.releasing.has(firing)) return;
    const released = this.releaseAll(group, firing)
      .catch((error: unknown) => {
        this.listener.failed(asError(error));
        firing.againAt = this.clock.now() + AGAIN_MS;
      })
      .finally(() => this.releasing.delete(firing));
    this.releasing.set(firing, released);
  }

  private async releaseAll(group: Group, firing: Firing): Promise<void> {
    const { status, number } = firing;
    if (status === undefined) return;
    const { held } = await this.listing(group, firing);
    let isDone = true;
    await soManyAtATime(ASKED, held, async (name) => {
      if (this.isClosed || !(await this.queues.letGo(name, this.owner(group, number), status)))
        isDone = false;
    });
    if (!isDone) {
      firing.againAt = this.clock.now() + AGAIN_MS;
      return;
    }
    await this.append(group, [{ released: number }], this.clock.now()).safe;
    if (group.isDone) await this.compact(group);
    this.listener.changed();
  }

  /** Nothing but what was seen is left of a group that waits for nothing. */
  private async compact(group: Group): Promise<void> {
    // Forgotten while it waited for this.
    if (this.groups.get(`${group.by}\n${group.key}`) !== group) {
      await this.drop(group);
      return;
    }
    const { safe } = this.store.replace(
      group.id,
      knownRecords(group, new Date(this.clock.wall()).toISOString()),
    );
    group.period = new Period(group.period.number, 0);
    await this.unlessUnsafe(group, safe);
  }

  private async drop(group: Group): Promise<void> {
    this.unlist(group);
    await this.store.remove(group.id);
  }

  private forgetOld(now: number): void {
    this.forgetAt = now + FORGET_MS;
    const done = [...this.byId.values()].filter((group) => group.isDone && !group.isNew);
    done.sort((one, other) => one.usedAt - other.usedAt);
    const old = done.filter(
      ({ usedAt }, index) => now - usedAt > KNOWN_MS || index < done.length - MOST_KNOWN,
    );
    for (const group of old) this.drop(group).catch((error: unknown) => this.listener.failed(asError(error)));
  }

  private async load(id: string): Promise<void> {
    const group = await this.found(id);
    if (group === undefined) await this.store.remove(id);
    else this.list(group);
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

  private list(group: Group): void {
    this.byId.set(group.id, group);
    const name = `${group.by}\n${group.key}`;
    this.groups.set(this.groups.has(name) ? `${name}\n${group.id}` : name, group);
  }

  /** A record that an earlier run has written. */
  private takeAgain(group: Group, record: LogRecord, at: number): void {
    const now = this.clock.now();
    group.take(record, at, 'i' in record ? record.t : now, this.options);
    if ('i' in record) group.period.isUnsure = true;
    if ('known' in record) group.usedAt = now - Math.max(0, this.clock.wall() - Date.parse(record.since));
  }

  private async reload(group: Group): Promise<void> {
    if (this.byId.get(group.id) !== group) return;
    if (!group.isSafe) {
      this.unlist(group);
      return;
    }
    group.isStale = true;
    group.askAt = this.clock.now() + ASK_AGAIN_MS;
    const fresh = await this.found(group.id);
    if (this.byId.get(group.id) !== group) return;
    this.unlist(group);
    if (fresh !== undefined) this.list(fresh);
  }

  private unlist(group: Group): void {
    for (const [name, each] of this.groups) if (each === group) this.groups.delete(name);
    this.byId.delete(group.id);
  }
}

/** Its queue did not have the object any more when the node wanted to take it on. */
export class ObjectLost extends Error {
  override readonly name = 'ObjectLost';
}

/** By the first record. Undefined: it is another one. @throws UnknownLog */
function groupOf(record: LogRecord, id: string, now: number): Group | undefined {
  if (!('group' in record)) return undefined;
  if (record.version !== 1) throw new UnknownLog(`the log of a study has version ${String(record.version)}`);
  const group = new Group(id, record.key, record.by, now);
  group.isNew = false;
  group.isSafe = true;
  return group;
}

function knownRecords(group: Group, since: string): LogRecord[] {
  const { id, key, by, period, uids, expected, named, present, wasMet } = group;
  const isExpecting = expected !== undefined || named !== undefined;
  return [
    { group: id, key, by, version: 1 },
    { known: period.number - 1, since },
    ...[...uids.texts()].map((text) => ({ uids: text })),
    ...(present.size > 0 ? [{ present: [...present] }] : []),
    ...(isExpecting
      ? [{ expect: expected ?? 0, ...(named && { instances: named }), ...(wasMet && { met: true as const }) }]
      : []),
  ];
}
