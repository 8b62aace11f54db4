import type { Statements } from '../database';

/** After so long, nobody asks any more when an instance was last seen. */
const FORGET_SECONDS = 86_400;

/**
 * Forgets sessions that ended long ago.
 * @param schema as SQL names it
 * @param atLeastSeconds somebody asks for sessions that ended less long ago
 */
export async function forgetSessions(
  statements: Statements,
  schema: string,
  queue: string,
  atLeastSeconds = 0,
): Promise<void> {
  await statements.change(
    `DELETE FROM ${schema}.session WHERE queue = $1 AND until < clock_timestamp() - $2 * interval '1 second'`,
    [queue, Math.max(FORGET_SECONDS, atLeastSeconds)],
  );
}
