import { join } from 'node:path';
import { readdirSync, rmSync } from 'node:fs';
import {
  DIRECTORY_MODE,
  FILE_MODE,
  leftoversTo,
  makeDirectory,
  OnceInAWhile,
  realFiles,
  type DirectoryLock,
  type OnWarning,
} from '../../basics';
import { Claims } from '../claims';
import type { DeadLetter, DeadLetters, LetterFacts, LetterPage } from '../dead-letters';
import { LETTERS } from '../dead-letters';
import { PartFile } from '../files';
import { FreeSpace } from '../free-space';
import { KEEP_NOTHING, KeptDelivered, type KeepLimits } from '../kept-delivered';
import { ObjectGone, OpenHandles, type ObjectHandle } from '../object-handle';
import { isAcknowledgeId, isNameOf, isObjectId } from '../object-id';
import {
  queueFull,
  type ObjectFacts,
  type ObjectQueue,
  type ParkedObject,
  type QueueWriter,
  type QueuedObject,
  type Unparked,
} from '../object-queue';
import { withoutOwner, withOwner, type Parking } from '../parking';
import { Suspects } from '../suspects';
import { ClaimedObject } from './claimed-object';
import { DatabaseUnusable, failureText, isAway } from './client';
import { Database, type DatabaseConfig } from './database';
import { FreshCopies } from './fresh-copies';
import { Grouped } from './grouped';
import { instanceName } from './instance-name';
import { Later } from './later';
import { LocalCopies, SMALL_BYTES } from './local-copies';
import { idOfNumber, numberIn, ObjectNumbers } from './object-numbers';
import { CHUNK_BYTES, ObjectRows, type NewRow, type ObjectRow } from './object-rows';
import { OneAtATime } from './one-at-a-time';
import { databaseAway, PutGroups } from './put-groups';
import { PostgresWriter } from './postgres-writer';
import { RemoteAnswers, type RemoteAnswer } from './remote-answers';
import { prepareSchema } from './schema';
import { checkDurable, checkNotPooled } from './server-checks';
import { Session } from './session';
import { Sweeper } from './sweeper';

export interface PostgresQueueOptions extends Partial<KeepLimits> {
  database: DatabaseConfig;
  /** As `isPlainName`. */
  schema: string;
  /** As `isPlainName`: which of the queues in the schema. */
  queue: string;
  /** For what is being received, or is in flight here. Only one process, and one queue of it, has it at a time. */
  directory: string;
  /** Of all instances together. */
  maxObjects: number;
  /** Bytes that must stay free on the disk of the directory; below, nothing is taken. */
  minFreeBytes?: number;
  /** False: `claim` waits for ever, for others deliver. */
  delivers?: boolean;
  /** Other times than the usual ones, for tests. */
  leaseSeconds?: number;
  parkedSeconds?: number;
  onLeftover(error: Error): void;
  onWarning?: OnWarning;
  /** The database cannot be asked; it is tried again. */
  onAway?(reason: string): void;
  /** It can be asked again. */
  onBack?(): void;
  /** A flow, on whatever machine, has answered to an object of which the sender waits here. */
  onAnswer?(id: string, answer: RemoteAnswer): void;
}

/** Without a notification, new objects are found within this. */
const POLL_MS = 1_000;
/** A notification costs a transaction of its own, and tells of all that has come since the last. */
const NOTIFY_MS = 20;
/** The objects are counted that often at most, and so seldom that it takes one part in so many of the time. */
const COUNT_MS = 1_000;
const COUNT_SHARE = 50;
/** Without an exact count for so long, one that is not will do. */
const INEXACT_MS = 3_000;
/** Statements that put objects, at a time. */
const MOST_PUTS = 4;
const LEFTOVER_MS = 60_000;
/** Node-RED does not wait for ever. */
const FAREWELL_MS = 3_000;
/** Objects of which the sender waits elsewhere are remembered after their delivery. */
const MOST_WAITERS = 10_000;

/**
 * A queue in PostgreSQL that several instances share: each puts objects into it, and each can deliver them. All objects of an
 * association are one instance's at a time, in order, for as long as its session lives.
 */
