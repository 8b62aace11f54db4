import {
  checkDurableRow,
  type Client,
  type Database,
  DatabaseUnusable,
  DURABLE_COLUMNS,
  POOLED,
  sqlState,
} from '../database';

/** What a pooler says that takes no transaction. */
const PROTOCOL_VIOLATION = '08P01';
/** A server that crashes empties an UNLOGGED table; a trigger before an INSERT may make nothing of it, without an error. */
const CHANGED_TABLE = `(
  SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND (c.relpersistence <> 'p' OR EXISTS (
    SELECT FROM pg_trigger t
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7)) LIMIT 1)`;

/**
 * Whether the database keeps what it commits: the server, which can be told otherwise at any time, and the tables, which somebody may
 * have changed.
 * @param schema as `isPlainName`; nothing may be in it yet
 * @throws DatabaseUnusable (`QUEUE_UNSAFE`); the client's error
 */
export async function checkDurable(database: Database, schema: string): Promise<void> {
  const [row] = await database.rowsAtOnce(`SELECT ${DURABLE_COLUMNS}, ${CHANGED_TABLE} AS changed`, [schema]);
  checkDurableRow(row);
  const changed = row?.['changed'];
  if (typeof changed === 'string')
    throw new DatabaseUnusable(
      'QUEUE_UNSAFE',
      `the table ${schema}.${changed} is UNLOGGED, or has a trigger before INSERT`,
    );
}

/** So often: once, others who ask at the same moment may have the connection that would tell. */
const POOL_CHECKS = 10;

/**
 * Whether each of our connections is one of the server's, as long as it is open: settings, notifications and locks would be
 * somebody else's if something gave them another one with each transaction. While one holds a transaction open, another cannot be
 * on the same of the server's; and the first is where it was.
 * @throws DatabaseUnusable (`QUEUE_POOLED`)
 */
export async function checkNotPooled(database: Database): Promise<void> {
  const isPooled = await database.withConnection((first) =>
    database.withConnection(async (second) => {
      const own = await backendOf(first);
      for (let check = 0; check < POOL_CHECKS; check += 1) {
        if (!(await begins(second))) return true;
        const other = await backendOf(second);
        const now = await backendOf(first);
        await second.query({ text: 'COMMIT' });
        if (other === own || now !== own || (await backendOf(first)) !== own) return true;
      }
      return false;
    }, true),
  );
  if (isPooled) throw new DatabaseUnusable('QUEUE_POOLED', POOLED);
}

async function backendOf(client: Client): Promise<unknown> {
  return (await client.query({ text: 'SELECT pg_backend_pid() AS pid' })).rows[0]?.['pid'];
}

/** False: there are no transactions, for each statement has another connection (PgBouncer in statement mode). */
async function begins(client: Client): Promise<boolean> {
  try {
    await client.query({ text: 'BEGIN' });
    return true;
  } catch (error) {
    if (sqlState(error) === PROTOCOL_VIOLATION) return false;
    throw error;
  }
}
