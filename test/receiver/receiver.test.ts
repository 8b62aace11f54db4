import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodeHead } from '../../src/object';
import { faultCode } from '../../src/receiver';
import { listenFault } from '../../src/receiver/faults';
import { ENVELOPE, ofVersion } from '../support/objects/envelope';
import { freePort } from '../support/machine/free-port';
import { queuedFiles, queuedObjects } from '../support/queues/queue-folder';
import { receiversForFile } from '../support/workers/in-process-receiver';
import { dataSetOf } from '../support/objects/part10';
import { SAMPLE, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const { folder, start, stop } = receiversForFile('receiver');

describe('Receiver', () => {
  for (const queue of ['disk-synced', 'disk', 'memory']) {
    it(`delivers what it acknowledges, in order, the bytes as sent (${queue})`, async () => {
      const receiver = await start(folder(), { queue, output: 'buffer' });
      const client = await StoreClient.open(receiver.port);
      const sent = Array.from({ length: 20 }, (_, number) => sampleInstance(number));
      for (const { uid, dataSet } of sent) assert.equal(await client.store(uid, dataSet), 0);
      await client.release();
      await until(() => receiver.delivered.length === sent.length, 'all objects');
      receiver.delivered.forEach(({ message, object }, index) => {
        const { uid, dataSet } = sent[index] ?? assert.fail();
        assert.equal(message.dicom.sopInstanceUID, uid);
        assert.equal(message.dicom.size, dataSet.length);
        assert.ok(object && dataSetOf(object).equals(dataSet));
      });
    });
  }

  it('delivers again after a restart what was not handed over, oldest first, marked as redelivered', async () => {
    const directory = folder();
    const first = await start(directory, {}, { handOver: false });
    const client = await StoreClient.open(first.port);
    const sent = Array.from({ length: 80 }, (_, number) => sampleInstance(number));
    for (const { uid, dataSet } of sent) assert.equal(await client.store(uid, dataSet), 0);
    await until(() => first.delivered.length > 0, 'the first object');
    await stop(first);
    assert.ok(first.delivered.length < 40, 'only so many are under way at a time');
    assert.equal(queuedObjects(directory).length, sent.length);

    const second = await start(directory);
    await until(() => second.delivered.length === sent.length, 'all objects');
    assert.deepEqual(
      second.delivered.map(({ message }) => [message.dicom.sopInstanceUID, message.dicom.redelivered]),
      sent.map(({ uid }) => [uid, 1]),
    );
    await until(() => queuedObjects(directory).length === 0, 'an empty queue');
  });

  it('keeps an object that a later version has received, says so, and delivers it when that version is back', async () => {
    const directory = folder();
    await stop(await start(directory));
    const head = encodeHead(ENVELOPE);
    const bytes = (version: number): Buffer =>
      Buffer.concat([ofVersion(head, version), dataSetOf(readFileSync(SAMPLE))]);
    writeFileSync(join(directory, '1764000000000-0000000001.dcm'), bytes(2));
    const first = await start(directory);
    await until(() => first.faults.length > 0, 'the fault');
    assert.deepEqual(
      first.faults.map(({ kind, values }) => [kind, values['objects']]),
      [['objectNewer', 1]],
    );
    assert.deepEqual(await first.receiver.deadLetters({}), { deadLetters: [], total: 0 });
    await stop(first);
    assert.equal(first.delivered.length, 0);
    // Its name says of attempts.
    const file = join(directory, queuedFiles(directory)[0] ?? assert.fail());
    assert.ok(readFileSync(file).equals(bytes(2)));
    // To this version, the one that has written this is "that version".
    writeFileSync(file, bytes(1));
    const back = await start(directory);
    await until(() => back.delivered.length === 1, 'the object');
    assert.equal(back.delivered[0]?.message.dicom.callingAET, ENVELOPE.callingAET);
  });

  it('counts a dead letter that an owner had given up before a restart', async () => {
    const directory = folder();
    const settings = { acknowledge: true };
    const first = await start(directory, settings);
    const client = await StoreClient.open(first.port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await until(() => first.delivered.length === 1, 'the object');
    const id = first.delivered[0]?.id ?? '';
    for (const owner of ['a', 'b']) assert.ok(await first.receiver.park(id, owner));
    assert.ok(await first.receiver.giveUp(id, 'a', { status: 0xa700 }));
    await stop(first);
    const second = await start(directory, settings);
    assert.equal(second.receiver['deadLetterCount'], 0);
    assert.equal(await second.receiver.unpark(id, 'b'), 'dead-letter');
    assert.equal(second.receiver['deadLetterCount'], 1);
  });

  it('knows after a restart how many objects of a study wait', async () => {
    const directory = folder();
    const settings = { acknowledge: true, maxInFlight: '1' };
    const first = await start(directory, settings);
    const client = await StoreClient.open(first.port);
    for (const number of [1, 2, 3]) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client.store(uid, dataSet), 0);
    }
    await until(() => first.delivered.length === 1, 'the first object');
    const study = first.delivered[0]?.message.topic ?? '';
    assert.equal(await first.receiver.waiting(study), 3);
    assert.equal(await first.receiver.answer(first.delivered[0]?.id ?? '', { status: 0 }), 'answered');
    await stop(first);
    const second = await start(directory, settings);
    await until(() => second.delivered.length === 1, 'the next object');
    assert.equal(await second.receiver.waiting(study), 2);
    assert.equal(await second.receiver.waiting('1.2.3'), 0);
  });

  it('puts objects in place as files that an earlier run, without files, left in the log', async () => {
    const directory = folder();
    const files = folder();
    const first = await start(directory, {}, { handOver: false });
    const client = await StoreClient.open(first.port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await stop(first);
    assert.equal(queuedFiles(directory).length, 0);

    const second = await start(directory, {
      output: 'file',
      directory: files,
      filenameTemplate: '{SOPInstanceUID}.dcm',
    });
    await until(() => second.delivered.length === 1, 'the object');
    const { filename = '', dicom } = second.delivered[0]?.message ?? assert.fail();
    assert.equal(filename, join(files, `${uid}.dcm`));
    assert.equal(dicom.redelivered, 1);
    assert.ok(readFileSync(filename).subarray(-dataSet.length).equals(dataSet));
    await until(() => queuedObjects(directory).length === 0, 'an empty queue');
  });

  it('takes an object whose announced UID is almost one, goes by its data set, and warns', async () => {
    const receiver = await start(folder());
    const client = await StoreClient.open(receiver.port);
    const { uid, dataSet } = sampleInstance(1);
    for (const announced of [uid, `${uid}.`, `${uid} `, uid.replace('.', '. ')])
      assert.equal(await client.store(announced, dataSet), 0, announced);
    await client.release();
    await until(() => receiver.delivered.length === 4, 'the objects');
    assert.deepEqual(
      receiver.delivered.map(({ message: { dicom } }) => [
        dicom.sopInstanceUID,
        dicom.warnings?.map(({ code }) => code).filter((code) => /uid|announced/.test(code)) ?? [],
      ]),
      [
        [uid, []],
        [uid, ['not-as-announced', 'invalid-uid']],
        [uid, []],
        [uid, ['not-as-announced', 'invalid-uid']],
      ],
    );
  });

  it('answers A700 when the queue is full, says so, and goes on when there is room', async () => {
    const receiver = await start(folder(), { maxQueued: '2' }, { handOver: false });
    const client = await StoreClient.open(receiver.port);
    const [one, two, three] = [1, 2, 3].map(sampleInstance);
    assert.ok(one && two && three);
    assert.equal(await client.store(one.uid, one.dataSet), 0);
    assert.equal(await client.store(two.uid, two.dataSet), 0);
    assert.equal(await client.store(three.uid, three.dataSet), 0xa700);
    assert.ok(receiver.events.some(({ event }) => event === 'queue-full'));
    await until(() => receiver.delivered.length === 2, 'two objects');
    receiver.delivered.forEach(({ id }) => receiver.receiver.delivered(id));
    assert.equal(await client.store(three.uid, three.dataSet), 0);
    await client.release();
  });

  it('answers A700 when the queue directory vanishes, and keeps nothing', async () => {
    const directory = folder();
    const receiver = await start(directory);
    const client = await StoreClient.open(receiver.port);
    const { uid, dataSet } = sampleInstance(1);
    rmSync(directory, { recursive: true });
    assert.equal(await client.store(uid, dataSet), 0xa700);
    await client.release();
    assert.equal(receiver.delivered.length, 0);
  });

  it('waits for a port that is in use, and takes it when it is free', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const receiver = await start(folder(), {}, { port, onFault: () => other.close() });
    assert.equal(receiver.port, port);
    assert.equal(receiver.faults[0]?.kind, 'portInUse');
    await (await StoreClient.open(port)).release();
  });

  it('frees its port at once, and takes it again while the old one is in TIME_WAIT', async () => {
    const port = await freePort();
    for (let round = 0; round < 5; round += 1) {
      const receiver = await start(folder(), {}, { port });
      const client = await StoreClient.open(port);
      const { uid, dataSet } = sampleInstance(round);
      assert.equal(await client.store(uid, dataSet), 0);
      await stop(receiver);
      assert.deepEqual(receiver.faults, []);
      assert.equal(receiver.events.at(-1)?.event, 'stopped');
    }
  });

  it('writes Part 10 files with the association in their meta information', async () => {
    const receiver = await start(folder(), { output: 'buffer' });
    const client = await StoreClient.open(receiver.port);
    await client.store('2.25.101203456789012345678901234567893', dataSetOf(readFileSync(SAMPLE)));
    await client.release();
    await until(() => receiver.delivered.length === 1, 'the object');
    const object = receiver.delivered[0]?.object ?? assert.fail();
    assert.ok(object.subarray(0, 128).equals(Buffer.alloc(128)));
    assert.equal(object.toString('latin1', 128, 132), 'DICM');
    const groupLength = object.readUInt32LE(140);
    assert.equal(144 + groupLength, object.length - dataSetOf(object).length);
    for (const text of ['TEST_SCU', 'ANY-SCP', '1.2.840.10008.5.1.4.1.1.2']) assert.ok(object.includes(text));
  });
});

describe('listen faults', () => {
  const fault = (code: string) => listenFault(Object.assign(new Error(code), { code }), 104, '10.9.9.9').kind;

  it('tells apart what an operator does something different about', () => {
    assert.equal(fault('EADDRINUSE'), 'portInUse');
    assert.equal(fault('EACCES'), 'needsPrivilege');
    assert.equal(fault('EADDRNOTAVAIL'), 'addressNotAvailable');
    assert.equal(fault('EWHATEVER'), 'listenFailed');
  });

  it('has codes for Catch nodes', () => {
    assert.equal(faultCode('portInUse'), 'DICOM_PORT_IN_USE');
    assert.equal(faultCode('tlsMissing'), 'DICOM_TLS_MISSING');
  });
});
