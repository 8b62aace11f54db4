import { createHash, randomBytes } from 'node:crypto';
import { asciiJson } from '../basics';
import type { CommandStatus } from '../network';
import type { SharedState } from '../queue';
import { GROUP_DIGITS, type FiringName } from './firing-name';
import { MOST_CHANGES } from './group';
import type { LogRecord } from './records';
import type { Placed } from './study-store';

/** Records read at a time. */
const PAGE = 500;
/** Groups that are taken at a time. */
const MOST_CLAIMED = 50;

/** What is written of a group: some records, and what is to be found by it. */
export interface Note {
  records: readonly LogRecord[];
  /** Bytes of the changes in it. */
  bytes?: number;
  /** The number of the object in the queue, and its study. */
  object?: number;
  study?: string;
}

/** A note, where it stands. */
export interface Noted extends FiringName {
  at: number;
}

/** A group that this instance has from now on. */
export interface Claimed {
  id: string;
  key: string;
  by: string;
  lease: number;
  /** Another instance had it, and ended. */
  isTakenOver: boolean;
}

/** A group that this instance has: its lease, and up to where its log is known here. */
export interface Held {
  id: string;
  lease: number;
  seen: number;
}

/** Records that were written together. */
export interface Row {
  at: number;
  records: LogRecord[];
  /** Milliseconds, by the database's clock. */
  age: number;
}

/** What others say of a firing to the instance that has its group. */
export interface FiringWord extends FiringName {
  status: CommandStatus | undefined;
  again: 'now' | 'later' | undefined;
}

/**
 * The logs of the groups of a node, in the database of a shared queue. Every instance adds to them; one at a time has a group, and what
 * only that one may do says its lease, in the same statement.
 */
export class SharedLog {
  private readonly schema: string;

  /** @param node the id of the node, which is the same at all instances */
  constructor(
    private readonly state: SharedState,
    private readonly node: string,
  ) {
    this.schema = state.schema;
  }

  // What every instance does

  /**
   * Adds to the group that is collected by this key, which begins with it where there is none. Undefined: it would have too many
   * bytes of changes.
   */
  async note(by: string, key: string, note: Note): Promise<Noted | undefined> {
    return this.added(
      `INSERT INTO ${this.schema}.study_group AS g (queue, node, name, grouped, key, id, bytes)
       SELECT $1, $2, $3, $4, $5, $6, $7::bigint WHERE $7::bigint <= ${MOST_CHANGES}
       ON CONFLICT (queue, node, name) DO UPDATE
         SET last = g.last + 1, bytes = g.bytes + excluded.bytes, active = true, used = clock_timestamp()
         WHERE g.bytes + excluded.bytes <= ${MOST_CHANGES}
       RETURNING id, number, last`,
      [
        ...this.named(by, key),
        by,
        asciiJson(key),
        randomBytes(GROUP_DIGITS / 2).toString('hex'),
        note.bytes ?? 0,
      ],
      note,
    );
  }

  /** The same to a group of which it is known what the next firing will have. Undefined: that has been fired, or has too many bytes. */
  async noteTo({ group, number }: FiringName, note: Note): Promise<Noted | undefined> {
    return this.added(
      `UPDATE ${this.schema}.study_group g
       SET last = last + 1, bytes = bytes + $3::bigint, active = true, used = clock_timestamp()
       WHERE id = $1 AND number = $2 AND name IS NOT NULL AND bytes + $3::bigint <= ${MOST_CHANGES}
       RETURNING id, number, last`,
      [group, number, note.bytes ?? 0],
      note,
    );
  }

  /** The same to a group of which something has come since its last firing. False: there is none. */
  async noteToOpen(by: string, key: string, note: Note): Promise<boolean> {
    const noted = await this.added(
      `UPDATE ${this.schema}.study_group g SET last = last + 1, active = true, used = clock_timestamp()
       WHERE queue = $1 AND node = $2 AND name = $3 AND ${this.hasPending('g')}
       RETURNING id, number, last`,
      this.named(by, key),
      note,
    );
    return noted !== undefined;
  }

