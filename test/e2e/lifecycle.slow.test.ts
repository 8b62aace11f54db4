import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { TAB, flowNode, dicomIn, receiverFlow, sinkNodes } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { queuedObjects } from '../support/queues/queue-folder';
import { MessageSink } from '../support/node-red/message-sink';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { RawPeer } from '../support/connections/raw-peer';
import { needs } from '../support/machine/needs';
import { run } from '../support/machine/run';
import { SAMPLE, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const refusesConnections = (port: number) => assert.rejects(RawPeer.connect(port), /ECONNREFUSED/);

/** Without the Catch node: Node-RED logs only errors that no one catches. */
const uncaught = (flows: FlowNode[]): FlowNode[] => flows.filter(({ type }) => type !== 'catch');

function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

describe('start and stop in a real Node-RED', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  const deploy = async (flows: FlowNode[], type?: 'full' | 'flows' | 'nodes'): Promise<number> => {
    const from = nodeRed.lines.length;
    await nodeRed.deploy(flows, type);
    return from;
  };
  const deployListening = async (settings: Record<string, unknown> = {}): Promise<void> => {
    const from = await deploy(receiverFlow(port, sink, settings));
    await nodeRed.waitForLine(/listening on/, { from });
  };

  before(async () => {
    sink = await MessageSink.open();
  });
  nodeRedForSuite({ flows: [], env: { TEST_PORT: undefined } }, (started) => {
    nodeRed = started;
  });
  afterEach(() => sink.clear());
  after(async () => {
    await sink.close();
  });

  it('reports a port that is in use to Catch with a code, and takes the port when it is free', async () => {
    port = await freePort();
    const flows = receiverFlow(port, sink);
    await deploy(flows.filter(({ type }) => type !== 'dicom-in'));
    await sink.connected();
    const other = await listen(port);
    const from = await deploy(flows, 'nodes');
    const caught = await sink.find(({ output }) => output === 3, 'the caught error');
    const { error } = caught as unknown as { error: { message: string; code?: string } };
    assert.match(error.message, new RegExp(`Port ${port} is used by`));
    assert.equal(error.code, 'DICOM_PORT_IN_USE');
    other.close();
    await nodeRed.waitForLine(/listening on/, { from, timeoutMs: 40_000 });
    await (await StoreClient.open(port)).release();
  });

  it('explains a second node on the same port, and goes on with the first', async () => {
    port = await freePort();
    const second = dicomIn('second', port, [['test-out-1']], { name: 'Second' });
    const from = await deploy([...uncaught(receiverFlow(port, sink)), second]);
    await nodeRed.waitForLine(/listening on/, { from });
    await nodeRed.waitForLine(/\[error\].*is used by another/, { from });
    await (await StoreClient.open(port)).release();
  });

  it('runs twelve nodes without a warning of Node about listeners', async () => {
    const ports = await Promise.all(Array.from({ length: 12 }, () => freePort()));
    const nodes = ports.map((each, index) => dicomIn(`node-${index}`, each, [['test-out-1']]));
    const from = await deploy([{ id: TAB, type: 'tab', label: 'test' }, ...nodes, ...sinkNodes(sink)]);
    for (const each of ports) await nodeRed.waitForLine(new RegExp(`listening on .* ${each}$`), { from });
    assert.doesNotMatch(nodeRed.lines.join('\n'), /MaxListenersExceeded/);
  });

  it(
    'is called by several AE titles on one port, and a message says by which',
    { skip: needs('dcmtk') },
    async () => {
      port = await freePort();
      await deployListening({ ourAET: 'CT_IN', alsoCalledAETs: 'MR_IN, US_IN', checkCalledAET: true });
      await sink.connected();
      for (const title of ['CT_IN', 'MR_IN', 'us_in']) {
        const { code } = await run('storescu', ['-aec', title, '127.0.0.1', String(port), SAMPLE]);
        assert.equal(code, 0, title);
      }
      const messages = await sink.count(3);
      assert.deepEqual(
        messages.map(({ dicom }) => dicom.calledAET),
        ['CT_IN', 'MR_IN', 'us_in'],
      );
      assert.notEqual((await run('echoscu', ['-aec', 'OTHER', '127.0.0.1', String(port)])).code, 0);
      const echo = await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/echo`, { method: 'POST' });
      const { outcome, calledAET } = (await echo.json()) as Record<string, unknown>;
      assert.deepEqual([outcome, calledAET], ['answered', 'CT_IN']);
    },
  );

  it('does not listen with settings that are wrong, and names them', async () => {
    port = await freePort();
    const from = await deploy(
      uncaught(receiverFlow(port, sink, { ourAET: 'MUCH_TOO_LONG_FOR_DICOM', maxPduLength: '12' })),
    );
    const line = await nodeRed.waitForLine(/does not listen/, { from });
    assert.match(line, /MUCH_TOO_LONG_FOR_DICOM/);
    assert.match(line, /12 is outside 4096/);
    await refusesConnections(port);
  });

  it('never listens in clear text when its TLS configuration is missing', async () => {
    port = await freePort();
    const from = await deploy(uncaught(receiverFlow(port, sink, { tls: 'no-such-node' })));
    await nodeRed.waitForLine(/TLS configuration is missing or not valid/, { from });
    await refusesConnections(port);
  });

  it('keeps listening when another node is deployed', async () => {
    port = await freePort();
    await deployListening();
    const client = await StoreClient.open(port);
    const comment = { id: 'a-comment', type: 'comment', z: TAB, name: 'new', wires: [] };
    await deploy([...receiverFlow(port, sink), comment], 'nodes');
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0, 'the same association');
    await client.release();
  });

  it('frees its port when it is disabled, removed or given another one', async () => {
    port = await freePort();
    await deployListening();
    const flows = receiverFlow(port, sink);
    await deploy(flows.map((node) => (node.type === 'dicom-in' ? { ...node, d: true } : node)));
    await refusesConnections(port);
    await deployListening();
    await deploy(flows.filter(({ type }) => type !== 'dicom-in'));
    await refusesConnections(port);
    await deployListening();
    const before = port;
    port = await freePort();
    await deployListening();
    await refusesConnections(before);
    await (await StoreClient.open(port)).release();
  });

  it('takes its empty queue directory with it when it is removed, and leaves one that holds objects', async () => {
    const folder = (id: string): string => join(nodeRed.userDir, 'dicom', id);
    const [first, second] = await Promise.all([freePort(), freePort()]);
    const from = nodeRed.lines.length;
    await nodeRed.deploy([
      { id: TAB, type: 'tab', label: 'test' },
      dicomIn('empty', first, [[]]),
      dicomIn('full', second, [['sink']], { acknowledge: true }),
      flowNode('sink', 'debug', { active: false, wires: [] }),
    ]);
    await until(
      () => nodeRed.lines.slice(from).filter((line) => line.includes('listening on')).length === 2,
      'both to listen',
    );
    for (const port of [first, second]) {
      const client = await StoreClient.open(port);
      const { uid, dataSet } = sampleInstance(port);
      assert.equal(await client.store(uid, dataSet), 0);
      await client.release();
    }
    await until(() => queuedObjects(folder('empty')).length === 0, 'delivery');
    await deploy([{ id: TAB, type: 'tab', label: 'test' }]);
    await until(() => !existsSync(folder('empty')), 'the empty directory to go');
    assert.ok(existsSync(folder('full')));
    assert.ok(
      nodeRed.lines.slice(from).some((line) => line.includes(`still holds objects, in ${folder('full')}`)),
    );
  });

  it('ends with Node-RED, also with an object under way, and leaves no half-written file', async () => {
    const own = await startNodeRed({ flows: receiverFlow(await freePort(), sink), userDir: nodeRed.userDir });
    const line = await own.waitForLine(/listening on 127\.0\.0\.1 port (\d+)/);
    const client = await StoreClient.open(Number(/port (\d+)/.exec(line)?.[1]));
    client.peer.send(Buffer.from([4, 0, 0, 0, 1, 0]));
    const { code } = await own.stop();
    assert.equal(code, 0);
    assert.ok(!own.lines.some((line) => /timed out/i.test(line)), 'Node-RED has not given the node up');
    const files = readdirSync(join(nodeRed.userDir, 'dicom'), { recursive: true }).map(String);
    assert.deepEqual(
      files.filter((name) => name.endsWith('.part')),
      [],
    );
  });
});
