import { join } from 'node:path';
import { PostgresQueue, type DatabaseConfig, type PostgresQueueOptions } from '../../../src/queue';
import type { Link } from '../../../src/queue/postgres/link';
import type { Postgres } from './postgres';

/** Where a test's server is, for a queue. */
export function databaseOf({ port }: Pick<Postgres, 'port'>): DatabaseConfig {
  return { host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password: '', poolSize: 4 };
}

/** An instance that has just been opened. */
export async function openQueue(
  postgres: Pick<Postgres, 'port'>,
  directory: string,
  options: Partial<PostgresQueueOptions> = {},
): Promise<PostgresQueue> {
  const queue = new PostgresQueue({
    database: databaseOf(postgres),
    schema: 'dicom',
    queue: 'main',
    directory: join(directory),
    maxObjects: 1_000,
    onLeftover: (error) => {
      throw error;
    },
    ...options,
  });
  await queue.open();
  return queue;
}

/** As a crash leaves it that was so long ago that its lease is over. */
export async function crashLongAgo(
  queue: PostgresQueue,
  postgres: { run: (sql: string) => string },
): Promise<void> {
  const { number } = (queue as unknown as { link: Link }).link.session;
  await crashQueue(queue);
  postgres.run(
    `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE number = ${number}`,
  );
}

/** As a crash leaves it: the database hears nothing of it, and the system ends the lock and the connections. */
export async function crashQueue(queue: PostgresQueue): Promise<void> {
  const inside = queue as unknown as {
    folder: { release(): void };
    disconnect(): Promise<void>;
    isOpen: boolean;
  };
  inside.isOpen = false;
  await inside.disconnect();
  inside.folder.release();
}