  /** The group has no key any more: what comes next of that begins another one. False: there is none. */
  async forget(by: string, key: string, note: Note): Promise<boolean> {
    const noted = await this.added(
      `UPDATE ${this.schema}.study_group g SET last = last + 1, name = NULL, active = true
       WHERE queue = $1 AND node = $2 AND name = $3 RETURNING id, number, last`,
      this.named(by, key),
      note,
    );
    return noted !== undefined;
  }

  /** An object is not part of what it was noted for. */
  async withdraw({ group, number, at }: Noted, name: string): Promise<void> {
    const { schema } = this;
    await this.state.change(
      `WITH o AS (UPDATE ${schema}.study_record SET object = NULL WHERE grp = $1 AND pos = $2),
         g AS (UPDATE ${schema}.study_group SET last = last + 1, active = true WHERE id = $1 RETURNING last)
       INSERT INTO ${schema}.study_record (grp, pos, number, record)
       SELECT $1::text, g.last, $3::int, $4::text FROM g`,
      [group, at, number, asciiJson([{ lost: name, of: number }])],
    );
  }

  /** What became of a firing: it will be, it waits to be acknowledged or let go, it is over, or it is none. */
  async stateOf({ group, number }: FiringName): Promise<'pending' | FiringWord | 'over' | 'unknown'> {
    const [row] = await this.state.rows(
      `SELECT g.number AS next, f.grp AS firing, f.status, f.again FROM ${this.schema}.study_group g
       LEFT JOIN ${this.schema}.study_firing f ON f.grp = g.id AND f.number = $2 WHERE g.id = $1`,
      [group, number],
    );
    const next = Number(row?.['next']);
    if (row === undefined || number > next || number < 1) return 'unknown';
    if (number === next) return 'pending';
    return row['firing'] === null ? 'over' : { group, number, ...wordIn(row) };
  }

  /** The last firing for which an object has been noted, or the one that it will be in. */
  async firingOf(by: string, key: string, object: number): Promise<FiringName | undefined> {
    const [row] = await this.state.rows(
      `SELECT r.grp, r.number FROM ${this.schema}.study_group g JOIN ${this.schema}.study_record r ON r.grp = g.id
       WHERE g.queue = $1 AND g.node = $2 AND g.name = $3 AND r.object = $4 ORDER BY r.pos DESC LIMIT 1`,
      [...this.named(by, key), object],
    );
    return row && { group: String(row['grp']), number: Number(row['number']) };
  }

  /** The keys of groups in which objects of a study wait for a firing. */
  async keysOf(by: string, study: string): Promise<string[]> {
    const rows = await this.state.rows(
      `SELECT key FROM ${this.schema}.study_group g
       WHERE queue = $1 AND node = $2 AND active AND name IS NOT NULL AND grouped = $3 AND EXISTS (
         SELECT FROM ${this.schema}.study_record r WHERE r.grp = g.id AND r.number = g.number AND r.study = $4)`,
      [this.state.queue, this.node, by, study],
    );
    return rows.map(({ key }) => JSON.parse(String(key)) as string);
  }

  /** False: it has been acknowledged before, or there is no such firing. */
  async acknowledge({ group, number }: FiringName, status: CommandStatus): Promise<boolean> {
    const changed = await this.state.change(
      `UPDATE ${this.schema}.study_firing SET status = $3 WHERE grp = $1 AND number = $2 AND status IS NULL`,
      [group, number, asciiJson(status)],
    );
    return changed > 0;
  }

  /** It is to be sent again. False: it does not wait for its acknowledgement. */
  async giveBack({ group, number }: FiringName): Promise<boolean> {
    const changed = await this.state.change(
      `UPDATE ${this.schema}.study_firing SET again = 'later' WHERE grp = $1 AND number = $2 AND status IS NULL`,
      [group, number],
    );
    return changed > 0;
  }

  /** All of the group are to be sent again now. False: there are none. */
  async repeat(by: string, key: string): Promise<boolean> {
    const changed = await this.state.change(
      `UPDATE ${this.schema}.study_firing f SET again = 'now' FROM ${this.schema}.study_group g
       WHERE g.queue = $1 AND g.node = $2 AND g.name = $3 AND f.grp = g.id AND f.status IS NULL`,
      this.named(by, key),
    );
    return changed > 0;
  }

