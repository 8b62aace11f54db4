import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { StoreRequest } from '../../src/network';
import { MemoryQueue, QueueRefusal } from '../../src/queue';
import { ObjectIntake } from '../../src/receiver/object-intake';
import { dataSetOf } from '../support/objects/part10';
import { CT, EXPLICIT } from '../support/connections/pdus';
import { SAMPLE, SAMPLE_UID } from '../support/peers/store-client';

const DATA_SET = dataSetOf(readFileSync(SAMPLE));

const request = (changes: Partial<StoreRequest> = {}): StoreRequest => ({
  association: {
    associationId: 'a1',
    callingAET: 'CT01',
    calledAET: 'ARCHIVE',
    remoteAddress: '10.0.0.1',
    remotePort: 1,
    localAddress: '10.0.0.2',
    localPort: 104,
  },
  messageId: 7,
  abstractSyntaxUID: CT,
  sopClassUID: CT,
  sopInstanceUID: SAMPLE_UID,
  transferSyntaxUID: EXPLICIT,
  ...changes,
});

interface Setup {
  queue: MemoryQueue;
  refused: QueueRefusal[];
  /** The status that the sender gets. */
  store: (dataSet: Buffer, changes?: Partial<StoreRequest>) => Promise<number>;
}

function intake(maxObjects = 10): Setup {
  const queue = new MemoryQueue({ maxObjects, onLeftover: assert.fail });
  const refused: QueueRefusal[] = [];
  const taking = new ObjectIntake(queue, {
    queued: () => Promise.resolve({ status: 0 }),
    refused: (refusal) => void refused.push(refusal),
  });
  return {
    queue,
    refused,
    store: async (dataSet, changes) => {
      const begun = taking.begin(request(changes));
      if ('refused' in begun) return begun.refused.status;
      for (let at = 0; at < dataSet.length; at += 1_000) {
        const status = begun.append(dataSet.subarray(at, at + 1_000));
        if (status !== undefined) return status.status;
      }
      return (await begun.complete()).status;
    },
  };
}

describe('the intake of objects', () => {
  it('puts a Part 10 file into the queue, its data set as sent, before the sender is answered', async () => {
    const { queue, store } = intake();
    assert.equal(await store(DATA_SET), 0);
    const file = queue.take()?.read((content) => {
      assert.ok(content.kind === 'memory');
      return content.bytes.copy(0, content.bytes.size);
    });
    assert.equal(file?.toString('latin1', 128, 132), 'DICM');
    assert.ok(dataSetOf(file).equals(DATA_SET));
  });

  it('takes nothing that cannot be read to its end: C000, and nothing is kept', async () => {
    const { queue, store } = intake();
    assert.equal(await store(DATA_SET.subarray(0, -3)), 0xc000);
    assert.equal(await store(Buffer.alloc(0)), 0xc000);
    assert.equal(queue.size, 0);
  });

  it('takes no object of another class than was negotiated and announced: A900', async () => {
    const { queue, store } = intake();
    const mr = '1.2.840.10008.5.1.4.1.1.4';
    assert.equal(await store(DATA_SET, { sopClassUID: mr, abstractSyntaxUID: mr }), 0xa900);
    assert.equal(queue.size, 0);
  });

  it('takes an object that is another instance than its command says: the data set decides', async () => {
    const { queue, store } = intake();
    assert.equal(await store(DATA_SET, { sopInstanceUID: '1.2.3' }), 0);
    assert.equal(queue.size, 1);
  });

  it('answers A700 when the queue is full, and tells of it', async () => {
    const { queue, refused, store } = intake(1);
    assert.equal(await store(DATA_SET), 0);
    assert.equal(await store(DATA_SET), 0xa700);
    assert.deepEqual([refused.length, queue.size], [1, 1]);
  });

  it('drops what its sender does not finish', () => {
    const { queue } = intake();
    const taking = new ObjectIntake(queue, { queued: () => assert.fail(), refused: assert.fail });
    const begun = taking.begin(request());
    assert.ok(!('refused' in begun));
    begun.append(DATA_SET);
    begun.discard();
    assert.equal(queue.size, 0);
  });

  it('hides no fault of ours behind a status', () => {
    const broken = new MemoryQueue({ maxObjects: 1, onLeftover: assert.fail });
    broken.begin = () => {
      throw new TypeError('a mistake');
    };
    const taking = new ObjectIntake(broken, { queued: () => assert.fail(), refused: assert.fail });
    assert.throws(() => taking.begin(request()), /a mistake/);
  });
});