export class PostgresQueue implements ObjectQueue {
  readonly deadLetters: DeadLetters;
  private readonly claims = new Claims(() => this.take());
  private readonly claimed = new Map<string, ClaimedObject>();
  private readonly inFlight = new Set<string>();
  /** Claimed, and given to nobody yet. */
  private readonly ready = new Set<string>();
  private readonly suspects = new Suspects(() => this.claims.wake());
  private readonly fresh = new FreshCopies();
  private readonly handles = new OpenHandles();
  private readonly kept: KeptDelivered;
  private readonly parts = new Set<PartFile>();
  private readonly space: FreeSpace;
  private readonly leftovers = new OnceInAWhile(LEFTOVER_MS);
  /** What changes which associations this instance has. */
  private readonly leasing = new OneAtATime();
  /** Runs of the instances at which senders wait, by the object's id. */
  private readonly waiters = new Map<string, number>();
  private readonly streams = new Map<string, Promise<number>>();
  private readonly removals: Grouped<Pick<ObjectRow, 'seq' | 'id'>, boolean>;
  private readonly keeping: Later;
  private readonly removing: Later;

  private readonly directory: string;
  private lock: DirectoryLock | undefined;
  private instance = '';
  private openedAt = 0;
  private nextPart = 0;
  private isOpen = false;
  private isDown = false;
  private link: Link | undefined;

  private total = 0;
  /** Changes of `total` that are under way, and that were. */
  private changing = 0;
  private changes = 0;
  private countDue = 0;
  private countedAt = 0;

