import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { receiversForFile } from '../support/workers/in-process-receiver';
import { needs } from '../support/machine/needs';
import { Postgres } from '../support/queues/postgres';
import { databaseOf } from '../support/queues/postgres-queue';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

describe('the answer of a flow at another instance than its sender', { skip: needs('postgres') }, () => {
  const receivers = receiversForFile('shared-answers');
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.stop());

  it('is heard in time, and is too late once the sender has been answered without it', async () => {
    const shared = { database: databaseOf(postgres), schema: 'dicom', queue: 'main' };
    const processed = { respond: 'processed', responseTimeoutSeconds: 3 };
    const sending = await receivers.start(receivers.folder(), { ...processed, role: 'receive' }, { shared });
    const flow = await receivers.start(receivers.folder(), processed, { shared });
    const client = await StoreClient.open(sending.port);
    const stored = (number: number): Promise<number> => {
      const { uid, dataSet } = sampleInstance(number);
      return client.store(uid, dataSet);
    };
    const delivered = async (count: number): Promise<string> => {
      await until(() => flow.delivered.length === count, `object ${count}`);
      return flow.delivered.at(-1)?.id ?? '';
    };
    const heard = stored(1);
    assert.equal(await flow.receiver.answer(await delivered(1), { status: 0xc123 }), 'answered');
    assert.equal(await heard, 0xc123);
    const unheard = stored(2);
    const id = await delivered(2);
    assert.equal(await unheard, 0x0110);
    await until(() => postgres.run('SELECT id FROM dicom.answer') === id, 'that to be known');
    assert.equal(await flow.receiver.answer(id, { status: 0 }), 'tooLate');
    await client.release();
  });
});
