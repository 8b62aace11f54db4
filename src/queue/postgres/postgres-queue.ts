import type { LetterFacts } from '../../admin-api';
import { inTime, type OnWarning } from '../../basics';
import type { DeadLetters } from '../dead-letters';
import { KEEP_NOTHING, type KeepLimits } from '../kept-delivered';
import type { ObjectHandle } from '../object-handle';
import { isObjectId } from '../object-id';
import {
  type ObjectQueue,
  type ParkedObject,
  type QueueWriter,
  type QueuedObject,
  type Unparked,
} from '../object-queue';
import { AnswerExchange, type AnswerListener } from './answer-exchange';
import { Arrivals } from './arrivals';
import { ClaimedObjects } from './claims';
import { Database, DatabaseUnusable, failureText } from './database';
import { DeadObjects } from './dead-objects';
import { closeLink, type Link, type LinkOptions, newLink, openLink } from './link';
import { ObjectCount } from './object-count';
import { ObjectLookup } from './object-lookup';
import { ParkedObjects } from './parked-objects';
import { QueueFailures, type FailureListener } from './queue-failures';
import type { QueueParts } from './queue-parts';
import { QueueRoom, type RoomLimits } from './queue-room';
import { QueueRounds } from './queue-rounds';
import { Removals } from './removals';
import { databaseAway, queueState, type Leased, type QueueState, type RemoteAnswer } from './rows';
import { MachineFolder, Notices } from './session';

