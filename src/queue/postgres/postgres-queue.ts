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
import { ClaimedObject } from './claimed-object';
import { ClaimedObjects, type ClaimSource } from './claimed-objects';
import { DatabaseUnusable, failureText, isAway } from './client';
import { Database, type DatabaseConfig } from './database';
import { Grouped } from './grouped';
import { instanceName } from './instance-name';
import { Later } from './later';
import { LocalCopies, SMALL_BYTES } from './local-copies';
import { ObjectCount } from './object-count';
import { idOfNumber, numberIn, ObjectNumbers } from './object-numbers';
import { CHUNK_BYTES, ObjectRows, type NewRow, type ObjectRow } from './object-rows';
import { databaseAway, PutGroups } from './put-groups';
import { PostgresWriter } from './postgres-writer';
import { queueState, type QueueState } from './queue-state';
import { RemoteAnswers, type RemoteAnswer } from './remote-answers';
import { prepareSchema } from './schema';
import { checkDurable, checkNotPooled } from './server-checks';
import { Session } from './session';
import { Sweeper } from './sweeper';
import { Waiters } from './waiters';

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
/** Statements that put objects, at a time. */
const MOST_PUTS = 4;
const LEFTOVER_MS = 60_000;
/** Node-RED does not wait for ever. */
const FAREWELL_MS = 3_000;
/**
 * A queue in PostgreSQL that several instances share: each puts objects into it, and each can deliver them. All objects of an
 * association are one instance's at a time, in order, for as long as its session lives.
 */
export class PostgresQueue implements ObjectQueue {
  readonly deadLetters: DeadLetters;
  private readonly claimed: ClaimedObjects;
  private readonly count = new ObjectCount();
  private readonly waiters = new Waiters();
  private readonly handles = new OpenHandles();
  private readonly kept: KeptDelivered;
  private readonly parts = new Set<PartFile>();
  private readonly space: FreeSpace;
  private readonly leftovers = new OnceInAWhile(LEFTOVER_MS);
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

