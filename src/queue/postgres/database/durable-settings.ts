import { DatabaseUnusable, type Row } from './client';

/** A server with one of these off forgets, after a loss of power, what it has committed. */
const NEEDED = ['fsync', 'full_page_writes'];
/** Columns of a SELECT, for `checkDurableRow`. */
export const DURABLE_COLUMNS = NEEDED.map((name) => `current_setting('${name}') AS ${name}`).join(', ');

/** @throws DatabaseUnusable (`QUEUE_UNSAFE`) */
export function checkDurableRow(row: Row | undefined): void {
  for (const name of NEEDED)
    if (row?.[name] !== 'on')
      throw new DatabaseUnusable('QUEUE_UNSAFE', `the server has ${name} = ${String(row?.[name])}`);
}