export interface PostgresQueueOptions
  extends LinkOptions, RoomLimits, FailureListener, AnswerListener, Partial<KeepLimits> {
  /** For what is being received, or is in flight here. Only one process, and one queue of it, has it at a time. */
  directory: string;
  /** False: `claim` waits for ever, for others deliver. */
  delivers?: boolean;
  onWarning?: OnWarning;
}

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
  private readonly room: QueueRoom;
  private readonly lookup: ObjectLookup;
  private readonly failures: QueueFailures;
  private readonly removals: Removals;
  private readonly answers: AnswerExchange;
  private readonly rounds: QueueRounds;
  private readonly folder: MachineFolder;
  private instance = '';
  private isOpen = false;
  private link: Link | undefined;

  constructor(private readonly options: PostgresQueueOptions) {
    this.folder = new MachineFolder(options.directory, options.onWarning);
    this.room = new QueueRoom(options, this.folder.path, this.count, this.bytes);
    this.failures = new QueueFailures(options, () => this.link);
    const failed = (error: unknown): void => this.failed(error);
    this.claimed = new ClaimedObjects(
      () => (this.isOpen ? this.link : undefined),
      () => options.delivers !== false && this.link?.watch.isAway !== true,
      { claimed: (row) => this.answers.claimed(row), failed },
    );
    this.notices = new Notices(options, {
      objects: () => this.claimed.fetchSoon(),
      answers: (run) => {
        if (run === this.link?.session.run) this.answers.take().catch(failed);
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
    this.answers = new AnswerExchange(parts, this.notices, options);
    this.dead = new DeadObjects(parts);
    this.deadLetters = this.dead;
    this.parkedObjects = new ParkedObjects(parts);
    this.lookup = new ObjectLookup(parts);
    this.arrivals = new Arrivals(parts, this.folder.path, this.bytes);
    const { answers, bytes, room } = this;
    this.rounds = new QueueRounds(parts, { link: () => this.link, answers, bytes, room });
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
    return this.room.size;
  }

  /** @throws DatabaseUnusable; an Error with the system's code, or `QUEUE_LOCKED` */
  async open(): Promise<void> {
    await this.folder.take();
    try {
      this.instance = this.folder.prepare();
      await this.connect();
    } catch (error) {
      // Somebody else may be able to use it.
      this.folder.release();
      await this.disconnect();
      throw unusable(error);
    }
  }

  private async connect(): Promise<void> {
    const database = new Database(this.options.database);
    const link = this.newLink(database);
    this.link = link;
    await openLink(link, this.options);
    this.claimed.begin();
    this.isOpen = true;
    await link.session.begin();
    this.count.value = await link.rows.count();
    if (this.room.countsBytes) this.bytes.value = await link.rows.bytes();
    this.notices.begin(database);
    link.sweeper.start();
    // It may have been closed meanwhile.
    if (this.isOpen) this.rounds.start();
  }

  private newLink(database: Database): Link {
    const { options } = this;
    return newLink(database, options, this.instance, this.folder.path, {
      removed: (ids) => this.removals.removeFiles(ids),
      ended: () => this.claimed.sessionEnded(),
      beat: () => this.beaten(),
      taken: (name) => this.taken(name),
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
    const { problem } = this.failures;
    if (!this.isOpen || problem !== undefined) throw databaseAway(problem);
    this.room.checkCount(this.arrivals.size);
    try {
      this.room.checkSpace(this.link?.watch);
    } catch (error) {
      // For the next one.
      this.removals.kept.clear();
      throw error;
    }
    return this.arrivals.begin(head);
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

  async disown(owner: string): Promise<void> {
    try {
      await this.parkedObjects.disown(owner);
    } catch (error) {
      throw unusable(error);
    }
  }

  setAside(id: string, why: string, facts?: LetterFacts, owner?: string): Promise<boolean> {
    return this.dead.setAside(id, why, facts, owner);
  }

  // What is asked of an object

  openObject(id: string): Promise<ObjectHandle> {
    return this.lookup.open(id);
  }

  describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined> {
    return this.lookup.describe(id, use);
  }

  waiting(studyInstanceUID: string): Promise<number> {
    return this.lookup.waiting(studyInstanceUID);
  }

  idOf(name: string): Promise<string | undefined> {
    return this.lookup.idOf(name);
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

  /** Passes a flow's answer on. False: nobody else waits for it. @throws the client's error */
  answerElsewhere(id: string, answer: RemoteAnswer): Promise<boolean> {
    return this.answers.give(id, answer);
  }

  /** The sender of an object waits here no more: an answer of a flow comes too late. @throws the client's error */
  refuseAnswer(id: string): Promise<void> {
    return this.answers.refuse(id);
  }

  // What is told

  /** Others hear of what has come. Those that have just begun look for it themselves. */
  private tell(): void {
    if (this.isOpen && this.link?.session.others !== 0) this.notices.objects();
  }

  private beaten(): void {
    this.failures.back();
    this.claimed.fetchSoon();
  }

  private taken(name: string): string {
    this.instance = this.folder.nameAgain(name);
    this.options.onLeftover(
      new Error(
        `another Node-RED uses a copy of the directory ${this.folder.path}, and began under the same name. This one goes on under a new name`,
      ),
    );
    return this.instance;
  }

  /** A statement has failed: what it was to do is done later, or whoever wanted it has been told. */
  private failed(error: unknown): void {
    if (this.isOpen) this.failures.add(error);
  }

  /** Others go on with what waits. What is in flight comes again; it is known that it did not end this process. */
  async close(): Promise<void> {
    if (!this.isOpen) {
      await this.disconnect();
      return;
    }
    this.isOpen = false;
    this.rounds.stop();
    this.notices.quiet();
    this.link?.directory?.close();
    this.lookup.close();
    this.arrivals.close();
    this.removals.kept.clear();
    const { inFlight, others } = this.claimed.close();
    await inTime(this.farewell(inFlight, others));
    this.removals.stop();
    this.count.value = 0;
    await this.disconnect();
    this.folder.release();
  }

  private async farewell(inFlight: readonly Leased[], others: readonly Leased[]): Promise<void> {
    const { leased, session } = this.db;
    session.stop();
    try {
      await this.removals.drain();
      await leased.settle(inFlight);
      await leased.giveBack(others);
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
    this.rounds.stop();
    this.notices.end();
    if (link !== undefined) await closeLink(link);
  }
}

/** What has failed, as an error that says what that means for the queue. */
function unusable(error: unknown): unknown {
  if (error instanceof DatabaseUnusable || isOfSystem(error)) return error;
  return new DatabaseUnusable('QUEUE_AWAY', failureText(error));
}

function isOfSystem(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code !== undefined && /^(QUEUE_[A-Z_]+|E(ACCES|ROFS|NOSPC|NOENT|PERM|ISDIR|NOTDIR|EXIST))$/.test(code)
  );
}