  /** Groups that wait for something and that other instances have; `most` of them. */
  async openElsewhere(
    held: readonly Held[],
    most: number,
  ): Promise<{ key: string; pending: number; firings: number; unacknowledged: number }[]> {
    const rows = await this.state.rows(
      `SELECT key, number - 1 AS firings,
         (SELECT count(*) FROM ${this.schema}.study_record r
          WHERE r.grp = g.id AND r.number = g.number AND r.object IS NOT NULL) AS pending,
         (SELECT count(*) FROM ${this.schema}.study_firing f WHERE f.grp = g.id AND f.status IS NULL) AS unacknowledged
       FROM ${this.schema}.study_group g
       WHERE queue = $1 AND node = $2 AND active AND NOT id = ANY($3) ORDER BY used LIMIT $4`,
      [this.state.queue, this.node, held.map(({ id }) => id), most],
    );
    return rows.map(({ key, ...numbers }) => ({
      key: JSON.parse(String(key)) as string,
      pending: Number(numbers['pending']),
      firings: Number(numbers['firings']),
      unacknowledged: Number(numbers['unacknowledged']),
    }));
  }

  // What the instance does that has a group, or gets it

  /** Gets groups that wait for something and that nobody has. @param held those that are known to be this instance's */
  async claim(held: readonly Held[]): Promise<Claimed[]> {
    const { schema, state } = this;
    const rows = await state.rows(
      `WITH free AS MATERIALIZED (
         SELECT g.id, g.session FROM ${schema}.study_group g
         WHERE g.queue = $1 AND g.node = $2 AND g.active
           AND (NOT ${state.lives('g.session')} OR (g.session = $3 AND NOT g.id = ANY($4)))
         LIMIT ${MOST_CLAIMED} FOR UPDATE OF g SKIP LOCKED)
       UPDATE ${schema}.study_group g SET session = $3, lease = nextval('${schema}.number') FROM free
       WHERE g.id = free.id AND ${state.lives('$3')}
       RETURNING g.id, g.key, g.grouped, g.lease, free.session AS before`,
      [state.queue, this.node, state.number, held.map(({ id }) => id)],
    );
    return rows.map((row) => ({
      id: String(row['id']),
      key: JSON.parse(String(row['key'])) as string,
      by: String(row['grouped']),
      lease: Number(row['lease']),
      isTakenOver: Number(row['before']) !== 0,
    }));
  }

  /** Of these groups, those that somebody else has (`isLost`), and those of which there is more in the log. */
  async news(held: readonly Held[]): Promise<{ id: string; isLost: boolean }[]> {
    const rows = await this.state.rows(
      `SELECT m.id, (g.id IS NULL OR g.lease <> m.lease) AS lost
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS m (id, lease, seen)
       LEFT JOIN ${this.schema}.study_group g ON g.id = m.id
       WHERE g.id IS NULL OR g.lease <> m.lease OR g.last > m.seen`,
      [held.map(({ id }) => id), held.map(({ lease }) => lease), held.map(({ seen }) => seen)],
    );
    return rows.map(({ id, lost }) => ({ id: String(id), isLost: lost === true }));
  }

  /** What has been said of their firings. */
  async words(held: readonly Held[]): Promise<FiringWord[]> {
    const rows = await this.state.rows(
      `SELECT grp, number, status, again FROM ${this.schema}.study_firing
       WHERE grp = ANY($1) AND (status IS NOT NULL OR again IS NOT NULL)`,
      [held.map(({ id }) => id)],
    );
    return rows.map((row) => ({ group: String(row['grp']), number: Number(row['number']), ...wordIn(row) }));
  }

  /** What it was said to be sent again for is done. */
  async heard({ group, number, again }: FiringWord): Promise<void> {
    await this.state.change(
      `UPDATE ${this.schema}.study_firing SET again = NULL WHERE grp = $1 AND number = $2 AND again = $3`,
      [group, number, again],
    );
  }

