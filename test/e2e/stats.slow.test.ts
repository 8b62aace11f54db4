import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { type NodeRed } from '../support/node-red/node-red';
import { associateRQ, commandSet, dataTF, pdv } from '../support/connections/pdus';
import { RawPeer } from '../support/connections/raw-peer';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite, withNodeRed } from '../support/node-red/with-node-red';

interface Stats {
  id: string;
  name: string;
  since: string;
  listening: boolean;
  port?: number;
  fault?: string;
  counters: Record<string, number>;
  refusals: { event: string; callingAET?: string; remoteAddress: string; code?: string; text: string }[];
}

describe('counters and events', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, async (started) => {
    nodeRed = started;
    await nodeRed.deploy(
      receiverFlow(port, sink, {
        name: 'Radio "1"',
        emitEvents: true,
        acceptedCallingAETs: 'TEST_SCU',
        maxObjectSizeMB: 1,
      }),
    );
    await nodeRed.waitForLine(/listening on/);
    await sink.connected();
  });
  after(async () => {
    await sink.close();
  });

  const get = (path: string): Promise<Response> => fetch(`${nodeRed.url}/dicom-in/${path}`);
  const stats = async (): Promise<Stats> => (await (await get('test-dicom-in/stats')).json()) as Stats;

  it('tell of everything that happened, in the stats, for Prometheus and as an audit trail', async () => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    assert.equal(await client.store(uid, Buffer.alloc(1_100_000)), 0xa700);
    client.peer.send(
      dataTF(pdv(3, 3, commandSet({ 0x0002: '1.2.3', 0x0100: 0x0020, 0x0110: 9, 0x0800: 0x0101 }))),
    );
    await client.peer.response();
    await client.release();
    const typo = await RawPeer.connect(port);
    typo.send(associateRQ({ callingAET: 'TEST_SCV' }));
    await typo.next();
    const aborted = await StoreClient.open(port);
    aborted.peer.destroy();
    await sink.find(({ topic }) => topic === 'association-aborted', 'the last event');
    await until(async () => (await stats()).counters['aborted'] === 1, 'the counters');

    const { counters, refusals, ...rest } = await stats();
    assert.deepEqual(
      [rest.id, rest.name, rest.listening, rest.port, rest.fault],
      ['test-dicom-in', 'Radio "1"', true, port, undefined],
    );
    assert.deepEqual(counters, {
      associations: 2,
      rejected: 1,
      connectionsRefused: 0,
      aborted: 1,
      received: 1,
      refused: 2,
      bytes: dataSet.length,
      delivered: 1,
      openAssociations: 0,
      queued: 0,
      deadLetters: 0,
    });
    assert.deepEqual(
      refusals.map(({ event, code, callingAET }) => [event, code, callingAET]),
      [
        ['association-aborted', '2/0', 'TEST_SCU'],
        ['association-rejected', '1/1/3', 'TEST_SCV'],
        ['request-refused', '0211', 'TEST_SCU'],
        ['object-refused', 'A700', 'TEST_SCU'],
      ],
    );

    const trail = sink.messages
      .filter(({ output }) => output === 2)
      .map(({ topic, payload }) => ({ topic, ...(payload as object) }));
    assert.deepEqual(
      trail.map(({ topic }) => topic),
      [
        'listening',
        'association-accepted',
        'object-received',
        'object-refused',
        'request-refused',
        'association-released',
        'association-rejected',
        'association-accepted',
        'association-aborted',
      ].slice(trail[0]?.topic === 'listening' ? 0 : 1),
      'in the order in which it happened (the first may come before the sink is connected)',
    );
    const received = trail.find(({ topic }) => topic === 'object-received') as unknown as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [received['callingAET'], received['remoteAddress'], received['sopInstanceUID'], received['bytes']],
      ['TEST_SCU', '127.0.0.1', uid, dataSet.length],
    );
    assert.ok(Math.abs(Date.parse(String(received['at'])) - Date.now()) < 60_000);
  });

  it('are given to Prometheus in its own words', async () => {
    const response = await get('metrics');
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain;.*version=0\.0\.4/);
    const text = await response.text();
    const labels = '{id="test-dicom-in",name="Radio \\"1\\""}';
    for (const line of [
      '# TYPE dicom_in_objects_received_total counter',
      `dicom_in_objects_received_total${labels} 1`,
      `dicom_in_associations_rejected_total${labels} 1`,
      '# TYPE dicom_in_associations_open gauge',
      `dicom_in_associations_open${labels} 0`,
      `dicom_in_listening${labels} 1`,
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`);
    }
    for (const line of text.trim().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) dicom_in_\w+ .+|dicom_in_\w+\{.+\} \d+)$/);
  });

  it('are there for a node that does not listen, and gone with the node', async () => {
    await nodeRed.deploy(receiverFlow(port, sink, { ourAET: 'MUCH_TOO_LONG_FOR_DICOM' }));
    const { listening, fault } = await stats();
    assert.deepEqual([listening, fault], [false, 'settingsInvalid']);
    await nodeRed.deploy([]);
    assert.equal((await get('test-dicom-in/stats')).status, 404);
    assert.doesNotMatch(await (await get('metrics')).text(), /test-dicom-in/);
  });

  it('need the permission dicom-in.read', async () => {
    const users = [{ username: 'nobody', password: 'x', permissions: '*' }];
    await withNodeRed(
      { flows: [], settings: { adminAuth: { type: 'credentials', users } } },
      async ({ url }) => {
        for (const path of ['metrics', 'test-dicom-in/stats']) {
          assert.equal((await fetch(`${url}/dicom-in/${path}`)).status, 401, path);
        }
      },
    );
  });
});
