import { type Database, DatabaseUnusable } from '../database';
import { stateTables } from './state-tables';

/** For the name of a schema or of a queue: it is put into statements, and into names of channels. */
export function isPlainName(name: string): boolean {
  return /^[a-z_][a-z0-9_]{0,39}$/.test(name);
}

/** Of advisory locks: any number that nobody else uses. */
const LOCK_CLASS = 0x6469_636d;

/** Numbers of objects are taken in blocks of so many: see `ObjectNumbers`. */
export const BLOCK_OBJECTS = 100;

/**
 * From each version of the tables to the next, the oldest first. What is here has been run somewhere: it is not changed, only
 * added to, and never destroys anything.
 *
 * `object`: a row for each, of which the bytes are in `chunk`. `lease` is the number of the lease under which it is in flight; it
 * waits where that is not the number of the lease that its association (`stream`) has now: so the end of a lease needs no
 * change of its objects. `session`: an instance that lives, until that moment of the database's clock, unless it says so again.
 * A claim changes only columns that no index has, so that PostgreSQL need not touch the indexes (HOT).
 *
 * An object with a `sha256` is a file in the shared directory, and has no `chunk`. `directory` says by its id which directory that
 * is.
 */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (s) => `
    CREATE SEQUENCE ${s}.block;
    CREATE SEQUENCE ${s}.number;
    CREATE TABLE ${s}.session (
      queue text NOT NULL, instance text NOT NULL, number bigint NOT NULL UNIQUE, run bigint NOT NULL UNIQUE,
      until timestamptz NOT NULL, host text NOT NULL, PRIMARY KEY (queue, instance)
    ) WITH (fillfactor = 50);
    CREATE TABLE ${s}.lease (
      stream bigint PRIMARY KEY, queue text NOT NULL, session bigint NOT NULL, number bigint NOT NULL
    ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);
    CREATE INDEX lease_session ON ${s}.lease (session);
    CREATE TABLE ${s}.object (
      seq bigint PRIMARY KEY, queue text NOT NULL, stream bigint NOT NULL, id text NOT NULL, study text NOT NULL,
      size bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
      state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'parked', 'kept', 'dead')),
      lease bigint NOT NULL DEFAULT 0, open boolean NOT NULL DEFAULT false,
      deliveries int NOT NULL DEFAULT 0, unacknowledged int NOT NULL DEFAULT 0, crashes int NOT NULL DEFAULT 0,
      waiter bigint, keeper bigint, instance text, parking text, letter text
    ) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX object_queued ON ${s}.object (queue, stream, seq) WHERE state = 'queued';
    CREATE INDEX object_study ON ${s}.object (queue, study) WHERE state = 'queued';
    CREATE INDEX object_other ON ${s}.object (queue, state, seq) WHERE state <> 'queued';
    CREATE TABLE ${s}.chunk (
      object bigint NOT NULL, part int NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (object, part)
    ) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
      toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_scale_factor = 0.02,
      toast.autovacuum_vacuum_cost_delay = 0);
    ALTER TABLE ${s}.chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
    CREATE TABLE ${s}.answer (
      run bigint NOT NULL, id text NOT NULL, answer text NOT NULL, PRIMARY KEY (run, id)
    );`,
  (s) => `
    ALTER TABLE ${s}.object ADD COLUMN sha256 text;
    CREATE INDEX object_file ON ${s}.object (queue, seq) WHERE sha256 IS NOT NULL;
    CREATE TABLE ${s}.directory (queue text PRIMARY KEY, id text NOT NULL);`,
  stateTables,
  // A part of an object's bytes stays in its row, where it has room in a page: `PART_BYTES`.
  (s) => `ALTER TABLE ${s}.chunk SET (toast_tuple_target = 8160)`,
];

/**
 * Makes the tables of a schema, or those of an older version what they are now. Only one does so at a time.
 * @param name as `isPlainName`
 * @throws DatabaseUnusable (`QUEUE_NEWER`); the client's error
 */
export async function prepareSchema(
  database: Database,
  name: string,
  migrations = MIGRATIONS,
): Promise<void> {
  const schema = `"${name}"`;
  await database.transaction(async (statements) => {
    await statements.rows('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, name]);
    const [found] = await statements.rows('SELECT to_regclass($1) IS NOT NULL AS there', [
      `${schema}.version`,
    ]);
    if (found?.['there'] !== true) {
      const [there] = await statements.rows('SELECT to_regnamespace($1) IS NOT NULL AS there', [schema]);
      if (there?.['there'] !== true) await statements.change(`CREATE SCHEMA ${schema}`);
      await statements.change(
        `CREATE TABLE ${schema}.version (version int NOT NULL, single boolean PRIMARY KEY DEFAULT true CHECK (single))`,
      );
      await statements.change(`INSERT INTO ${schema}.version (version) VALUES (0)`);
    }
    const [row] = await statements.rows(`SELECT version FROM ${schema}.version`);
    const version = Number(row?.['version']);
    if (version > migrations.length)
      throw new DatabaseUnusable(
        'QUEUE_NEWER',
        `the tables in the schema ${name} are of version ${version}, and this is version ${migrations.length}`,
      );
    for (const migration of migrations.slice(version)) await statements.change(migration(schema));
    if (version < migrations.length)
      await statements.change(`UPDATE ${schema}.version SET version = $1`, [migrations.length]);
  });
}
