import type { Database } from '../database';
import { prepareSchema } from './schema';
import { checkDurable, checkNotPooled } from './server-checks';

/** Nothing is made in a database that cannot be used: somebody else's connection would not know what has been prepared. */
export async function prepareDatabase(database: Database, schema: string): Promise<void> {
  await checkNotPooled(database);
  await checkDurable(database, schema);
  await prepareSchema(database, schema);
}
