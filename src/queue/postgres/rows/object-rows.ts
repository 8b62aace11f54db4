import type { DeadLetter } from '../../../admin-api';
import type { Database, Row } from '../database';
import { COLUMNS, objectRow, type ObjectRow } from './object-row';
import { RowChange } from './row-change';

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
