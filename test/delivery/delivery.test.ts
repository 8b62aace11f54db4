import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FlowBudget } from '../../src/delivery/flow-budget';
import { receiversForFile, type InProcessReceiver } from '../support/workers/in-process-receiver';
import { queuedFiles, queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, padded, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const { folder, start, stop } = receiversForFile('delivery');

async function send(port: number, numbers: readonly number[]): Promise<void> {
  const client = await StoreClient.open(port);
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
  }
  await client.release();
}
const letters = async ({ receiver }: InProcessReceiver) => (await receiver.deadLetters({})).deadLetters;

describe('what the flow says of an object', () => {
  it('sets it aside with status and comment, where it is a failure that nobody else hears of', async () => {
    const receiver = await start(folder(), { acknowledge: true });
    await send(receiver.port, [1, 2, 3]);
    await until(() => receiver.delivered.length === 3, 'all');
    const [first = '', second = '', third = ''] = receiver.delivered.map(({ id }) => id);
    assert.equal(await receiver.receiver.answer(first, { status: 0xa700, comment: 'no room' }), 'answered');
    assert.equal(await receiver.receiver.answer(second, { status: 0xb000 }), 'answered');
    assert.equal(await receiver.receiver.answer(third, { status: 0 }), 'answered');
    const [letter, ...others] = await letters(receiver);
    assert.deepEqual(others, []);
    assert.equal(letter?.why, 'the flow answered A700: no room');
    assert.equal(letter?.status, 'A700');
    const { patientID, modality, sopClassName, sopInstanceUID, callingAET, receivedAt } =
      letter ?? assert.fail();
    assert.deepEqual(
      [patientID, modality, sopClassName, sopInstanceUID, callingAET],
      ['12345', 'CT', 'CT Image Storage', sampleInstance(1).uid, 'TEST_SCU'],
    );
    assert.ok(Date.parse(receivedAt ?? '') > 0);
    assert.deepEqual(receiver.faults, [], 'the flow knows');
    const event = receiver.events.find((one) => one.event === 'dead-letter') ?? assert.fail();
    assert.equal(event.patientID, '12345');
    await stop(receiver);
  });

  it('is the sender’s business where it waits for it: the object leaves the queue', async () => {
    const receiver = await start(folder(), { acknowledge: true, respond: 'processed' });
    const client = await StoreClient.open(receiver.port);
    const { uid, dataSet } = sampleInstance(4);
    const status = client.store(uid, dataSet);
    await until(() => receiver.delivered.length === 1, 'the object');
    const { id } = receiver.delivered[0] ?? assert.fail();
    assert.equal(await receiver.receiver.answer(id, { status: 0xc000 }), 'answered');
    assert.equal(await status, 0xc000);
    assert.deepEqual(await letters(receiver), []);
    await client.release();
    await stop(receiver);
  });

  it('is no mistake after a redelivery, and after as many messages as there were', async () => {
    const directory = folder();
    const settings = { acknowledge: true, respond: 'processed', responseTimeoutSeconds: '1' };
    const first = await start(directory, settings, { handOver: false });
    const client = await StoreClient.open(first.port);
    const { uid, dataSet } = sampleInstance(5);
    assert.equal(await client.store(uid, dataSet), 0x0110);
    client.peer.destroy();
    await stop(first);
    const again = await start(directory, { ...settings, acknowledgeTimeoutSeconds: '1' });
    await until(() => again.delivered.length === 2, 'the object, twice');
    const { id, message } = again.delivered[0] ?? assert.fail();
    assert.ok(message.dicom.redelivered > 0);
    assert.equal(await again.receiver.answer(id, { status: 0 }), 'answered');
    assert.equal(await again.receiver.answer(id, { status: 0 }), 'answered', 'the other message');
    assert.equal(await again.receiver.answer(id, { status: 0 }), 'alreadyAnswered');
    await until(() => queuedObjects(directory).length === 0, 'an empty queue');
    await stop(again);
  });

  it('counts when it could not even be sent: it comes again, and is a dead letter after so many attempts', async () => {
    const receiver = await start(folder(), { maxDeliveries: '2' }, { handOver: false });
    await send(receiver.port, [6]);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await until(() => receiver.delivered.length === attempt + 1, 'a message');
      const { id, message } = receiver.delivered[attempt] ?? assert.fail();
      assert.equal(message.dicom.redelivered, attempt);
      receiver.receiver.notDelivered(id, 'a node threw');
    }
    await until(() => receiver.faults.length > 0, 'the fault');
    assert.equal(receiver.faults[0]?.kind, 'notSent');
    assert.match((await letters(receiver))[0]?.why ?? '', /a node threw/);
    await stop(receiver);
  });
});

