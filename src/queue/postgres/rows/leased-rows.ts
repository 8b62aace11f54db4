import type { Database } from '../database';
import { COLUMNS, type Leased, objectRow, type ObjectRow } from './object-row';

/** A queue's rows that are in flight for sessions, and the associations that sessions have. */
export class LeasedRows {
  private readonly schema: string;

  /** @param schema as `isPlainName` */
  constructor(
    private readonly database: Database,
    schema: string,
    private readonly queue: string,
  ) {
    this.schema = `"${schema}"`;
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
}
