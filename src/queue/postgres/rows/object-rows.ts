import type { DeadLetter } from '../../../admin-api';
import { type Parking, parseParking } from '../../parking';
import type { Database, Row } from '../database';
import { RowChange } from './row-change';

export type RowState = 'queued' | 'parked' | 'kept' | 'dead';

/** What the database knows of an object beside its bytes. */
export interface ObjectRow {
  /** Its number: objects of an association sort by it. */
  seq: number;
  id: string;
  stream: number;
  size: number;
  state: RowState;
  /** The lease under which it is, or was last, in flight; 0: none. */
  lease: number;
  deliveries: number;
  unacknowledged: number;
  crashes: number;
  /** The run of an instance whose sender waits for the flow's answer. */
  waiter: number | undefined;
  parking: Parking | undefined;
  /** Of its file in the shared directory, as hexadecimal digits. Undefined: its bytes are in the database. */
  sha256: string | undefined;
}

/** An object that is, or was, in flight under a lease. */
export type Leased = Pick<ObjectRow, 'seq' | 'lease'>;

const COLUMNS = `seq, id, stream, size, state, lease, deliveries, unacknowledged, crashes, waiter, parking, sha256`;
function objectRow(row: Row): ObjectRow {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    stream: Number(row['stream']),
    size: Number(row['size']),
    state: row['state'] as RowState,
    lease: Number(row['lease']),
    deliveries: Number(row['deliveries']),
    unacknowledged: Number(row['unacknowledged']),
    crashes: Number(row['crashes']),
    waiter: row['waiter'] === null ? undefined : Number(row['waiter']),
    parking: row['parking'] === null ? undefined : parseParking(row['parking'] as string),
    sha256: (row['sha256'] as string | null) ?? undefined,
  };
}

/** The rows of a queue's objects. */
export class ObjectRows {
  private readonly schema: string;

  /**
   * @param schema as `isPlainName`
   * @param removed told of objects whose rows are no more, and whose files are
   */
  constructor(
    private readonly database: Database,
    schema: string,
    private readonly queue: string,
    private readonly removed: (ids: readonly string[]) => void,
  ) {
    this.schema = `"${schema}"`;
  }

  /**
   * Those whose put had an unknown outcome, and that no flow can have got, are there no more. Who has claimed one that had been put in
   * flight has counted that. A server that has taken over from another may have given the number to another object.
   * @param objects with the leases with which they were put; 0: none
   */
  async removeUntouched(objects: readonly Pick<ObjectRow, 'seq' | 'id' | 'lease'>[]): Promise<void> {
    await this.removeWhere(
      `seq = ANY($2) AND id = ANY($3) AND state = 'queued' AND (lease = 0 OR deliveries = 0 AND EXISTS (
         SELECT FROM unnest($2::bigint[], $4::bigint[]) AS named (number, lease)
         WHERE named.number = seq AND named.lease = object.lease))`,
      [objects.map(({ seq }) => seq), objects.map(({ id }) => id), objects.map(({ lease }) => lease)],
    );
  }

  /** Removes those of these that nobody has parked, kept, or set aside. Resolves with their ids. */
  async removeQueued(objects: readonly Pick<ObjectRow, 'seq' | 'id'>[]): Promise<Set<string>> {
    const s = this.schema;
    const rows = await this.database.rows(
      `WITH o AS (
         DELETE FROM ${s}.object o USING unnest($2::bigint[], $3::text[]) AS named (seq, id)
         WHERE o.queue = $1 AND o.seq = named.seq AND o.id = named.id AND o.state = 'queued' RETURNING o.seq, o.id, o.sha256
       ), c AS (DELETE FROM ${s}.chunk WHERE object IN (SELECT seq FROM o))
       SELECT id, sha256 IS NOT NULL AS "isFile" FROM o`,
      [this.queue, objects.map(({ seq }) => seq), objects.map(({ id }) => id)],
    );
    return new Set(this.tellRemoved(rows));
  }

  /** What the flow has got, and nobody will acknowledge. */
  async removeDelivered(seqs: readonly number[]): Promise<void> {
    await this.removeWhere(`seq = ANY($2) AND state IN ('queued', 'kept')`, [seqs]);
  }

