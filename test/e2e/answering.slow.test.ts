import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { flowNode, receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink, type SunkMessage } from '../support/node-red/message-sink';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { dataSetOf } from '../support/objects/part10';
import { queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/** Answers by HTTP what the test has seen at the sink: with nothing of the message but the names of its object. */
function answeringNodes(): FlowNode[] {
  const func = `const { queueId, acknowledgeId, ...rest } = msg.payload;
    return [{ dicom: { queueId, acknowledgeId }, ...rest }, msg];`;
  return [
    flowNode('answer-in', 'http in', { url: '/answer', method: 'post', wires: [['answer-build']] }),
    flowNode('answer-build', 'function', { func, outputs: 2, wires: [['answer'], ['answer-out']] }),
    flowNode('answer-out', 'http response', { wires: [] }),
    flowNode('answer', 'dicom-response', {
      name: '',
      status: 'B007',
      customStatus: '',
      errorComment: 'from the dialog',
    }),
  ];
}

describe('flows that answer', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;
  const directory = mkdtempSync(join(tmpdir(), 'dicom-files-'));

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  beforeEach(() => sink.clear());
  after(async () => {
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const deploy = async (settings: Record<string, unknown>): Promise<void> => {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy([...receiverFlow(port, sink, settings), ...answeringNodes()]);
    await nodeRed.waitForLine(/listening on/, { from });
    await connected();
  };
  const answer = async (message: SunkMessage, more: Record<string, unknown> = {}): Promise<void> => {
    const body = JSON.stringify({ queueId: message.dicom.queueId, ...more });
    const headers = { 'Content-Type': 'application/json' };
    const { status } = await fetch(`${nodeRed.url}/answer`, { method: 'POST', headers, body });
    assert.equal(status, 200);
  };
  const store = async (
    number: number,
  ): Promise<{ uid: string; status: Promise<number>; client: StoreClient }> => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(number);
    return { uid, status: client.store(uid, dataSet), client };
  };
  const arrival = (uid: string) => sink.find(({ dicom }) => dicom?.sopInstanceUID === uid, uid);
  const caught = async (code: string): Promise<string> => {
    const has = (message: SunkMessage): boolean =>
      message.output === 3 && (message as unknown as { error: { code?: string } }).error.code === code;
    return ((await sink.find(has, code)) as unknown as { error: { message: string } }).error.message;
  };
  const queueFolder = (): string => join(nodeRed.userDir, 'dicom', 'test-dicom-in');

  it('hold the C-STORE response until they have answered, by either id, while other associations go on', async () => {
    await deploy({ respond: 'processed' });
    const [one, two] = [await store(1), await store(2)];
    const [first, second] = [await arrival(one.uid), await arrival(two.uid)];
    await answer(second, { statusCode: 0 });
    assert.equal(await two.status, 0x0000);
    const { acknowledgeId } = first.dicom;
    await answer(first, { queueId: undefined, acknowledgeId });
    assert.equal(await one.status, 0xb007, 'the status of the dialog');
    one.client.peer.destroy();
    two.client.peer.destroy();
  });

  it('choose the status in the message, as a number or as hexadecimal text, with a comment', async () => {
    await deploy({ respond: 'processed' });
    for (const [statusCode, expected] of [
      ['A700', 0xa700],
      ['0xC123', 0xc123],
      [0x0110, 0x0110],
      ['0000', 0],
    ] as const) {
      const sent = await store(expected + 10);
      await answer(await arrival(sent.uid), { statusCode, errorComment: 'no such patient' });
      assert.equal(await sent.status, expected);
      sent.client.peer.destroy();
    }
  });

  it('are told of answers that make no sense, in words and with a code', async () => {
    await deploy({ respond: 'processed', responseTimeoutSeconds: '1' });
    const sent = await store(20);
    const message = await arrival(sent.uid);
    await answer(message, { statusCode: 'fine' });
    assert.match(await caught('DICOM_RESPONSE_BAD_STATUS'), /fine/);
    assert.equal(await sent.status, 0x0110, 'no answer in time');
    await caught('DICOM_RESPONSE_TIMED_OUT');
    await answer(message);
    await caught('DICOM_RESPONSE_TOO_LATE');

    const other = await store(21);
    const answered = await arrival(other.uid);
    await answer(answered, { statusCode: '0000' });
    await answer(answered, { statusCode: 'A700' });
    assert.equal(await other.status, 0, 'the first answer wins');
    await caught('DICOM_RESPONSE_ALREADY_ANSWERED');
    await answer({ dicom: { queueId: 'nonsense' } } as SunkMessage);
    await caught('DICOM_RESPONSE_NO_ID');
    await answer({ dicom: { queueId: 'other-node:1764000000000-0000000001' } } as SunkMessage);
    await caught('DICOM_RESPONSE_UNKNOWN');
    sent.client.peer.destroy();
    other.client.peer.destroy();
  });

  it('are told when the receiver waits for no answer', async () => {
    await deploy({});
    const sent = await store(30);
    assert.equal(await sent.status, 0);
    await answer(await arrival(sent.uid));
    await caught('DICOM_RESPONSE_NOT_AWAITED');
    sent.client.peer.destroy();
  });

  it('are missed at deploy, when an answer is wanted and nothing is wired', async () => {
    const from = nodeRed.lines.length;
    const flows = receiverFlow(port, sink, { respond: 'processed' });
    await nodeRed.deploy(flows.map((node) => (node.type === 'dicom-in' ? { ...node, wires: [[]] } : node)));
    await nodeRed.waitForLine(/an output that this needs has no wire/, { from });
  });

  it('keep an object until they acknowledge it, also over a restart of the flow', async () => {
    await deploy({ acknowledge: true });
    const sent = await store(40);
    assert.equal(await sent.status, 0);
    assert.equal((await arrival(sent.uid)).dicom.redelivered, 0);
    assert.equal(queuedObjects(queueFolder()).length, 1);
    sink.clear();
    await deploy({ acknowledge: true });
    const again = await arrival(sent.uid);
    assert.equal(again.dicom.redelivered, 1);
    await answer(again);
    await until(() => queuedObjects(queueFolder()).length === 0, 'an empty queue');
    sent.client.peer.destroy();
  });

  it('find the queue of a node that was removed where the log says, when it comes back', async () => {
    await deploy({ acknowledge: true });
    const sent = await store(45);
    assert.equal(await sent.status, 0);
    await arrival(sent.uid);
    const from = nodeRed.lines.length;
    await nodeRed.deploy(receiverFlow(port, sink).filter(({ type }) => type !== 'dicom-in'));
    const line = await nodeRed.waitForLine(/queue/i, { from });
    assert.ok(line.includes(queueFolder()), line);
    sink.clear();
    await deploy({ acknowledge: true, port: String(port), maxInFlight: '3' });
    await answer(await arrival(sent.uid));
    await until(() => queuedObjects(queueFolder()).length === 0, 'an empty queue');
    sent.client.peer.destroy();
  });

  it('get an object again that they do not acknowledge, and it becomes a dead letter that can be requeued', async () => {
    const settings = {
      acknowledge: true,
      acknowledgeTimeoutSeconds: '1',
      maxDeliveries: '2',
      emitEvents: true,
    };
    await deploy(settings);
    const sent = await store(50);
    assert.equal(await sent.status, 0);
    await caught('DICOM_NOT_ACKNOWLEDGED');
    await sink.find(({ topic }) => topic === 'dead-letter', 'the event');
    const deliveries = sink.messages.filter(({ dicom }) => dicom?.sopInstanceUID === sent.uid);
    assert.deepEqual(
      deliveries.map(({ dicom }) => dicom.redelivered),
      [0, 1],
    );
    await until(() => queuedObjects(queueFolder()).length === 0, 'an empty queue');

    const route = `${nodeRed.url}/dicom-in/test-dicom-in/dead-letters`;
    const listed = (await (await fetch(route)).json()) as {
      deadLetters: { id: string; why: string; deliveries: number }[];
    };
    assert.equal(listed.deadLetters.length, 1);
    const [letter] = listed.deadLetters;
    assert.equal(letter?.deliveries, 2);
    assert.match(letter?.why ?? '', /did not acknowledge/);
    sink.clear();
    assert.equal((await fetch(`${route}/${letter?.id}/requeue`, { method: 'POST' })).status, 204);
    await answer(await arrival(sent.uid));
    await until(() => queuedObjects(queueFolder()).length === 0, 'an empty queue');
    assert.equal((await fetch(`${route}/${letter?.id}`, { method: 'DELETE' })).status, 404);
    assert.equal((await fetch(`${route}/..%2f..%2fsettings`, { method: 'DELETE' })).status, 404);
    assert.equal((await fetch(`${nodeRed.url}/dicom-in/no-such-node/dead-letters`)).status, 404);
    sent.client.peer.destroy();
  });

  it('get objects as files, with the path in msg.filename and in the bulk data', async () => {
    await deploy({
      output: 'file',
      directory,
      filenameTemplate: '{Modality}/{PatientID}/{SOPInstanceUID}.dcm',
    });
    const { uid, dataSet } = sampleInstance(60);
    const client = await StoreClient.open(port);
    assert.equal(await client.store(uid, dataSet), 0);
    const message = await arrival(uid);
    assert.equal(message.filename, join(directory, 'CT', '12345', `${uid}.dcm`));
    const file = readFileSync(message.filename ?? '');
    assert.ok(dataSetOf(file).equals(dataSet));
    const pixels = message.payload.Tags?.['PixelData'] as unknown as {
      BulkDataURI: string;
      Offset: number;
      Length: number;
    };
    assert.equal(pixels.BulkDataURI, `file://${message.filename}`);
    assert.ok(file.subarray(pixels.Offset, pixels.Offset + pixels.Length).equals(dataSet.subarray(-8192)));
    await until(() => queuedObjects(queueFolder()).length === 0, 'an empty queue');
    assert.equal(statSync(message.filename ?? '').nlink, 1, 'the queue has let go of it');

    // The same object again: `keep-both` is the default.
    assert.equal(await client.store(uid, dataSet), 0);
    await sink.find(({ filename }) => filename?.endsWith('_2.dcm') === true, 'a second file');
    assert.deepEqual(readdirSync(join(directory, 'CT', '12345')).sort(), [`${uid}.dcm`, `${uid}_2.dcm`]);
    await client.release();
  });
});