describe('a dead letter', () => {
  it('says why a node of the flow could not work on it, the last time', async () => {
    const receiver = await start(folder(), {
      acknowledge: true,
      acknowledgeTimeoutSeconds: '1',
      maxDeliveries: '2',
    });
    await send(receiver.port, [8]);
    await until(() => receiver.delivered.length === 1, 'the object');
    const { id } = receiver.delivered[0] ?? assert.fail();
    assert.equal(await receiver.receiver.notWorkedOn(id, 'DICOM_EDIT_BUSY: too many'), true);
    assert.equal(await receiver.receiver.notWorkedOn(id, 'DICOM_EDIT_NOT_CHANGED: no'), true);
    await until(async () => (await letters(receiver)).length === 1, 'the dead letter');
    assert.equal(
      (await letters(receiver))[0]?.why,
      'the flow did not acknowledge it (deliveries: 2): DICOM_EDIT_NOT_CHANGED: no',
    );
    assert.equal(await receiver.receiver.notWorkedOn(id, 'late'), false);
    await stop(receiver);
  });

  it('says what it can of an object whose file has been damaged', async () => {
    const directory = folder();
    const first = await start(directory, {}, { handOver: false });
    const client = await StoreClient.open(first.port);
    const { uid, dataSet } = sampleInstance(7);
    assert.equal(await client.store(uid, padded(dataSet, 1_200_000)), 0);
    await stop(first);
    const [name = ''] = queuedFiles(directory);
    const path = join(directory, name);
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.length - 9_000, bytes.length - 8_900);
    writeFileSync(path, bytes);
    const again = await start(directory);
    await until(() => again.faults.length > 0, 'a fault');
    const [fault] = again.faults;
    assert.equal(fault?.kind, 'notConverted');
    assert.equal(fault?.object?.callingAET, 'TEST_SCU');
    assert.equal(fault?.object?.sopInstanceUID, uid);
    assert.match(String(fault?.values['reason']), /changed or damaged/);
    assert.deepEqual(again.delivered, []);
    const [letter] = await letters(again);
    assert.equal(letter?.sopInstanceUID, uid);
    await stop(again);
  });
});

describe('what is on its way to the flow', () => {
  const converted = (megabytes: number) => ({
    json: 'x'.repeat(megabytes * 1e6),
    object: undefined,
    document: undefined,
  });

  it('is 32 MB at most, and one of any size', () => {
    const passed: string[] = [];
    const budget = new FlowBudget((id) => passed.push(id));
    budget.pass('large', converted(60));
    assert.deepEqual(passed, ['large']);
    budget.pass('next', converted(1));
    assert.equal(budget.isFull, true);
    budget.free('large');
    assert.deepEqual(passed, ['large', 'next']);
    for (let number = 0; number < 31; number += 1) budget.pass(String(number), converted(1));
    assert.equal(budget.isFull, false);
    budget.pass('one more', converted(1));
    assert.equal(budget.isFull, true);
    budget.free('next');
    assert.equal(passed.at(-1), 'one more');
    budget.pass('waits', converted(2));
    budget.withdraw('waits');
    assert.equal(budget.isFull, false, 'given up while it waited');
    assert.deepEqual(budget.stop(), []);
  });

  it('is counted once, though it is passed on once more while the flow has it', () => {
    const passed: string[] = [];
    const budget = new FlowBudget((id) => passed.push(id));
    for (let time = 0; time < 2; time += 1) budget.pass('again', converted(12));
    budget.free('again');
    budget.pass('one', converted(20));
    budget.pass('two', converted(12));
    assert.deepEqual(passed, ['again', 'again', 'one', 'two']);
  });

  it('waits in its order, however many wait', () => {
    const passed: string[] = [];
    const budget = new FlowBudget((id) => passed.push(id));
    budget.pass('one', converted(30));
    for (const id of ['two', 'three', 'four']) budget.pass(id, converted(12));
    budget.withdraw('three');
    assert.deepEqual(passed, ['one']);
    budget.free('one');
    assert.deepEqual(passed, ['one', 'two', 'four']);
    assert.equal(budget.isFull, false);
  });

  it('waits, though the flow says of an earlier message of the same object that it has it', () => {
    const passed: string[] = [];
    const budget = new FlowBudget((id) => passed.push(id));
    budget.pass('one', converted(20));
    budget.pass('two', converted(12));
    budget.pass('two', converted(13));
    budget.free('two');
    assert.equal(budget.isFull, true);
    budget.free('one');
    assert.deepEqual(passed, ['one', 'two', 'two']);
  });
});
