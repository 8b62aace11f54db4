import { BytesInPieces, type Database } from '../database';
import { PART_BYTES } from './object-bytes';

/** An object to be put into the queue. Columns are as in `ObjectRow`. */
export interface NewRow {
  seq: number;
  id: string;
  stream: number;
  study: string;
  size: number;
  waiter: number | undefined;
  /** Nothing of its association has been put before. */
  isFirst: boolean;
  sha256?: string;
  /** As which it is put in flight. Undefined: it waits. */
  claim?: NewClaim | undefined;
}

/** That an object is in flight as soon as it is put, if the database finds that the session lives. */
export interface NewClaim {
  session: number;
  /** The number of its association's lease. */
  lease: number;
  /** The session gets the lease with this object. */
  isNew: boolean;
}

/** An object to be put, with its bytes unless they are in a file. */
export interface NewObject {
  row: NewRow;
  bytes: BytesInPieces | undefined;
}

/** The numbers of the parts of which bytes consist; `NULL` has none. */
const PARTS = ` CROSS JOIN LATERAL generate_series(0, (length(new.bytes) - 1) / ${PART_BYTES}) AS at`;

/** Puts objects into the tables. */
export class ObjectInserts {
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
   * Puts objects, the small ones with their bytes, in one statement.
   * @returns whether those are in flight that are to be: else the session is over by the database's clock, and they wait
   */
  async insert(objects: readonly NewObject[]): Promise<boolean> {
    const values: unknown[] = [this.queue, ...newColumns(objects.map(({ row }) => row))];
    const parts = [`o AS (${this.insertRows} RETURNING lease)`];
    const leases = newLeases(objects);
    if (leases !== undefined) {
      parts.push(`l AS (${this.insertLeases(values.length)})`);
      values.push(...leases);
    }
    const bytes = objects.flatMap((object) =>
      object.bytes === undefined ? [] : [object.row.seq, object.bytes],
    );
    if (bytes.length > 0) {
      // Few forms of the statement, for each is prepared: the rest is NULL, and has no parts.
      const count = 2 ** Math.ceil(Math.log2(bytes.length / 2));
      const pairs = Array.from({ length: count }, (_, pair) => {
        const at = values.length + 2 * pair;
        return `($${at + 1}::bigint, 0, $${at + 2}::bytea)`;
      });
      parts.push(
        `c AS (${this.insertParts} (VALUES ${pairs.join(', ')}) AS new (object, first, bytes)${PARTS})`,
      );
      values.push(...bytes, ...new Array<null>(2 * count - bytes.length).fill(null));
    }
    const statement = `WITH ${parts.join(', ')} SELECT 1 FROM o WHERE lease > 0`;
    const inFlight = await this.database.change(statement, values);
    return inFlight > 0;
  }

  /**
   * Puts an object in a transaction of its own.
   * @param pieces each is whole parts, but for the last, and is used until the next one is asked for
   */
  async insertLarge(row: NewRow, pieces: () => AsyncIterable<Buffer>): Promise<void> {
    await this.database.transaction(async (statements) => {
      let part = 0;
      for await (const bytes of pieces()) {
        await statements.change(
          `${this.insertParts} (VALUES ($1::bigint, $2::int, $3::bytea)) AS new (object, first, bytes)${PARTS}`,
          [row.seq, part, new BytesInPieces([bytes])],
        );
        part += Math.ceil(bytes.length / PART_BYTES);
      }
      await statements.change(this.insertRows, [this.queue, ...newColumns([row])]);
    });
  }

  /** The parameters are the queue, and those of `newColumns`. The clock is asked once for all: hence the OFFSET. */
  private get insertRows(): string {
    const types = ['bigint', 'text', 'bigint', 'text', 'bigint', 'bigint', 'text', 'bigint'];
    const columns = types.map((type, index) => `$${index + 2}::${type}[]`).join(', ');
    return `INSERT INTO ${this.schema}.object (queue, seq, id, stream, study, size, waiter, sha256, lease, open)
      SELECT $1, new.seq, new.id, new.stream, new.study, new.size, new.waiter, new.sha256,
        CASE WHEN session.lives THEN new.lease ELSE 0 END, session.lives AND new.lease > 0
      FROM unnest(${columns}) AS new (seq, id, stream, study, size, waiter, sha256, lease),
        (SELECT EXISTS (SELECT FROM ${this.schema}.session
           WHERE number = $${types.length + 2} AND until > clock_timestamp()) AS lives OFFSET 0) session`;
  }

  /** Of associations that nobody can have had before. The parameters are those of `newLeases`, behind so many others. */
  private insertLeases(before: number): string {
    return `INSERT INTO ${this.schema}.lease (stream, queue, session, number)
      SELECT new.stream, $1, new.session, new.number
      FROM unnest($${before + 1}::bigint[], $${before + 2}::bigint[], $${before + 3}::bigint[]) AS new (stream, session, number)`;
  }

  /** To be followed by what has `object`, `first` (number of its first part) and `bytes`, and by `PARTS`. */
  private get insertParts(): string {
    return `INSERT INTO ${this.schema}.chunk (object, part, bytes)
      SELECT new.object, new.first + at, substring(new.bytes FROM at * ${PART_BYTES} + 1 FOR ${PART_BYTES}) FROM`;
  }
}

/** Parameters of `insertRows`: a list for each column, and the session whose claims these are. Of an older one, all is over anyway. */
function newColumns(rows: readonly NewRow[]): unknown[] {
  return [
    rows.map(({ seq }) => seq),
    rows.map(({ id }) => id),
    rows.map(({ stream }) => stream),
    rows.map(({ study }) => study),
    rows.map(({ size }) => size),
    rows.map(({ waiter }) => waiter ?? null),
    rows.map(({ sha256 }) => sha256 ?? null),
    rows.map(({ claim }) => claim?.lease ?? 0),
    Math.max(0, ...rows.map(({ claim }) => claim?.session ?? 0)),
  ];
}

/** Parameters of `insertLeases`. Undefined: there are none to insert. */
function newLeases(objects: readonly NewObject[]): [number[], number[], number[]] | undefined {
  const leases: [number[], number[], number[]] = [[], [], []];
  for (const { row } of objects) {
    if (row.claim?.isNew !== true) continue;
    const { lease, session } = row.claim;
    [row.stream, session, lease].forEach((value, at) => leases[at]?.push(value));
  }
  return leases[0].length > 0 ? leases : undefined;
}
