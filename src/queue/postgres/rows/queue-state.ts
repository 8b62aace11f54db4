import type { Statements } from '../database';

/** What is to be watched of a queue, beside how many objects wait. */
export interface QueueState {
  /** Since when the oldest of the objects that wait, or are in flight anywhere, has been there, in seconds; 0: there is none. */
  oldestSeconds: number;
  /** Associations that are this instance's, for it delivers their objects. */
  leases: number;
  deadLetters: number;
}

/**
 * Of each association only the first object is looked at, for it is the oldest: this takes no longer where many wait.
 * @param session of the instance
 * @throws the client's error
 */
export async function queueState(
  statements: Statements,
  { schema, queue }: { schema: string; queue: string },
  session: number,
): Promise<QueueState> {
  const s = `"${schema}"`;
  const [row] = await statements.rows(
    `WITH RECURSIVE first AS (
       (SELECT stream, at FROM ${s}.object WHERE queue = $1 AND state = 'queued' ORDER BY stream, seq LIMIT 1)
       UNION ALL
       SELECT next.stream, next.at FROM first CROSS JOIN LATERAL (
         SELECT o.stream, o.at FROM ${s}.object o
         WHERE o.queue = $1 AND o.state = 'queued' AND o.stream > first.stream ORDER BY o.stream, o.seq LIMIT 1
       ) next
     )
     SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM first) AS oldest,
       (SELECT count(*) FROM ${s}.lease WHERE queue = $1 AND session = $2) AS leases,
       (SELECT count(*) FROM ${s}.object WHERE queue = $1 AND state = 'dead') AS letters`,
    [queue, session],
  );
  return {
    oldestSeconds: Number(row?.['oldest']),
    leases: Number(row?.['leases']),
    deadLetters: Number(row?.['letters']),
  };
}