  /** The firings of a group of which something is still to be done. */
  async firings(id: string): Promise<FiringWord[]> {
    const rows = await this.state.rows(
      `SELECT number, status, again FROM ${this.schema}.study_firing WHERE grp = $1`,
      [id],
    );
    return rows.map((row) => ({ group: id, number: Number(row['number']), ...wordIn(row) }));
  }

  /** The records behind a place, some at a time. @param to before this one */
  async *rows(id: string, from: number, to = Number.MAX_SAFE_INTEGER): AsyncGenerator<Row[]> {
    for (let after = from; ;) {
      const rows = await this.state.rows(
        `SELECT pos, record, extract(epoch FROM clock_timestamp() - came) * 1000 AS age
         FROM ${this.schema}.study_record WHERE grp = $1 AND pos > $2 AND pos < $3 ORDER BY pos LIMIT ${PAGE}`,
        [id, after, to],
      );
      if (rows.length === 0) return;
      yield rows.map((row) => ({
        at: Number(row['pos']),
        records: JSON.parse(String(row['record'])) as LogRecord[],
        age: Math.max(0, Number(row['age'])),
      }));
      after = Number(rows.at(-1)?.['pos']);
      if (rows.length < PAGE) return;
    }
  }

  /** The same, as `StudyStore.read` has it. */
  async *read(id: string, from: number, to: number): AsyncGenerator<Placed[]> {
    for await (const rows of this.rows(id, from, to))
      yield rows.flatMap(({ at, records }) => records.map((record) => ({ at, record })));
  }

  /**
   * What is known here of a group, all of it, is a firing. Undefined: more has come, or somebody else has it.
   * @param status with which it is acknowledged already
   */
  async cut(
    { id, lease, seen }: Held,
    record: LogRecord,
    status: CommandStatus | undefined,
  ): Promise<number | undefined> {
    const { schema, state } = this;
    const [row] = await state.rows(
      `WITH g AS (
         UPDATE ${schema}.study_group SET last = last + 1, number = number + 1, bytes = 0, used = clock_timestamp()
         WHERE id = $1 AND lease = $2 AND last = $3 AND ${state.lives('$4')} RETURNING last, number - 1 AS number
       ), f AS (INSERT INTO ${schema}.study_firing (grp, number, status) SELECT $1::text, number, $6::text FROM g)
       INSERT INTO ${schema}.study_record (grp, pos, number, record)
       SELECT $1::text, last, number, $5::text FROM g RETURNING pos`,
      [id, lease, seen, state.number, asciiJson([record]), status === undefined ? null : asciiJson(status)],
    );
    return row && Number(row['pos']);
  }

  /** All that a firing lists has been let go. */
  async released({ id, lease }: Held, number: number): Promise<void> {
    await this.state.change(
      `DELETE FROM ${this.schema}.study_firing WHERE grp = $1 AND number = $2
         AND EXISTS (SELECT FROM ${this.schema}.study_group WHERE id = $1 AND lease = $3)`,
      [id, number, lease],
    );
  }

  /** Gives up a group that waits for nothing: of its log, these are left. False: more has come, or somebody else has it. */
  async put(held: Held, records: readonly LogRecord[]): Promise<boolean> {
    const { schema } = this;
    return this.state.transaction(async (statements) => {
      const changed = await statements.change(
        `UPDATE ${schema}.study_group SET last = last + $4, session = 0, active = false
         WHERE id = $1 AND lease = $2 AND last = $3`,
        [held.id, held.lease, held.seen, records.length],
      );
      if (changed === 0) return false;
      await statements.change(`DELETE FROM ${schema}.study_record WHERE grp = $1 AND pos <= $2`, [
        held.id,
        held.seen,
      ]);
      for (const [index, record] of records.entries())
        await statements.change(
          `INSERT INTO ${schema}.study_record (grp, pos, number, record) VALUES ($1, $2, 0, $3)`,
          [held.id, held.seen + 1 + index, asciiJson([record])],
        );
      return true;
    });
  }

  /** There is nothing of it any more. False: more has come, or somebody else has it. */
  async remove({ id, lease, seen }: Held): Promise<boolean> {
    return (await this.removeWhere('g.id = $3 AND g.lease = $4 AND g.last = $5', [id, lease, seen])) > 0;
  }