  private wanted = 0;
  private isFetching = false;
  private fetchAgain = false;
  private mayHaveOthers = false;
  private pollTimer: NodeJS.Timeout | undefined;
  private notifyTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PostgresQueueOptions) {
    this.directory = join(options.directory, 'shared');
    this.space = new FreeSpace(this.directory, options.minFreeBytes ?? 0, realFiles);
    const failed = (error: unknown): void => this.failed(error);
    this.keeping = new Later((seqs) => this.db.rows.keep(seqs, this.db.session.run), failed);
    this.removing = new Later((seqs) => this.db.rows.removeDelivered(seqs), failed);
    this.removals = new Grouped(async (objects) => {
      const removed = await this.counting(
        () => this.db.rows.removeQueued(objects),
        ({ size }) => -size,
      );
      return objects.map(({ id }) => removed.has(id));
    });
    this.kept = new KeptDelivered(
      { ...KEEP_NOTHING, ...options },
      {
        keep: (id) => this.keeping.add(numberIn(id)),
        remove: (id) => this.removeDelivered(id),
        discardKept: (id) => this.removeDelivered(id),
        restore: (id) => this.keeping.delete(numberIn(id)),
      },
      leftoversTo((error) => options.onLeftover(error)),
      () => undefined,
    );
    this.deadLetters = {
      list: (page) => this.letters(page),
      count: () => this.db.rows.countLetters(),
      has: async (id) => (await this.findRow(id, 'dead')) !== undefined,
      requeue: (id) => this.requeue(id),
      discard: async (id) => isObjectId(id) && this.db.rows.removeDead(numberIn(id), id),
    };
  }

  /** Everything that needs the database, once there is one. */
  private get db(): Link {
    if (this.link === undefined) throw databaseAway();
    return this.link;
  }

  get size(): number {
    return this.total;
  }

  /** @throws DatabaseUnusable; an Error with the system's code, or `QUEUE_LOCKED` */
  async open(): Promise<void> {
    const { directory } = this;
    makeDirectory(directory, realFiles, DIRECTORY_MODE);
    this.lock ??= await realFiles.lock(directory, { onWarning: this.options.onWarning }, realFiles);
    try {
      this.instance = instanceName(directory);
      for (const name of readdirSync(directory))
        if (/\.(copy|part)$/.test(name)) rmSync(join(directory, name), { force: true });
      await this.connect();
    } catch (error) {
      // Somebody else may be able to use it.
      this.unlock();
      await this.disconnect();
      if (error instanceof DatabaseUnusable || isOfSystem(error)) throw error;
      throw new DatabaseUnusable('QUEUE_AWAY', failureText(error));
    }
  }

  private async connect(): Promise<void> {
    const { options } = this;
    const database = new Database(options.database);
    this.link = this.newLink(database);
    await checkDurable(database);
    await checkNotPooled(database);
    await prepareSchema(database, options.schema);
    this.openedAt = Date.now();
    this.claims.reset();
    this.isOpen = true;
    await this.link.session.begin();
    this.total = await this.link.rows.count();
    database.listen(
      channelOf(options),
      (payload) => this.heard(payload),
      () => this.heard(NEW_OBJECTS),
    );
    this.link.sweeper.start();
    this.schedulePoll();
  }

  private newLink(database: Database): Link {
    const { schema, queue, leaseSeconds, parkedSeconds, database: config } = this.options;
    const rows = new ObjectRows(database, schema, queue);
    const session = new Session(
      database,
      { schema, queue, instance: this.instance, ...(leaseSeconds !== undefined && { leaseSeconds }) },
      {
        began: () => checkDurable(database),
        ended: () => this.sessionEnded(),
        beat: () => this.beaten(),
        failed: (error) => this.failed(error),
      },
    );
    return {
      database,
      rows,
      session,
      puts: new PutGroups(rows, Math.min(MOST_PUTS, Math.max(1, config.poolSize - 2))),
      numbers: new ObjectNumbers(database, schema),
      answers: new RemoteAnswers(database, schema, queue),
      sweeper: new Sweeper(database, rows, new RemoteAnswers(database, schema, queue), {
        schema,
        queue,
        ...(parkedSeconds !== undefined && { parkedSeconds }),
        failed: (error) => this.failed(error),
        cameBack: (objects) => {
          if (objects > 0) this.heard(NEW_OBJECTS);
        },
      }),
    };
  }

  // What comes in

  begin(head: Buffer): QueueWriter {
    if (!this.isOpen || this.isDown) throw databaseAway();
    if (this.size >= this.options.maxObjects) throw queueFull(this.options.maxObjects);
    this.space.check();
    const path = (): string => join(this.directory, `${(this.nextPart += 1)}.part`);
    const part = new PartFile(path, FILE_MODE, realFiles, SMALL_BYTES);
    this.parts.add(part);
    const writer = new PostgresWriter(
      part,
      (facts) => this.complete(part, facts),
      () => this.parts.delete(part),
    );
    writer.append(head);
    return writer;
  }

  private async complete(
    part: PartFile,
    { note, studyInstanceUID = '', association, isAwaited = false }: ObjectFacts,
  ): Promise<string> {
    const { numbers, puts, session } = this.db;
    let row: NewRow;
    try {
      const seq = await numbers.take();
      const id = idOfNumber(seq, this.openedAt, part.size, part.checksum);
      row = {
        seq,
        id,
        stream: await this.streamOf(association),
        study: studyText(studyInstanceUID),
        size: part.size,
        waiter: isAwaited ? session.run : undefined,
      };
    } catch (error) {
      this.failed(error);
      throw databaseAway();
    }
    try {
      const { id, size } = row;
      await this.counting(
        () => this.put(puts, part, row),
        () => 1,
      );
      const bytes = part.takeCollected();
      if (bytes !== undefined) this.fresh.add(id, { copy: this.copies.of(bytes), note, size });
      this.tell();
      this.fetchSoon();
      return id;
    } catch (error) {
      this.fetchSoon();
      throw error;
    }
  }

  private async put(puts: PutGroups, part: PartFile, row: NewRow): Promise<void> {
    const content = part.content();
    if (content.kind === 'memory') await puts.put(row, content.bytes.copy(0, content.bytes.size));
    else {
      const { fd, size } = content;
      await puts.putLarge(row, async function* () {
        for (let at = 0; at < size; at += CHUNK_BYTES) {
          const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
          for (let done = 0; done < bytes.length;)
            done += await realFiles.read(fd, bytes.subarray(done), bytes.length - done, at + done);
          yield bytes;
        }
      });
    }
  }

  /** The number by which an association is known; that of no association is this instance's. */
  private streamOf(association = ''): Promise<number> {
    const known = this.streams.get(association);
    if (known !== undefined) return known;
    const stream = this.db.numbers.stream();
    this.streams.set(association, stream);
    stream.catch(() => this.streams.delete(association));
    // Of those that end without a word, the oldest goes: another number is another association.
    const [oldest] = this.streams.keys();
    if (this.streams.size > MOST_STREAMS && oldest !== undefined) this.streams.delete(oldest);
    return stream;
  }

  // What goes out

  claim(max: number): Promise<QueuedObject[]> {
    const claimed = this.claims.claim(max);
    this.wanted = max;
    void claimed.then(
      () => (this.wanted = 0),
      () => undefined,
    );
    this.fetchSoon();
    return claimed;
  }

  /** The next that is here. Undefined: there is none, it has to wait for a moment, or it may be somebody else's. */
  private take(): QueuedObject | undefined {
    const id = this.claims.head;
    const object = id === undefined ? undefined : this.claimed.get(id);
    if (object === undefined || !this.db.session.isAlive) return undefined;
    const attempts = { ...object.row, isOpen: true };
    if (!this.suspects.mayBegin(attempts)) return undefined;
    this.claims.shift();
    this.ready.delete(object.id);
    this.inFlight.add(object.id);
    this.suspects.begin(object.id, attempts);
    return object.queued();
  }

  private fetchSoon(): void {
    if (this.wanted === 0 || !this.isOpen || this.options.delivers === false) return;
    if (this.isFetching) {
      this.fetchAgain = true;
      return;
    }
    this.isFetching = true;
    setImmediate(() => void this.fetch());
  }

  private async fetch(): Promise<void> {
    this.fetchAgain = false;
    try {
      if (this.wanted > 0 && this.isOpen && this.db.session.isAlive) await this.fetchUpTo(this.wanted);
    } catch (error) {
      this.failed(error);
    }
    this.isFetching = false;
    if (this.fetchAgain) this.fetchSoon();
  }

  private async fetchUpTo(max: number): Promise<void> {
    const { session } = this.db;
    const { number } = session;
    const objects = await this.leasing.run(() => this.claimRows(number, max));
    if (objects.length === 0) return;
    try {
      await this.readCopies(objects);
    } catch (error) {
      // They are this instance's, and cannot be read now: so they wait again.
      for (const { id } of objects) this.drop(id);
      this.mayHaveOthers = true;
      throw error;
    }
    // Meanwhile, they may have become somebody else's.
    const ids = objects.filter((object) => this.claimed.get(object.id) === object).map(({ id }) => id);
    for (const id of ids) this.ready.add(id);
    this.claims.addAll(ids);
  }

  private async claimRows(session: number, max: number): Promise<ClaimedObject[]> {
    const { rows } = this.db;
    await this.giveBackOthers(session);
    try {
      const found = await rows.claim(session, max);
      if (found.length < max && (await rows.lease(session, max - found.length)) > 0)
        found.push(...(await rows.claim(session, max - found.length)));
      return found.map((row) => this.isMine(row));
    } catch (error) {
      // What the answer would have told is claimed nevertheless.
      this.mayHaveOthers = true;
      throw error;
    }
  }

  private async giveBackOthers(session: number): Promise<void> {
    if (!this.mayHaveOthers) return;
    await this.db.rows.giveBackOthers(
      session,
      [...this.claimed.values()].map(({ row }) => row.seq),
    );
    this.mayHaveOthers = false;
  }

  private isMine(row: ObjectRow): ClaimedObject {
    const object = new ClaimedObject(row);
    this.claimed.set(row.id, object);
    if (row.waiter !== undefined && row.waiter !== this.db.session.run) this.remember(row.id, row.waiter);
    return object;
  }

  private remember(id: string, run: number): void {
    this.waiters.set(id, run);
    const [oldest] = this.waiters.keys();
    if (this.waiters.size > MOST_WAITERS && oldest !== undefined) this.waiters.delete(oldest);
  }

  private async readCopies(objects: readonly ClaimedObject[]): Promise<void> {
    const missing: ClaimedObject[] = [];
    for (const object of objects) {
      const fresh = this.fresh.take(object.id);
      if (fresh === undefined) missing.push(object);
      else Object.assign(object, { copy: fresh.copy, note: fresh.note });
    }
    if (missing.length === 0) return;
    const copies = await this.copies.fetch(missing.map(({ row }) => row));
    for (const object of missing) {
      const copy = copies.get(object.row.seq);
      // Its session has ended meanwhile.
      if (this.claimed.get(object.id) === object) object.copy = copy;
      else copy?.discard();
    }
  }

  private get copies(): LocalCopies {
    return (this.localCopies ??= new LocalCopies(this.db.rows, this.directory));
  }
  private localCopies: LocalCopies | undefined;

  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  async reclaim(id: string): Promise<QueuedObject | undefined> {
    const object = this.claimed.get(id);
    if (object === undefined || !this.inFlight.has(id)) return undefined;
    const row = await this.db.rows.claimAgain(object.row.seq, object.row.lease);
    // It is in flight no more, or in flight elsewhere.
    if (row === undefined || this.claimed.get(id) !== object) {
      this.drop(id);
      return undefined;
    }
    object.row = row;
    this.suspects.end(id);
    this.suspects.begin(id, { ...row, isOpen: true });
    return object.queued();
  }

  /** It is this instance's still. */
  release(id: string): void {
    if (!this.inFlight.delete(id)) return;
    this.suspects.end(id);
    this.ready.add(id);
    this.claims.giveBack(id);
  }

  postpone(id: string): void {
    this.suspects.end(id);
  }

  extend(id: string): Promise<boolean> {
    return Promise.resolve(this.inFlight.has(id));
  }

  /** It is not in flight here any more. */
  private drop(id: string): void {
    const object = this.claimed.get(id);
    if (object === undefined) return;
    this.claimed.delete(id);
    this.inFlight.delete(id);
    if (this.ready.delete(id)) this.claims.withdraw(id);
    this.suspects.end(id);
    object.copy?.discard();
  }

  // What becomes of an object

  async remove(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const isRemoved = await this.removals.add({ seq: numberIn(id), id });
    const isKnown = isRemoved || (await this.acknowledgeOther(id));
    this.drop(id);
    return isKnown;
  }

  /** What somebody holds is removed when nobody does any more. */
  private async acknowledgeOther(id: string): Promise<boolean> {
    const isKnown = await this.db.rows.change({ seq: numberIn(id), id }, async (row, change) => {
      if (row.state === 'parked' && row.parking !== undefined)
        await change.acknowledge({ ...row.parking, isAcknowledged: true });
      return row.state !== 'dead';
    });
    return isKnown ?? false;
  }

  keepDelivered(id: string): void {
    if (!this.inFlight.has(id)) return;
    this.drop(id);
    this.total -= 1;
    this.changes += 1;
    this.kept.add(id);
  }

  isKept(id: string): Promise<boolean> {
    return Promise.resolve(this.kept.has(id));
  }

  private removeDelivered(id: string): void {
    const seq = numberIn(id);
    this.keeping.delete(seq);
    this.removing.add(seq);
  }

  async park(id: string, owner: string): Promise<boolean> {
    if (!isObjectId(id) || this.isLeaving(id)) return false;
    const { instance } = this;
    const isParked = await this.counting(
      () =>
        this.db.rows.change({ seq: numberIn(id), id }, async (row, change) => {
          if (row.state === 'dead') return undefined;
          const isKept = row.state === 'kept' || this.kept.has(id);
          const parking: Parking = row.parking ?? { owners: [], isAcknowledged: isKept };
          await change.park(withOwner(parking, owner), instance);
          return isKept ? 'kept' : 'queued';
        }),
      (was) => (was === 'kept' ? 1 : 0),
    );
    if (isParked === undefined) return false;
    if (isParked === 'kept') this.kept.restore(id);
    this.drop(id);
    return true;
  }

  unpark(id: string, owner: string): Promise<Unparked> {
    if (!isObjectId(id)) return Promise.resolve({ state: 'unknown' });
    return this.leasing.run(() => this.unparkAlone(id, owner));
  }

  private async unparkAlone(id: string, owner: string): Promise<Unparked> {
    const state = await this.unparked(id, owner).catch((error: unknown) => {
      // It may be in flight here nevertheless.
      this.mayHaveOthers = true;
      throw error;
    });
    if (state === undefined) return { state: 'unknown' };
    if (typeof state === 'string') return { state } as Unparked;
    const object = this.isMine(state);
    this.inFlight.add(id);
    try {
      await this.readCopies([object]);
    } catch (error) {
      this.drop(id);
      this.mayHaveOthers = true;
      throw error;
    }
    return { state: 'in-flight', object: object.queued() };
  }

  /** What has become of it; where it is in flight here now, its row. */
  private unparked(id: string, owner: string): Promise<Unparked['state'] | ObjectRow | undefined> {
    const { rows, session } = this.db;
    const { instance } = this;
    return this.counting(
      () =>
        rows.change(
          { seq: numberIn(id), id },
          async (row, change): Promise<Unparked['state'] | ObjectRow> => {
            if (row.parking?.owners.includes(owner) !== true) return 'unknown';
            const parking = withoutOwner(row.parking, owner);
            if (parking.owners.length > 0) {
              await change.park(parking, instance);
              return 'parked';
            }
            if (parking.failure !== undefined) {
              await change.bury(letterOf(row, parking.failure.why, parking.failure.facts));
              return 'dead-letter';
            }
            if (parking.isAcknowledged) {
              await change.remove();
              return 'removed';
            }
            return {
              ...row,
              ...(await change.inFlightAgain(session.number)),
              state: 'queued',
              parking: undefined,
            };
          },
        ),
      (became) => (became === 'dead-letter' || became === 'removed' ? -1 : 0),
    );
  }

  async owners(): Promise<string[]> {
    const parked = await this.db.rows.parked(this.instance);
    return [...new Set(parked.flatMap(({ parking }) => parking?.owners ?? []))];
  }

  async parked(): Promise<ParkedObject[]> {
    const parked = await this.db.rows.parked(this.instance);
    return parked.map(({ id, parking }) => ({ id, owners: parking?.owners ?? [] }));
  }

  async disown(owner: string): Promise<void> {
    const { rows } = this.db;
    for (const { seq, id, parking } of await rows.parked(this.instance))
      if (parking?.owners.includes(owner) === true) await this.disownOne({ seq, id }, owner);
    this.heard(NEW_OBJECTS);
    this.tell();
  }

  private async disownOne(object: Pick<ObjectRow, 'seq' | 'id'>, owner: string): Promise<void> {
    await this.counting(
      () =>
        this.db.rows.change(object, async (row, change) => {
          if (row.parking?.owners.includes(owner) !== true) return 'parked';
          const parking = { ...withoutOwner(row.parking, owner), isAcknowledged: false };
          if (parking.owners.length > 0) await change.park(parking, this.instance);
          else if (parking.failure === undefined) await change.deliverAgain();
          else {
            await change.bury(letterOf(row, parking.failure.why, parking.failure.facts));
            return 'dead-letter';
          }
          return 'parked';
        }),
      (became) => (became === 'dead-letter' ? -1 : 0),
    );
  }

  async setAside(id: string, why: string, facts: LetterFacts = {}, owner?: string): Promise<boolean> {
    if (!isObjectId(id)) return true;
    try {
      await this.counting(
        () =>
          this.db.rows.change({ seq: numberIn(id), id }, async (row, change) => {
            if (row.state === 'dead') return 'none';
            const rest = row.parking && withoutOwner(row.parking, owner);
            if (rest !== undefined && rest.owners.length > 0) {
              await change.park({ ...rest, failure: { why, facts } }, this.instance);
              return 'parked';
            }
            const isKept = row.state === 'kept' || this.kept.has(id);
            await change.bury(letterOf(row, why, facts, isKept));
            return isKept ? 'none' : 'buried';
          }),
        (became) => (became === 'buried' ? -1 : 0),
      );
    } catch (error) {
      this.failed(error);
      this.options.onLeftover(new Error(`an object could not be set aside: ${failureText(error)}`));
      return false;
    }
    if (this.kept.has(id)) this.kept.restore(id);
    this.drop(id);
    return true;
  }

  private async requeue(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const isRequeued = await this.counting(
      () => this.db.rows.requeue(numberIn(id), id),
      (done) => (done ? 1 : 0),
    );
    if (isRequeued) {
      this.fetchSoon();
      this.tell();
    }
    return isRequeued;
  }

  private letters({ after, limit = LETTERS }: LetterPage = {}): Promise<DeadLetter[]> {
    const from = after !== undefined && isObjectId(after) ? numberIn(after) : -1;
    return this.db.rows.letters(from, limit);
  }

  // What is asked of an object

  async openObject(id: string): Promise<ObjectHandle> {
    const copy = this.claimed.get(id)?.copy;
    if (copy !== undefined) return this.handles.add(id, () => copy.pin());
    const row = await this.findRow(id, 'queued', 'parked', 'kept');
    if (row === undefined) throw new ObjectGone(`there is no object ${id} in the queue any more`);
    const fetched = (await this.copies.fetch([row])).get(row.seq);
    if (fetched === undefined) throw new ObjectGone(`there is no object ${id} in the queue any more`);
    try {
      return this.handles.add(id, () => fetched.pin());
    } finally {
      fetched.discard();
    }
  }

  async describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined> {
    const object = this.claimed.get(id);
    if (object?.copy !== undefined) return use(object.queued());
    const row = await this.findRow(id, 'queued', 'parked', 'kept');
    if (row === undefined) return undefined;
    const other = new ClaimedObject(row);
    other.copy = (await this.copies.fetch([row])).get(row.seq);
    try {
      return use(other.queued());
    } finally {
      other.copy?.discard();
    }
  }

  waiting(studyInstanceUID: string): Promise<number> {
    return this.db.rows.countOfStudy(studyText(studyInstanceUID));
  }

  async idOf(name: string): Promise<string | undefined> {
    if (this.claimed.has(name)) return name;
    if (!isObjectId(name) && !isAcknowledgeId(name)) return undefined;
    const seq = numberIn(name);
    for (const { row } of this.claimed.values()) if (row.seq === seq && isNameOf(name, row.id)) return row.id;
    const row = this.removing.has(seq) ? undefined : await this.db.rows.find(seq);
    if (row === undefined || row.state === 'dead' || !isNameOf(name, row.id)) return undefined;
    return row.id;
  }

  private async findRow(
    id: string,
    ...states: readonly ObjectRow['state'][]
  ): Promise<ObjectRow | undefined> {
    if (!isObjectId(id) || this.isLeaving(id)) return undefined;
    const row = await this.db.rows.find(numberIn(id));
    return row?.id === id && states.includes(row.state) ? row : undefined;
  }

  /** It is to be removed, and the database has not done so yet. */
  private isLeaving(id: string): boolean {
    return this.removing.has(numberIn(id));
  }

  // Answers of flows to senders that wait at other instances

  /** Its sender waits at another instance, as far as this one knows. */
  isAwaitedElsewhere(id: string): boolean {
    return this.waiters.has(id);
  }

  /** Passes a flow's answer on. False: nobody else waits for it. @throws the client's error */
  async answerElsewhere(id: string, answer: RemoteAnswer): Promise<boolean> {
    const run = this.waiters.get(id);
    if (run === undefined) return false;
    this.waiters.delete(id);
    try {
      const isGiven = await this.db.answers.give(run, id, answer);
      if (isGiven) this.notify(`${NEW_ANSWERS}${run}`);
      return isGiven;
    } catch (error) {
      this.waiters.set(id, run);
      throw error;
    }
  }

  private async takeAnswers(): Promise<void> {
    const { onAnswer } = this.options;
    if (onAnswer === undefined) return;
    for (const { id, answer } of await this.db.answers.take(this.db.session.run)) onAnswer(id, answer);
  }

  // Notifications, and what is done from time to time

  private heard(payload: string): void {
    if (payload === NEW_OBJECTS) this.fetchSoon();
    else if (payload === `${NEW_ANSWERS}${this.link?.session.run}`)
      this.takeAnswers().catch((error: unknown) => this.failed(error));
  }

  /** Others hear of what has come. */
  private tell(): void {
    if (!this.isOpen) return;
    this.notifyTimer ??= setTimeout(() => {
      this.notifyTimer = undefined;
      this.notify(NEW_OBJECTS);
    }, NOTIFY_MS);
  }

  private notify(payload: string): void {
    this.link?.database
      .rows('SELECT pg_notify($1, $2)', [channelOf(this.options), payload])
      // They look for it from time to time.
      .catch((error: unknown) => this.failed(error));
  }

  private schedulePoll(): void {
    if (this.isOpen) this.pollTimer = setTimeout(() => void this.poll(), POLL_MS);
  }

  private async poll(): Promise<void> {
    try {
      if (this.db.session.isAlive) {
        await this.takeAnswers();
        await this.db.puts.removeDoubtful();
        await this.unlease();
        await this.recount();
      }
    } catch (error) {
      this.failed(error);
    }
    this.fetchSoon();
    this.schedulePoll();
  }

  /** Others may have the associations of which nothing is in flight here. */
  private async unlease(): Promise<void> {
    const { session, rows } = this.db;
    await this.leasing.run(async () => {
      await this.giveBackOthers(session.number);
      const streams = new Set([...this.claimed.values()].map(({ row }) => row.stream));
      await rows.unlease(session.number, [...streams]);
    });
  }

  private async recount(): Promise<void> {
    const began = performance.now();
    if (began < this.countDue) return;
    const { changes } = this;
    const total = await this.db.rows.count();
    const now = performance.now();
    const took = now - began;
    // What has changed meanwhile may be in it, or not; where there is always something, a few do not matter.
    const isExact = this.changing === 0 && this.changes === changes;
    if (!isExact && now - this.countedAt < INEXACT_MS) return;
    this.countedAt = now;
    this.total = total - this.pendingDelivered;
    this.countDue = performance.now() + Math.max(COUNT_MS, took * COUNT_SHARE);
  }

  /** What the flow has got, and is still to be taken out. */
  private get pendingDelivered(): number {
    return this.keeping.size + this.removing.size;
  }

  /** Does what changes the number of objects. */
  private async counting<T>(work: () => Promise<T>, by: (result: T) => number): Promise<T> {
    this.changing += 1;
    try {
      const result = await work();
      this.total += by(result);
      return result;
    } finally {
      this.changing -= 1;
      this.changes += 1;
    }
  }

  private sessionEnded(): void {
    for (const id of [...this.claimed.keys()]) this.drop(id);
  }

  private beaten(): void {
    if (this.isDown) {
      this.isDown = false;
      this.options.onBack?.();
    }
    this.fetchSoon();
  }

  /** A statement has failed: what it was to do is done later, or whoever wanted it has been told. */
  private failed(error: unknown): void {
    if (!this.isOpen) return;
    if (isAway(error)) {
      if (this.isDown) return;
      this.isDown = true;
      this.options.onAway?.(failureText(error));
      this.link?.session.beatSoon();
    } else if (this.leftovers.passes(failureText(error)))
      this.options.onLeftover(new Error(`the database of the queue: ${failureText(error)}`));
  }

  /** Others go on with what waits. What is in flight comes again; it is known that it did not end this process. */
  async close(): Promise<void> {
    if (!this.isOpen) {
      await this.disconnect();
      return;
    }
    this.isOpen = false;
    clearTimeout(this.pollTimer);
    clearTimeout(this.notifyTimer);
    this.handles.closeAll();
    for (const part of this.parts) part.discard();
    this.parts.clear();
    this.kept.clear();
    const objects = [...this.claimed.values()];
    const inFlight = objects.filter(({ id }) => this.inFlight.has(id));
    const others = objects.filter(({ id }) => !this.inFlight.has(id));
    this.claims.close();
    for (const { id } of objects) this.drop(id);
    this.claims.close();
    this.fresh.clear();
    this.suspects.clear();
    await Promise.race([this.farewell(inFlight, others), delay(FAREWELL_MS)]);
    this.keeping.stop();
    this.removing.stop();
    this.total = 0;
    await this.disconnect();
    this.unlock();
  }

  private async farewell(
    inFlight: readonly ClaimedObject[],
    others: readonly ClaimedObject[],
  ): Promise<void> {
    const { rows, session } = this.db;
    session.stop();
    try {
      await this.removing.flush();
      await rows.settle(inFlight.map(({ row }) => row));
      await rows.giveBack(others.map(({ row }) => row));
      await session.end();
      this.notify(NEW_OBJECTS);
    } catch (error) {
      // Its session ends by itself.
      this.options.onLeftover(new Error(`the database of the queue: ${failureText(error)}`));
    }
  }

  private async disconnect(): Promise<void> {
    const { link } = this;
    this.isOpen = false;
    this.link = undefined;
    this.localCopies = undefined;
    link?.session.stop();
    link?.sweeper.stop();
    if (link !== undefined) await Promise.race([link.database.end(), delay(FAREWELL_MS)]);
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}

