/**
 * Tables of what nodes know beside objects, where several instances are to know the same.
 *
 * `study_group`: what `dicom-study` collects by a key, which its `name` is the hash of (none: it has been forgotten). One session has
 * it at a time, under a lease with a number that grows. Whoever adds a record raises `last` in the same statement, and so has the
 * row locked until that is committed: records of a group are committed in the order of their positions. `number` is that of the
 * firing that it will be, `bytes` those of the changes in it. `study_record`: its log. `study_firing`: a message that has been,
 * or is about to be, sent, until all that it lists has been let go.
 *
 * `step`: a performed procedure step, and the session that is to tell a flow of it. `presence`: the associations that a session
 * had open at a moment of the database's clock.
 */
export const stateTables = (s: string): string => `
    CREATE TABLE ${s}.study_group (
      id text PRIMARY KEY, queue text NOT NULL, node text NOT NULL, name text, grouped text NOT NULL, key text NOT NULL,
      number int NOT NULL DEFAULT 1, last bigint NOT NULL DEFAULT 1, bytes bigint NOT NULL DEFAULT 0,
      session bigint NOT NULL DEFAULT 0, lease bigint NOT NULL DEFAULT 0, active boolean NOT NULL DEFAULT true,
      used timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);
    CREATE UNIQUE INDEX study_group_name ON ${s}.study_group (queue, node, name);
    CREATE INDEX study_group_active ON ${s}.study_group (queue, node) WHERE active;
    CREATE TABLE ${s}.study_record (
      grp text NOT NULL, pos bigint NOT NULL, number int NOT NULL, came timestamptz NOT NULL DEFAULT clock_timestamp(),
      object bigint, study text, record text NOT NULL, PRIMARY KEY (grp, pos)
    ) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);
    CREATE TABLE ${s}.study_firing (
      grp text NOT NULL, number int NOT NULL, status text, again text, PRIMARY KEY (grp, number)
    );
    CREATE TABLE ${s}.step (
      queue text NOT NULL, node text NOT NULL, uid text NOT NULL, over boolean NOT NULL, revision bigint NOT NULL,
      teller bigint, changed timestamptz NOT NULL DEFAULT clock_timestamp(), step text NOT NULL,
      PRIMARY KEY (queue, node, uid)
    );
    CREATE TABLE ${s}.presence (
      session bigint PRIMARY KEY, queue text NOT NULL, at timestamptz NOT NULL, associations text[] NOT NULL
    ) WITH (fillfactor = 50);`;