  /** Forgets what waits for nothing, and has not been of interest for so long, or is one of too many. */
  async forgetOld(seconds: number, most: number): Promise<void> {
    await this.removeWhere(
      `NOT g.active AND (g.used < clock_timestamp() - $3 * interval '1 second' OR g.id IN (
         SELECT id FROM ${this.schema}.study_group
         WHERE queue = $1 AND node = $2 AND NOT active ORDER BY used DESC OFFSET $4))`,
      [seconds, most],
    );
  }

  private async removeWhere(condition: string, values: readonly unknown[]): Promise<number> {
    const { schema } = this;
    const [row] = await this.state.rows(
      `WITH g AS (DELETE FROM ${schema}.study_group g WHERE g.queue = $1 AND g.node = $2 AND ${condition} RETURNING g.id),
         r AS (DELETE FROM ${schema}.study_record WHERE grp IN (SELECT id FROM g)),
         f AS (DELETE FROM ${schema}.study_firing WHERE grp IN (SELECT id FROM g))
       SELECT count(*) AS number FROM g`,
      [this.state.queue, this.node, ...values],
    );
    return Number(row?.['number']);
  }

  /** One of these associations is open at an instance, or one has not said so since the last object came. */
  async isOpen(associations: readonly string[], quietMs: number): Promise<boolean> {
    const [row] = await this.state.rows(
      `SELECT EXISTS (SELECT FROM ${this.schema}.presence p
         WHERE p.queue = $1 AND ${this.state.lives('p.session')}
           AND (p.associations && $2::text[] OR p.at < clock_timestamp() - $3 * interval '1 millisecond')) AS open`,
      [this.state.queue, associations, quietMs],
    );
    return row?.['open'] === true;
  }

  /** What instances that are gone held in their queue for groups, this one holds: it is not to be delivered again. @param begin of its owners */
  async adopt(begin: string): Promise<void> {
    const { schema, state } = this;
    await state.change(
      `UPDATE ${schema}.object o SET instance = $2
       WHERE o.queue = $1 AND o.state = 'parked' AND o.instance <> $2 AND strpos(o.parking, $3) > 0 AND NOT EXISTS (
         SELECT FROM ${schema}.session e WHERE e.queue = $1 AND e.instance = o.instance AND e.until > clock_timestamp())`,
      [state.queue, state.instance, JSON.stringify(begin).slice(0, -1)],
    );
  }

  /** @param group what raises `last` of a group, and returns its id, number and last */
  private async added(group: string, values: readonly unknown[], note: Note): Promise<Noted | undefined> {
    const { object = null, study = null, records } = note;
    const at = values.length;
    const { schema } = this;
    // An object came when the database got it.
    const [row] = await this.state.rows(
      `WITH g AS (${group})
       INSERT INTO ${schema}.study_record (grp, pos, number, object, study, record, came)
       SELECT g.id, g.last, g.number, $${at + 1}::bigint, $${at + 2}::text, $${at + 3}::text,
         coalesce((SELECT o.at FROM ${schema}.object o WHERE o.seq = $${at + 1}::bigint), clock_timestamp())
       FROM g RETURNING grp, pos, number`,
      [...values, object, study, asciiJson(records)],
    );
    return row && { group: String(row['grp']), at: Number(row['pos']), number: Number(row['number']) };
  }

  private hasPending(group: string): string {
    return `EXISTS (SELECT FROM ${this.schema}.study_record r
      WHERE r.grp = ${group}.id AND r.number = ${group}.number AND r.object IS NOT NULL)`;
  }

  /** By which a group is found: a key may be long. */
  private named(by: string, key: string): [queue: string, node: string, name: string] {
    const name = createHash('sha256').update(`${by}\n${key}`).digest('hex');
    return [this.state.queue, this.node, name];
  }
}

function wordIn(row: Readonly<Record<string, unknown>>): Pick<FiringWord, 'status' | 'again'> {
  const { status, again } = row;
  return {
    status: typeof status === 'string' ? (JSON.parse(status) as CommandStatus) : undefined,
    again: again === 'now' || again === 'later' ? again : undefined,
  };
}
