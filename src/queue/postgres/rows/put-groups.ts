import { Turns } from '../../../basics';
import { QueueRefusal } from '../../object-queue';
import { type BytesInPieces, DatabaseUnusable, failureText, isAway, sqlState } from '../database';
import { CHUNK_BYTES } from './object-bytes';
import type { NewObject, NewRow, ObjectInserts } from './object-inserts';
import type { ObjectRows } from './object-rows';

/** So many objects, and bytes, go in one statement at most. */
const MOST_GROUPED = 64;
const MOST_GROUPED_BYTES = 4 * CHUNK_BYTES;
/** What may have been put nevertheless is looked for so long: a statement may run on after its connection was lost. */
const DOUBT_MS = 90_000;

interface Waiting extends NewObject {
  resolve: (isClaimed: boolean) => void;
  reject: (error: Error) => void;
}

/**
 * Puts objects into the queue. Those that are ready while all statements are under way share the next one. What the database
 * has not said to have is refused, and if it has it nevertheless, it is taken out again unless a flow may have got it.
 */
export class PutGroups {
  private readonly waiting: Waiting[] = [];
  private running = 0;
  /** A large object has a connection for long: were there more at a time, nothing else could be asked meanwhile. */
  private readonly largeTurns: Turns;
  /** By number: which, since when, and in flight under which lease. */
  private readonly doubtful = new Map<number, { id: string; since: number; lease: number }>();

  /** @param atATime statements */
  constructor(
    private readonly inserts: ObjectInserts,
    private readonly rows: Pick<ObjectRows, 'removeUntouched'>,
    private readonly atATime: number,
  ) {
    this.largeTurns = new Turns(Math.ceil(atATime / 2));
  }

  /**
   * Resolves when it is committed, with whether it is in flight, where it is to be.
   * @param bytes nobody changes them before; undefined: they are in a file
   * @throws QueueRefusal
   */
  put(row: NewRow, bytes: BytesInPieces | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ row, bytes, resolve, reject });
      // What is ready in the same turn goes together.
      setImmediate(() => this.next());
    });
  }

  /** The same with a large object, by itself. */
  async putLarge(row: NewRow, pieces: () => AsyncIterable<Buffer>): Promise<void> {
    try {
      await this.largeTurns.run(() => this.inserts.insertLarge(row, pieces));
    } catch (error) {
      this.doubt([row], error);
      throw putRefusal(error);
    }
  }

  private next(): void {
    if (this.running >= this.atATime || this.waiting.length === 0) return;
    const group = this.takeGroup();
    this.running += 1;
    void this.insert(group).finally(() => {
      this.running -= 1;
      this.next();
    });
  }

  private takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const object of this.waiting.slice(0, MOST_GROUPED)) {
      bytes += object.bytes?.length ?? 0;
      if (count > 0 && bytes > MOST_GROUPED_BYTES) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private async insert(group: readonly Waiting[]): Promise<void> {
    try {
      const isClaimed = await this.inserts.insert(group);
      for (const { resolve } of group) resolve(isClaimed);
    } catch (error) {
      this.doubt(
        group.map(({ row }) => row),
        error,
      );
      const refusal = putRefusal(error);
      for (const { reject } of group) reject(refusal);
    }
  }

  /** The database said no, or it said nothing. */
  private doubt(rows: readonly NewRow[], error: unknown): void {
    const state = sqlState(error);
    if (state !== undefined && !isAway(error)) return;
    for (const row of rows) this.takeOut(row);
  }

  /** This object is to be there no more, unless a flow may have got it. */
  takeOut({ seq, id, claim }: Pick<NewRow, 'seq' | 'id' | 'claim'>): void {
    this.doubtful.set(seq, { id, since: performance.now(), lease: claim?.lease ?? 0 });
  }

  /** It may be there, though it was refused. */
  isDoubtful(seq: number): boolean {
    return this.doubtful.has(seq);
  }

  /** @throws the client's error */
  async removeDoubtful(): Promise<void> {
    if (this.doubtful.size === 0) return;
    const before = performance.now() - DOUBT_MS;
    await this.rows.removeUntouched([...this.doubtful].map(([seq, { id, lease }]) => ({ seq, id, lease })));
    for (const [seq, { since }] of this.doubtful) if (since < before) this.doubtful.delete(seq);
  }
}

/** PostgreSQL's code for a full disk. */
const DISK_FULL = '53100';

function putRefusal(error: unknown): QueueRefusal {
  if (error instanceof QueueRefusal) return error;
  if (sqlState(error) === DISK_FULL)
    return new QueueRefusal('ENOSPC', 'the disk of the database is full: free some space on it');
  if (isAway(error)) return databaseAway(error);
  return new QueueRefusal('DATABASE', `the object cannot be stored (${failureText(error)})`);
}

/** @param error why nothing can be put: that it cannot be reached, or is not one to rely on */
export function databaseAway(error?: unknown): QueueRefusal {
  const isUnsafe = error instanceof DatabaseUnusable && error.code === 'QUEUE_UNSAFE';
  const text = isUnsafe ? 'may lose what it has committed' : 'cannot be reached';
  return new QueueRefusal('DATABASE_AWAY', `the database of the queue ${text}`);
}
