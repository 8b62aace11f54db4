import { join } from 'node:path';
import { readdirSync, rmSync } from 'node:fs';
import {
  DIRECTORY_MODE,
  makeDirectory,
  OnceInAWhile,
  realFiles,
  type DirectoryLock,
  type OnWarning,
} from '../../basics';
import type { DeadLetters, LetterFacts } from '../dead-letters';
import { FreeSpace } from '../free-space';
import { KEEP_NOTHING, type KeepLimits } from '../kept-delivered';
import { ObjectGone, OpenHandles, type ObjectHandle } from '../object-handle';
import { isAcknowledgeId, isNameOf, isObjectId } from '../object-id';
import {
  queueFull,
  QueueRefusal,
  type ObjectQueue,
  type ParkedObject,
  type QueueWriter,
  type QueuedObject,
  type Unparked,
} from '../object-queue';
import { Arrivals, studyText } from './arrivals';
import { ClaimedObject } from './claimed-object';
import { ClaimedObjects } from './claimed-objects';
import { DatabaseUnusable, failureText, isAway } from './client';
import { Database } from './database';
import { DeadObjects } from './dead-objects';
import { FileFailed } from './file-failed';
import { instanceName } from './instance-name';
import type { Link, QueueParts } from './link';
import { newLink, type LinkOptions } from './new-link';
import { Notices } from './notices';
import { ObjectCount } from './object-count';
import { numberIn } from './object-numbers';
import type { ObjectRow } from './object-rows';
import { ParkedObjects } from './parked-objects';
import { databaseAway } from './put-groups';
import { queueState, type QueueState } from './queue-state';
import { Removals } from './removals';
import type { RemoteAnswer } from './remote-answers';
import { prepareSchema } from './schema';
import { checkDurable, checkNotPooled } from './server-checks';
import { Waiters } from './waiters';

export interface PostgresQueueOptions extends LinkOptions, Partial<KeepLimits> {
  /** For what is being received, or is in flight here. Only one process, and one queue of it, has it at a time. */
  directory: string;
  /** Of all instances together. */
  maxObjects: number;
  /** Bytes of all objects that have a row, wherever they lie, dead letters included; 0: no limit. */
  maxBytes?: number;
  /** Bytes that must stay free on the disk of the directory, and on that of the shared one; below, nothing is taken. */
  minFreeBytes?: number;
  /** False: `claim` waits for ever, for others deliver. */
  delivers?: boolean;
  onLeftover(error: Error): void;
  onWarning?: OnWarning;
  /** The database cannot be asked, or the shared directory not be used; it is tried again. */
  onAway?(problem: DatabaseUnusable): void;
  /** It can be again. */
  onBack?(problem: DatabaseUnusable): void;
  /** A flow, on whatever machine, has answered to an object of which the sender waits here. */
  onAnswer?(id: string, answer: RemoteAnswer): void;
}

/** Without a notification, new objects are found within this. */
const POLL_MS = 1_000;
const LEFTOVER_MS = 60_000;
/** Node-RED does not wait for ever. */
const FAREWELL_MS = 3_000;

/**
 * A queue in PostgreSQL that several instances share: each puts objects into it, and each can deliver them. All objects of an
 * association are one instance's at a time, in order, for as long as its session lives.
 */
export class PostgresQueue implements ObjectQueue {
  readonly deadLetters: DeadLetters;
  private readonly dead: DeadObjects;
  private readonly parkedObjects: ParkedObjects;
  private readonly arrivals: Arrivals;
  private readonly notices: Notices;
  private readonly claimed: ClaimedObjects;
  private readonly count = new ObjectCount();
  private readonly bytes = new ObjectCount();
  private readonly waiters = new Waiters();
  private readonly handles = new OpenHandles();
  private readonly space: FreeSpace;
  private readonly leftovers = new OnceInAWhile(LEFTOVER_MS);
  private readonly removals: Removals;

