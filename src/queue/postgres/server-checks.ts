import { DatabaseUnusable } from './client';
import type { Database, Statements } from './database';

/** A server with one of these off forgets, after a loss of power, what it has committed. */
const NEEDED = ['fsync', 'full_page_writes'];

/** @throws DatabaseUnusable (`QUEUE_UNSAFE`) */
export async function checkDurable(statements: Statements): Promise<void> {
  for (const name of NEEDED) {
    const [row] = await statements.rows('SELECT current_setting($1) AS value', [name]);
    if (row?.['value'] !== 'on')
      throw new DatabaseUnusable('QUEUE_UNSAFE', `the server has ${name} = ${String(row?.['value'])}`);
  }
}

/**
 * Whether each of our connections is one of the server's, as long as it is open: settings, notifications and locks would be
 * somebody else's if something gave them another one with each transaction. While one holds a transaction open, another cannot be
 * on the same of the server's; and the first is where it was.
 * @throws DatabaseUnusable (`QUEUE_POOLED`)
 */
export async function checkNotPooled(database: Database): Promise<void> {
  const isPooled = await database.withConnection(async (first) => {
    const backend = async (client: typeof first): Promise<unknown> =>
      (await client.query({ text: 'SELECT pg_backend_pid() AS pid' })).rows[0]?.['pid'];
    const before = await backend(first);
    return database.withConnection(async (second) => {
      await second.query({ text: 'BEGIN' });
      const between = await backend(second);
      const after = await backend(first);
      await second.query({ text: 'COMMIT' });
      return between === before || after !== before;
    });
  });
  if (isPooled)
    throw new DatabaseUnusable(
      'QUEUE_POOLED',
      'a pooler gives each transaction another connection: it must be in session mode',
    );
}
