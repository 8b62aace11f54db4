import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseUnusable } from '../../../src/queue';
import { needs } from '../../support/machine/needs';
import { withPgBouncer } from './pgbouncer';
import { Postgres } from '../../support/queues/postgres';
import { databaseOf, openQueue } from '../../support/queues/postgres-queue';

const isPooled = (error: unknown): boolean =>
  error instanceof DatabaseUnusable && error.code === 'QUEUE_POOLED';

describe('a queue in PostgreSQL, behind PgBouncer', { skip: needs('postgres', 'pgbouncer') }, () => {
  const root = mkdtempSync(join(tmpdir(), 'dicom-pooler-'));
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(async () => {
    await postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('works in session mode', () =>
    withPgBouncer(postgres.port, 'session', async (port) => {
      const queue = await openQueue(postgres, join(root, 'session'), { database: databaseOf({ port }) });
      await queue.begin(Buffer.from('one')).complete();
      const [object] = await queue.claim(1);
      assert.ok(object);
      await queue.close();
    }));

  for (const mode of ['transaction', 'statement'] as const) {
    it(`is refused in ${mode} mode`, () =>
      withPgBouncer(postgres.port, mode, async (port) => {
        // Whichever of the server's connections come first.
        for (let round = 0; round < 3; round += 1)
          await assert.rejects(
            openQueue(postgres, join(root, mode), { database: databaseOf({ port }) }),
            isPooled,
          );
      }));

    it(`is refused in ${mode} mode, also where many begin at once`, () =>
      withPgBouncer(postgres.port, mode, async (port) => {
        for (let round = 0; round < 5; round += 1) {
          const opened = await Promise.allSettled(
            Array.from({ length: 8 }, (_, number) =>
              openQueue(postgres, join(root, `many-${number}`), { database: databaseOf({ port }) }),
            ),
          );
          for (const outcome of opened)
            assert.ok(outcome.status === 'rejected' && isPooled(outcome.reason), JSON.stringify(outcome));
        }
      }));
  }
});
