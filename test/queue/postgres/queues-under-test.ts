import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import type { PostgresQueue, PostgresQueueOptions } from '../../../src/queue';
import { Postgres } from '../../support/queues/postgres';
import { openQueue } from '../../support/queues/postgres-queue';

/**
 * Queues of a suite, in a PostgreSQL and below a folder of its own. Those of a test are closed when it is over: the server has a
 * hundred connections, of which each queue takes as many as it has to do.
 */
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
    afterEach(async () => {
      for (const queue of this.opened) await queue.close();
      this.opened.clear();
    });
    after(async () => {
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