/** What there is while there is a database. */
interface Link {
  database: Database;
  rows: ObjectRows;
  session: Session;
  puts: PutGroups;
  numbers: ObjectNumbers;
  answers: RemoteAnswers;
  sweeper: Sweeper;
}

/** So many associations are known by number; more than can be open. */
const MOST_STREAMS = 20_000;

const NEW_OBJECTS = 'objects';
const NEW_ANSWERS = 'answers ';

function channelOf({ schema, queue }: Pick<PostgresQueueOptions, 'schema' | 'queue'>): string {
  // A name may have 63 bytes.
  return `dicom_${schema}_${queue}`.slice(0, 63);
}

/** A UID, as it is compared: PostgreSQL takes no NUL, and perhaps no character beyond ASCII. */
function studyText(uid: string): string {
  return uid.replace(/[^\x21-\x7e]/g, '').slice(0, 128);
}

function letterOf(row: ObjectRow, why: string, facts: LetterFacts, isKept = false): DeadLetter {
  const hasFlowGotIt = isKept || row.state === 'parked' || facts.status !== undefined;
  const { id, deliveries, crashes } = row;
  const at = new Date().toISOString();
  return { id, at, why, deliveries: deliveries + (hasFlowGotIt ? 1 : 0), crashes, ...facts };
}

function isOfSystem(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code !== undefined && /^(QUEUE_[A-Z_]+|E(ACCES|ROFS|NOSPC|NOENT|PERM|ISDIR|NOTDIR|EXIST))$/.test(code)
  );
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