  private pollTimer: NodeJS.Timeout | undefined;
  private notifyTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PostgresQueueOptions) {
    this.directory = join(options.directory, 'shared');
    this.space = new FreeSpace(this.directory, options.minFreeBytes ?? 0, realFiles);
    const failed = (error: unknown): void => this.failed(error);
    this.claimed = new ClaimedObjects(
      () => (this.isOpen ? this.link : undefined),
      options.delivers !== false,
      {
        claimed: ({ id, waiter }) => {
          if (waiter !== undefined && waiter !== this.db.session.run) this.waiters.add(id, waiter);
        },
        failed,
      },
    );
    this.keeping = new Later((seqs) => this.db.rows.keep(seqs, this.db.session.run), failed);
    this.removing = new Later((seqs) => this.db.rows.removeDelivered(seqs), failed);
    this.removals = new Grouped(async (objects) => {
      const removed = await this.count.during(
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
    // What others have put, and this one has removed, may not have been counted yet.
    return Math.max(0, this.count.value);
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
    this.claimed.begin();
    this.isOpen = true;
    await this.link.session.begin();
    this.count.value = await this.link.rows.count();
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
        ended: () => this.claimed.dropAll(),
        beat: () => this.beaten(),
        failed: (error) => this.failed(error),
      },
    );
    return {
      database,
      rows,
      session,
      copies: new LocalCopies(rows, this.directory),
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
      await this.count.during(
        () => this.put(puts, part, row),
        () => 1,
      );
      const bytes = part.takeCollected();
      if (bytes !== undefined) this.claimed.received(id, this.db.copies.of(bytes), note, size);
      this.tell();
      this.claimed.fetchSoon();
      return id;
    } catch (error) {
      this.claimed.fetchSoon();
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

  /** Where others deliver, it waits for ever. */
  claim(max: number): Promise<QueuedObject[]> {
    return this.claimed.claim(max);
  }

  delivered(id: string): void {
    this.claimed.delivered(id);
  }

  reclaim(id: string): Promise<QueuedObject | undefined> {
    return this.claimed.reclaim(id);
  }

  release(id: string): void {
    this.claimed.release(id);
  }

  postpone(id: string): void {
    this.claimed.postpone(id);
  }

  extend(id: string): Promise<boolean> {
    return Promise.resolve(this.claimed.isInFlight(id));
  }

  // What becomes of an object

  async remove(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const isRemoved = await this.removals.add({ seq: numberIn(id), id });
    const isKnown = isRemoved || (await this.acknowledgeOther(id));
    this.claimed.drop(id);
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
    if (!this.claimed.isInFlight(id)) return;
    this.claimed.drop(id);
    this.count.changed(-1);
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
    const isParked = await this.count.during(
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
    this.claimed.drop(id);
    return true;
  }

  async unpark(id: string, owner: string): Promise<Unparked> {
    if (!isObjectId(id)) return { state: 'unknown' };
    const state = await this.claimed.again(this.db, () => this.unparked(id, owner));
    if (state instanceof ClaimedObject) return { state: 'in-flight', object: state.queued() };
    return { state: state ?? 'unknown' } as Unparked;
  }

  /** What has become of it; where it is in flight here now, its row. */
  private unparked(id: string, owner: string): Promise<Unparked['state'] | ObjectRow | undefined> {
    const { rows, session } = this.db;
    const { instance } = this;
    return this.count.during(
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
    await this.count.during(
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
      await this.count.during(
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
    this.claimed.drop(id);
    return true;
  }

  private async requeue(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const isRequeued = await this.count.during(
      () => this.db.rows.requeue(numberIn(id), id),
      (done) => (done ? 1 : 0),
    );
    if (isRequeued) {
      this.claimed.fetchSoon();
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
    const fetched = (await this.db.copies.fetch([row])).get(row.seq);
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
    other.copy = (await this.db.copies.fetch([row])).get(row.seq);
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
    if (!isObjectId(name) && !isAcknowledgeId(name)) return undefined;
    const seq = numberIn(name);
    const here = this.claimed.withNumber(seq);
    if (here !== undefined) return isNameOf(name, here.id) ? here.id : undefined;
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

  /** What is to be watched. Undefined: the database cannot be asked, as is told anyway. */
  async state(): Promise<QueueState | undefined> {
    try {
      return await queueState(this.db.database, this.options, this.db.session.number);
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  // Answers of flows to senders that wait at other instances

  /** Its sender waits at another instance, as far as this one knows. */
  isAwaitedElsewhere(id: string): boolean {
    return this.waiters.has(id);
  }

  /** Passes a flow's answer on. False: nobody else waits for it. @throws the client's error */
  async answerElsewhere(id: string, answer: RemoteAnswer): Promise<boolean> {
    const run = await this.waiters.answer(this.db.answers, id, answer);
    if (run !== undefined) this.notify(`${NEW_ANSWERS}${run}`);
    return run !== undefined;
  }

  private async takeAnswers(): Promise<void> {
    const { options } = this;
    if (options.onAnswer === undefined) return;
    for (const { id, answer } of await this.db.answers.take(this.db.session.run))
      options.onAnswer(id, answer);
  }

  // Notifications, and what is done from time to time

  private heard(payload: string): void {
    if (payload === NEW_OBJECTS) this.claimed.fetchSoon();
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
        await this.claimed.unlease(this.db);
        await this.count.refresh(async () => (await this.db.rows.count()) - this.pendingDelivered);
      }
    } catch (error) {
      this.failed(error);
    }
    this.claimed.fetchSoon();
    this.schedulePoll();
  }

  /** What the flow has got, and is still to be taken out. */
  private get pendingDelivered(): number {
    return this.keeping.size + this.removing.size;
  }

  private beaten(): void {
    if (this.isDown) {
      this.isDown = false;
      this.options.onBack?.();
    }
    this.claimed.fetchSoon();
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
    const { inFlight, others } = this.claimed.close();
    await Promise.race([this.farewell(inFlight, others), delay(FAREWELL_MS)]);
    this.keeping.stop();
    this.removing.stop();
    this.count.value = 0;
    await this.disconnect();
    this.unlock();
  }

  private async farewell(inFlight: readonly ObjectRow[], others: readonly ObjectRow[]): Promise<void> {
    const { rows, session } = this.db;
    session.stop();
    try {
      await this.removing.drain();
      await rows.settle(inFlight);
      await rows.giveBack(others);
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
interface Link extends ClaimSource {
  database: Database;
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
