import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { PostgresQueue, PostgresQueueOptions } from '../../src/queue';
import { Postgres } from './postgres';
import { openQueue } from './postgres-queue';

/** Queues of a suite, in a PostgreSQL and below a folder of its own. All are closed when the suite is over. */
export class QueuesUnderTest {
  readonly root: string;
  private server: Postgres | undefined;
  private readonly opened = new Set<PostgresQueue>();

  /** Within the suite. */
  constructor(folder: string) {
    this.root = mkdtempSync(join(tmpdir(), folder));
    before(async () => {
      this.server = await Postgres.start();
    });
    after(async () => {
      for (const queue of this.opened) await queue.close();
      await this.server?.stop();
      rmSync(this.root, { recursive: true, force: true });
    });
  }

  get postgres(): Postgres {
    if (this.server === undefined) throw new Error('PostgreSQL does not run outside of the tests');
    return this.server;
  }

  /** @param names of folders below the root */
  async open(names: readonly string[], options: Partial<PostgresQueueOptions>): Promise<PostgresQueue> {
    const queue = await openQueue(this.postgres, join(this.root, ...names), options);
    this.opened.add(queue);
    return queue;
  }
}
