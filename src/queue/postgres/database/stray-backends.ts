import { setTimeout as wait } from 'node:timers/promises';
import { sqlState, type Row } from './client';

/** A connection, as the server knows it. */
export interface Backend {
  pid: number;
  /** When it began: microseconds. Process ids are used again. */
  since: string;
}

/** As SQL: columns of `Backend`, of the connection that asks. */
export const OWN_BACKEND = `pg_backend_pid() AS pid, (SELECT (extract(epoch FROM backend_start) * 1000000)::bigint
  FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS since`;

const END_STRAYS = `
  SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
  JOIN unnest($1::int[], $2::bigint[]) AS stray (pid, since) ON a.pid = stray.pid
    AND (extract(epoch FROM a.backend_start) * 1000000)::bigint = stray.since`;

/** What has been told to end ends at once, unless it hangs; then it does as soon as it goes on. */
const END_MS = 2_000;
const LOOK_MS = 20;

/**
 * Connections that were given up before the server answered. It may not have noticed, and what it was asked for, or still gets from
 * a network that was held up, happens long afterwards: it would claim objects for somebody who has stopped to wait for them, or give up
 * what he has got since. So they are ended before anything else is asked.
 */
export class StrayBackends {
  private strays: Backend[] = [];
  private ending: Promise<void> | undefined;

  get isEmpty(): boolean {
    return this.strays.length === 0;
  }

  add(backend: Backend): void {
    this.strays.push(backend);
  }

  /** Resolves when nothing more comes of them. @throws the client's error, when the server cannot be asked */
  end(ask: (text: string, values: readonly unknown[]) => Promise<readonly Row[]>): Promise<void> {
    this.ending ??= this.endAll(ask).finally(() => (this.ending = undefined));
    return this.ending;
  }

  private async endAll(ask: Parameters<StrayBackends['end']>[0]): Promise<void> {
    const strays = [...this.strays];
    const values = [strays.map(({ pid }) => pid), strays.map(({ since }) => since)];
    try {
      for (const until = performance.now() + END_MS; performance.now() < until; await wait(LOOK_MS))
        if ((await ask(END_STRAYS, values)).length === 0) break;
    } catch (error) {
      // A server that answers, and does not do that, will not do it later either.
      if (sqlState(error) === undefined) throw error;
    }
    this.strays = this.strays.filter((stray) => !strays.includes(stray));
  }
}