  async removeDead(seq: number, id: string): Promise<boolean> {
    return (await this.removeWhere(`seq = $2 AND id = $3 AND state = 'dead'`, [seq, id])) > 0;
  }

  /** What instances kept for a while that are there no more. */
  async removeKeptOfOthers(): Promise<void> {
    await this.removeWhere(
      `state = 'kept' AND keeper NOT IN (SELECT run FROM ${this.schema}.session WHERE queue = $1)`,
      [],
    );
  }

  private async removeWhere(condition: string, values: readonly unknown[]): Promise<number> {
    const rows = await this.database.rows(
      `WITH o AS (DELETE FROM ${this.schema}.object WHERE queue = $1 AND ${condition} RETURNING seq, id, sha256),
            c AS (DELETE FROM ${this.schema}.chunk WHERE object IN (SELECT seq FROM o))
       SELECT id, sha256 IS NOT NULL AS "isFile" FROM o`,
      [this.queue, ...values],
    );
    return this.tellRemoved(rows).length;
  }

  /** Returns the ids of all of them. */
  private tellRemoved(rows: readonly Row[]): string[] {
    const files = rows.filter(({ isFile }) => isFile === true).map(({ id }) => String(id));
    if (files.length > 0) this.removed(files);
    return rows.map(({ id }) => String(id));
  }

  /**
   * Begins an attempt with each of the oldest objects that wait in associations that this session has. Nobody else can get
   * hold of those meanwhile, and where somebody has, they are not this session's.
   */
  async claim(session: number, max: number): Promise<ObjectRow[]> {
    const s = this.schema;
    const rows = await this.database.rows(
      `WITH held AS MATERIALIZED (
         SELECT stream, number FROM ${s}.lease WHERE session = $2 AND queue = $1 FOR SHARE
       ), next AS MATERIALIZED (
         SELECT o.seq, held.number FROM held CROSS JOIN LATERAL (
           SELECT seq FROM ${s}.object
           WHERE queue = $1 AND state = 'queued' AND stream = held.stream AND lease <> held.number
           ORDER BY seq LIMIT $3
         ) o ORDER BY o.seq LIMIT $3
       )
       UPDATE ${s}.object o SET lease = next.number, open = true,
         deliveries = deliveries + (lease > 0)::int, crashes = crashes + (lease > 0 AND open)::int
       FROM next
       WHERE o.seq = next.seq AND o.state = 'queued' AND o.lease <> next.number
         AND EXISTS (SELECT FROM ${s}.session WHERE number = $2 AND until > clock_timestamp())
       RETURNING ${COLUMNS.replaceAll(/\b(?=\w)/g, 'o.')}`,
      [this.queue, session, max],
    );
    return rows.map(objectRow).sort((one, other) => one.seq - other.seq);
  }

  /**
   * The session gets associations in which objects wait and that nobody has, the oldest first. Of one that had somebody, it is
   * compared that it is the same who is gone: so two cannot take it. Resolves with those that it has got.
   */
  async lease(session: number, max: number): Promise<{ stream: number; lease: number }[]> {
    const s = this.schema;
    const rows = await this.database.rows(
      `WITH RECURSIVE waiting AS (
         (SELECT stream FROM ${s}.object WHERE queue = $1 AND state = 'queued' ORDER BY stream LIMIT 1)
         UNION ALL
         SELECT (SELECT o.stream FROM ${s}.object o
                 WHERE o.queue = $1 AND o.state = 'queued' AND o.stream > waiting.stream ORDER BY o.stream LIMIT 1)
         FROM waiting WHERE waiting.stream IS NOT NULL
       ), free AS MATERIALIZED (
         SELECT waiting.stream, lease.number
         FROM waiting LEFT JOIN ${s}.lease ON lease.stream = waiting.stream
         WHERE waiting.stream IS NOT NULL AND NOT EXISTS (
           SELECT FROM ${s}.session e WHERE e.number = lease.session AND e.until > clock_timestamp())
         LIMIT $3
       )
       INSERT INTO ${s}.lease (stream, queue, session, number)
       SELECT stream, $1, $2, nextval('${s}.number') FROM free
       WHERE EXISTS (SELECT FROM ${s}.session WHERE number = $2 AND until > clock_timestamp())
       ORDER BY stream
       ON CONFLICT (stream) DO UPDATE SET session = excluded.session, number = excluded.number
       WHERE lease.number = (SELECT free.number FROM free WHERE free.stream = lease.stream)
       RETURNING stream, number`,
      [this.queue, session, max],
    );
    return rows.map(({ stream, number }) => ({ stream: Number(stream), lease: Number(number) }));
  }

