/**
 * A process that ends, without a word, between a file in the shared directory and its row. Arguments: the port of PostgreSQL, a
 * folder of its own, the shared directory, the queue, and what it is doing then: `put` or `remove`.
 */
import { ObjectInserts } from '../../../src/queue/postgres/rows/object-inserts';
import { SharedDirectory } from '../../../src/queue/postgres/directory/shared-directory';
import { PostgresQueue } from '../../../src/queue';
import { databaseOf } from '../../support/queues/postgres-queue';

const [port = '', directory = '', path = '', queue = '', doing = ''] = process.argv.slice(2);

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

async function main(): Promise<void> {
  const opened = new PostgresQueue({
    database: databaseOf({ port: Number(port) }),
    schema: 'dicom',
    queue,
    directory,
    shared: { path, fromBytes: 0 },
    maxObjects: 10,
    onLeftover: (error) => {
      throw error;
    },
  });
  await opened.open();
  if (doing === 'put') ObjectInserts.prototype.insert = die;
  else SharedDirectory.prototype.remove = die;
  const id = await opened.begin(Buffer.from('between')).complete();
  await opened.remove(id);
}

void main();
