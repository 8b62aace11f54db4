import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { ObjectQueue, PostgresQueue } from '../../../src/queue';
import { needs } from '../../support/machine/needs';
import { Postgres } from '../../support/queues/postgres';
import { crashQueue, openQueue } from '../../support/queues/postgres-queue';
import { contract } from '../contract';

describe('a queue in PostgreSQL', { skip: needs('postgres') }, () => {
  const root = mkdtempSync(join(tmpdir(), 'dicom-contract-'));
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(async () => {
    await postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  let made = 0;
  const places = new Map<ObjectQueue, { directory: string; queue: string; path: string | undefined }>();
  const open = async (
    place: { directory: string; queue: string; path: string | undefined },
    options: Parameters<typeof openQueue>[2] = {},
  ): Promise<PostgresQueue> => {
    const { directory, queue, path } = place;
    const opened = await openQueue(postgres, directory, {
      queue,
      maxObjects: 100,
      onLeftover: (error) => assert.fail(error),
      ...(path !== undefined && { shared: { path, fromBytes: 0 } }),
      ...options,
    });
    places.set(opened, place);
    return opened;
  };
  const files = mkdtempSync(join(root, 'files-'));
  const kinds: [name: string, path: string | undefined][] = [
    ['PostgreSQL', undefined],
    ['PostgreSQL, files in a shared directory', files],
  ];
  for (const [name, path] of kinds)
    contract({
      name,
      create: (options) => {
        const queue = `q${(made += 1)}`;
        return open({ directory: join(root, queue), queue, path }, options);
      },
      crash: async (queue) => {
        await crashQueue(queue as PostgresQueue);
        return open(places.get(queue) ?? assert.fail());
      },
      knowsStudies: true,
    });
});