  /** The session gives up associations, apart from these. Objects of them that are in flight nevertheless wait again. */
  async unlease(session: number, except: readonly number[]): Promise<void> {
    await this.database.change(
      `DELETE FROM ${this.schema}.lease WHERE session = $1 AND NOT stream = ANY($2)`,
      [session, except],
    );
  }

  /** Objects that are in flight for this session, and of which it knows nothing, wait again; a flow may have got them. */
  async giveBackOthers(session: number, known: readonly number[]): Promise<void> {
    const s = this.schema;
    await this.database.change(
      `UPDATE ${s}.object o SET lease = 0, open = false, deliveries = deliveries + 1 FROM ${s}.lease
       WHERE lease.session = $2 AND o.queue = $1 AND o.state = 'queued' AND o.stream = lease.stream
         AND o.lease = lease.number AND NOT o.seq = ANY($3)`,
      [this.queue, session, known],
    );
  }

  /** These are not in flight after all. */
  async giveBack(objects: readonly Leased[]): Promise<void> {
    await this.changeLeased(`SET lease = 0`, objects);
  }

  /** The instance has not ended because of them. */
  async settle(objects: readonly Leased[]): Promise<void> {
    await this.changeLeased(`SET open = false`, objects);
  }

  /**
   * An instance that lives had these under leases that are over: it has not ended because of them. Whoever has claimed one
   * since has counted that it had.
   */
  async settleLost(objects: readonly Leased[]): Promise<void> {
    await this.database.change(
      `UPDATE ${this.schema}.object o SET open = o.open AND o.lease <> mine.lease,
         crashes = CASE WHEN o.lease = mine.lease THEN o.crashes ELSE greatest(o.crashes - 1, 0) END
       FROM unnest($2::bigint[], $3::bigint[]) AS mine (seq, lease)
       WHERE o.queue = $1 AND o.seq = mine.seq AND o.state = 'queued'`,
      [this.queue, objects.map(({ seq }) => seq), objects.map(({ lease }) => lease)],
    );
  }

  private async changeLeased(change: string, objects: readonly Leased[]): Promise<void> {
    if (objects.length === 0) return;
    await this.database.change(
      `UPDATE ${this.schema}.object o ${change} FROM unnest($2::bigint[], $3::bigint[]) AS mine (seq, lease)
       WHERE o.queue = $1 AND o.seq = mine.seq AND o.lease = mine.lease AND o.state = 'queued'`,
      [this.queue, objects.map(({ seq }) => seq), objects.map(({ lease }) => lease)],
    );
  }

  /** Begins another attempt with an object that is in flight under this lease. Undefined: it is not. */
  async claimAgain(seq: number, lease: number): Promise<ObjectRow | undefined> {
    const [row] = await this.database.rows(
      `UPDATE ${this.schema}.object SET deliveries = deliveries + 1, unacknowledged = unacknowledged + 1, open = true
       WHERE queue = $1 AND seq = $2 AND lease = $3 AND state = 'queued' RETURNING ${COLUMNS}`,
      [this.queue, seq, lease],
    );
    return row && objectRow(row);
  }

  /** The flow has got it, and nobody will acknowledge it: it is kept for a while by this run. */
  async keep(seqs: readonly number[], run: number): Promise<void> {
    await this.database.change(
      `UPDATE ${this.schema}.object SET state = 'kept', keeper = $3
       WHERE queue = $1 AND seq = ANY($2) AND state = 'queued'`,
      [this.queue, seqs, run],
    );
  }

  /** Undefined: there is none of this number. */
  async find(seq: number): Promise<ObjectRow | undefined> {
    const [row] = await this.database.rows(
      `SELECT ${COLUMNS} FROM ${this.schema}.object WHERE queue = $1 AND seq = $2`,
      [this.queue, seq],
    );
    return row && objectRow(row);
  }