  private readonly directory: string;
  private lock: DirectoryLock | undefined;
  private instance = '';
  private isOpen = false;
  /** Why the database cannot be asked. */
  private away: DatabaseUnusable | undefined;
  private link: Link | undefined;
  private pollTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PostgresQueueOptions) {
    this.directory = join(options.directory, 'shared');
    this.space = new FreeSpace(this.directory, options.minFreeBytes ?? 0, realFiles);
    const failed = (error: unknown): void => this.failed(error);
    this.claimed = new ClaimedObjects(
      () => (this.isOpen ? this.link : undefined),
      () => options.delivers !== false && this.link?.directory?.watch.isAway !== true,
      {
        claimed: ({ id, waiter }) => {
          if (waiter !== undefined && waiter !== this.db.session.run) this.waiters.add(id, waiter);
        },
        failed,
      },
    );
    this.notices = new Notices(options, {
      objects: () => this.claimed.fetchSoon(),
      answers: (run) => {
        if (run === this.link?.session.run) this.takeAnswers().catch(failed);
      },
      failed,
    });
    this.removals = new Removals({
      limits: { ...KEEP_NOTHING, ...options },
      count: this.count,
      bytes: this.bytes,
      link: () => this.link,
      db: () => this.db,
      failed,
      onLeftover: (error) => options.onLeftover(error),
    });
    const parts = this.parts();
    this.dead = new DeadObjects(parts);
    this.deadLetters = this.dead;
    this.parkedObjects = new ParkedObjects(parts);
    this.arrivals = new Arrivals(parts, this.directory, this.bytes);
  }

  private parts(): QueueParts {
    const { count, claimed, removals } = this;
    return {
      ...{ count, claimed, removals },
      db: () => this.db,
      instance: () => this.instance,
      failed: (error) => this.failed(error),
      onLeftover: (error) => this.options.onLeftover(error),
      tell: () => this.tell(),
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
    const link = this.newLink(database);
    this.link = link;
    // Before anything is prepared, which somebody else's connection would not know.
    await checkNotPooled(database);
    await checkDurable(database);
    await prepareSchema(database, options.schema);
    await this.openDirectory(link);
    this.claimed.begin();
    this.isOpen = true;
    await link.session.begin();
    this.count.value = await link.rows.count();
    if (this.maxBytes > 0) this.bytes.value = await link.rows.bytes();
    this.notices.begin(database);
    link.sweeper.start();
    this.schedulePoll();
  }

  private async openDirectory({ database, fileRows, directory }: Link): Promise<void> {
    const { schema, queue } = this.options;
    if (directory !== undefined) {
      await directory.files.open(database, schema, queue);
      await directory.watch.look();
    } else if (await fileRows.hasFiles())
      throw new DatabaseUnusable(
        'QUEUE_DIRECTORY_OTHER',
        'this node names none, and the queue has objects in one',
      );
  }

  private newLink(database: Database): Link {
    const { options } = this;
    return newLink(database, options, this.instance, this.directory, {
      removed: (ids) => this.removals.removeFiles(ids),
      ended: () => this.claimed.sessionEnded(),
      beat: () => this.beaten(),
      failed: (error) => this.failed(error),
      onLeftover: (error) => options.onLeftover(error),
      cameBack: () => this.claimed.fetchSoon(),
      away: (problem) => options.onAway?.(problem),
      back: (problem) => {
        options.onBack?.(problem);
        this.claimed.fetchSoon();
      },
    });
  }

  // What comes in

  begin(head: Buffer): QueueWriter {
    this.checkRoom();
    return this.arrivals.begin(head);
  }

  /** @throws QueueRefusal */
  private checkRoom(): void {
    const { maxObjects, minFreeBytes = 0 } = this.options;
    if (!this.isOpen || this.away !== undefined) throw databaseAway();
    const watch = this.link?.directory?.watch;
    if (watch?.isAway === true)
      throw new QueueRefusal('DIRECTORY_AWAY', 'the shared directory of the queue cannot be used');
    if (this.size >= maxObjects) throw queueFull(maxObjects);
    if (this.maxBytes > 0 && this.bytes.value >= this.maxBytes)
      throw new QueueRefusal(
        'QUEUE_FULL',
        `the shared queue is full: it holds ${megabytes(this.bytes.value)} MB, of ${megabytes(this.maxBytes)} MB`,
      );
    if (watch !== undefined && watch.freeBytes < minFreeBytes)
      throw new QueueRefusal(
        'DISK_LOW',
        `the disk of the shared directory has only ${megabytes(watch.freeBytes)} MB left`,
      );
    this.space.check();
  }

  private get maxBytes(): number {
    return this.options.maxBytes ?? 0;
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
    const isRemoved = await this.removals.remove(id);
    const isKnown = isRemoved || (await this.parkedObjects.acknowledge(id));
    this.claimed.drop(id);
    return isKnown;
  }

  keepDelivered(id: string): void {
    if (!this.claimed.isInFlight(id)) return;
    this.claimed.drop(id);
    this.count.changed(-1);
    this.removals.kept.add(id);
  }

  isKept(id: string): Promise<boolean> {
    return Promise.resolve(this.removals.kept.has(id));
  }

  park(id: string, owner: string): Promise<boolean> {
    return this.parkedObjects.park(id, owner);
  }

  unpark(id: string, owner: string): Promise<Unparked> {
    return this.parkedObjects.unpark(id, owner);
  }

  async owners(): Promise<string[]> {
    return [...new Set((await this.parked()).flatMap(({ owners }) => owners))];
  }

  parked(): Promise<ParkedObject[]> {
    return this.parkedObjects.list();
  }

  disown(owner: string): Promise<void> {
    return this.parkedObjects.disown(owner);
  }

  setAside(id: string, why: string, facts?: LetterFacts, owner?: string): Promise<boolean> {
    return this.dead.setAside(id, why, facts, owner);
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
    const row = this.removals.isLeaving(seq) ? undefined : await this.db.rows.find(seq);
    if (row === undefined || row.state === 'dead' || !isNameOf(name, row.id)) return undefined;
    return row.id;
  }

  private async findRow(
    id: string,
    ...states: readonly ObjectRow['state'][]
  ): Promise<ObjectRow | undefined> {
    if (!isObjectId(id) || this.removals.isLeaving(numberIn(id))) return undefined;
    const row = await this.db.rows.find(numberIn(id));
    return row?.id === id && states.includes(row.state) ? row : undefined;
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
    if (run !== undefined) this.notices.answers(run);
    return run !== undefined;
  }

  private async takeAnswers(): Promise<void> {
    const { options } = this;
    if (options.onAnswer === undefined) return;
    for (const { id, answer } of await this.db.answers.take(this.db.session.run))
      options.onAnswer(id, answer);
  }

  // What is done from time to time

  /** Others hear of what has come. Those that have just begun look for it themselves. */
  private tell(): void {
    if (this.isOpen && this.link?.session.others !== 0) this.notices.objects();
  }

  private schedulePoll(): void {
    if (this.isOpen) this.pollTimer = setTimeout(() => void this.poll(), POLL_MS);
  }

  private async poll(): Promise<void> {
    void this.link?.directory?.watch.look();
    try {
      if (this.db.session.isAlive) {
        await this.takeAnswers();
        await this.db.puts.removeDoubtful();
        await this.claimed.unlease(this.db);
        await this.count.refresh(async () => (await this.db.rows.count()) - this.removals.pending);
        if (this.maxBytes > 0) await this.bytes.refresh(() => this.db.rows.bytes());
      }
    } catch (error) {
      this.failed(error);
    }
    this.claimed.fetchSoon();
    this.schedulePoll();
  }

  private beaten(): void {
    const { away } = this;
    this.away = undefined;
    if (away !== undefined) this.options.onBack?.(away);
    this.claimed.fetchSoon();
  }

  /** A statement has failed: what it was to do is done later, or whoever wanted it has been told. */
  private failed(error: unknown): void {
    if (!this.isOpen) return;
    if (error instanceof FileFailed) {
      this.link?.directory?.watch.suspect();
      if (this.leftovers.passes(error.message)) this.options.onLeftover(error);
    } else if (isAway(error)) {
      if (this.away !== undefined) return;
      this.away = new DatabaseUnusable('QUEUE_AWAY', failureText(error));
      this.options.onAway?.(this.away);
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
    this.notices.quiet();
    this.link?.directory?.files.close();
    this.handles.closeAll();
    this.arrivals.close();
    this.removals.kept.clear();
    const { inFlight, others } = this.claimed.close();
    await Promise.race([this.farewell(inFlight, others), delay(FAREWELL_MS)]);
    this.removals.stop();
    this.count.value = 0;
    await this.disconnect();
    this.unlock();
  }

  private async farewell(inFlight: readonly ObjectRow[], others: readonly ObjectRow[]): Promise<void> {
    const { rows, session } = this.db;
    session.stop();
    try {
      await this.removals.drain();
      await rows.settle(inFlight);
      await rows.giveBack(others);
      await session.end();
      this.notices.objectsNow();
    } catch (error) {
      // Its session ends by itself.
      this.options.onLeftover(new Error(`the database of the queue: ${failureText(error)}`));
    }
  }

  private async disconnect(): Promise<void> {
    const { link } = this;
    this.isOpen = false;
    this.link = undefined;
    this.notices.end();
    link?.directory?.files.close();
    link?.session.stop();
    link?.sweeper.stop();
    if (link !== undefined) await Promise.race([link.database.end(), delay(FAREWELL_MS)]);
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1e6);
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
