import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DICOM_IN, DICOM_RESPONSE } from '../../src/settings';
import { flowNode, receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';

/** Sends a message to a dicom-response node that is asked for by HTTP. */
function answeringNodes(version: number): FlowNode[] {
  const func = `return [{ dicom: { queueId: 'test-dicom-in:1' }, statusCode: '0000' }, msg];`;
  return [
    flowNode('ask-in', 'http in', { url: '/ask', method: 'get', wires: [['ask-build']] }),
    flowNode('ask-build', 'function', { func, outputs: 2, wires: [['answer'], ['ask-out']] }),
    flowNode('ask-out', 'http response', { wires: [] }),
    flowNode('answer', 'dicom-response', { ...DICOM_RESPONSE.defaults, version }),
  ];
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('nodes that a newer version of the package has saved', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;
  const queueDirectory = mkdtempSync(join(tmpdir(), 'dicom-newer-'));
  const newer = DICOM_IN.version + 1;

  before(async () => {
    writeFileSync(join(queueDirectory, 'of-the-newer.queue'), 'what the newer version keeps');
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
    nodeRed = await startNodeRed({
      flows: [
        ...receiverFlow(port, sink, { queueDirectory, version: newer, maxQueued: 'what it means there' }),
        ...answeringNodes(DICOM_RESPONSE.version + 1),
      ],
    });
    await sink.connected();
  });
  after(async () => {
    await nodeRed.stop();
    await sink.close();
    rmSync(queueDirectory, { recursive: true, force: true });
  });

  it('do not start, say why and what to do, and touch nothing', async () => {
    const response = await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/stats`);
    const { fault, problem = '' } = (await response.json()) as { fault?: string; problem?: string };
    assert.equal(fault, 'settingsInvalid');
    const { version } = DICOM_IN;
    assert.ok(
      problem.endsWith(
        `Version: this node's settings have version ${version + 1}, and this package knows versions up to ${version}: update node-red-contrib-dicom`,
      ),
      `nothing else of it is read: ${problem}`,
    );
    assert.equal(await isOpen(port), false);
    assert.deepEqual(readdirSync(queueDirectory), ['of-the-newer.queue']);
  });

  it('answer nothing, even where the message says how', async () => {
    assert.ok(nodeRed.lines.some((one) => /\[dicom-response:answer\] This node answers nothing/.test(one)));
    await fetch(`${nodeRed.url}/ask`);
    const code = 'DICOM_RESPONSE_UNKNOWN_VERSION';
    const { error } = (await sink.find(
      (message) => JSON.stringify(message).includes(code),
      code,
    )) as unknown as {
      error: { message: string };
    };
    assert.match(error.message, /Update node-red-contrib-dicom/);
  });
});
