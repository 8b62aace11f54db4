import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { receiversForFile } from '../support/workers/in-process-receiver';
import { needs } from '../support/machine/needs';
import { Postgres } from '../support/queues/postgres';
import { databaseOf } from '../support/queues/postgres-queue';
import { StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

describe('an instance of a shared queue', { skip: needs('postgres') }, () => {
  const receivers = receiversForFile('open-associations');
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.stop());

  it('says which associations are open', async () => {
    const shared = { database: databaseOf(postgres), schema: 'dicom', queue: 'main' };
    const { port, receiver } = await receivers.start(receivers.folder(), {}, { shared });
    const client = await StoreClient.open(port);
    const listed = (): string => postgres.run('SELECT associations FROM dicom.presence');
    const [id = assert.fail()] = receiver.openAssociations();
    await until(() => listed().includes(id), 'it to be listed');
    await client.release();
    await until(() => !listed().includes(id), 'it to be gone');
  });
});