  /** Changes one object, which nobody else changes meanwhile. Undefined: it is not there. */
  async change<T>(
    { seq, id }: Pick<ObjectRow, 'seq' | 'id'>,
    work: (row: ObjectRow, change: RowChange) => Promise<T>,
  ): Promise<T | undefined> {
    const done = await this.database.transaction(async (statements) => {
      const [found] = await statements.rows(
        `SELECT ${COLUMNS} FROM ${this.schema}.object WHERE queue = $1 AND seq = $2 AND id = $3 FOR UPDATE`,
        [this.queue, seq, id],
      );
      if (found === undefined) return undefined;
      const row = objectRow(found);
      const change = new RowChange(statements, this.schema, this.queue, seq);
      const result = await work(row, change);
      return { result, hasLeftFile: change.isRemoved && row.sha256 !== undefined };
    });
    if (done?.hasLeftFile === true) this.removed([id]);
    return done?.result;
  }

  /** What this instance's nodes have parked, the oldest first. */
  async parked(instance: string): Promise<ObjectRow[]> {
    const rows = await this.database.rows(
      `SELECT ${COLUMNS} FROM ${this.schema}.object
       WHERE queue = $1 AND state = 'parked' AND instance = $2 ORDER BY seq`,
      [this.queue, instance],
    );
    return rows.map(objectRow);
  }

  /** What nodes of instances have parked that were last seen longer ago is delivered again. */
  async takeBackParked(seconds: number): Promise<number> {
    const s = this.schema;
    return this.database.change(
      `UPDATE ${s}.object o
       SET state = 'queued', lease = 0, deliveries = deliveries + 1, parking = NULL, instance = NULL
       WHERE o.queue = $1 AND o.state = 'parked' AND NOT EXISTS (
         SELECT FROM ${s}.session e WHERE e.queue = $1 AND e.instance = o.instance
           AND e.until > clock_timestamp() - $2 * interval '1 second')`,
      [this.queue, seconds],
    );
  }

  count(): Promise<number> {
    return this.number(
      `SELECT (SELECT count(*) FROM ${this.schema}.object WHERE queue = $1 AND state = 'queued')
            + (SELECT count(*) FROM ${this.schema}.object WHERE queue = $1 AND state = 'parked') AS number`,
    );
  }

  /** Of all objects that have a row, wherever their bytes are. */
  bytes(): Promise<number> {
    return this.number(`SELECT coalesce(sum(size), 0) AS number FROM ${this.schema}.object WHERE queue = $1`);
  }

  countOfStudy(study: string): Promise<number> {
    return this.number(
      `SELECT count(*) AS number FROM ${this.schema}.object WHERE queue = $1 AND state = 'queued' AND study = $2`,
      study,
    );
  }

  async letters(after: number, limit: number): Promise<DeadLetter[]> {
    const rows = await this.database.rows(
      `SELECT letter FROM ${this.schema}.object
       WHERE queue = $1 AND state = 'dead' AND seq > $2 ORDER BY seq LIMIT $3`,
      [this.queue, after, limit],
    );
    return rows.map(({ letter }) => JSON.parse(String(letter)) as DeadLetter);
  }

  countLetters(): Promise<number> {
    return this.number(
      `SELECT count(*) AS number FROM ${this.schema}.object WHERE queue = $1 AND state = 'dead'`,
    );
  }

  /** What a SELECT calls `number`; its first parameter is the queue. */
  private async number(select: string, ...values: readonly unknown[]): Promise<number> {
    const [row] = await this.database.rows(select, [this.queue, ...values]);
    return Number(row?.['number']);
  }

  /** A dead letter is an object again, as if it had just come. False: there is none. */
  async requeue(seq: number, id: string): Promise<boolean> {
    const requeued = await this.database.change(
      `UPDATE ${this.schema}.object SET state = 'queued', lease = 0, open = false, deliveries = 0, unacknowledged = 0,
         crashes = 0, letter = NULL, waiter = NULL
       WHERE queue = $1 AND seq = $2 AND id = $3 AND state = 'dead'`,
      [this.queue, seq, id],
    );
    return requeued > 0;
  }
}
