import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const DEPLOYS = 5;

describe('an object for two dicom-out nodes, one of which is deployed again and again', () => {
  let nodeRed: NodeRed;
  let one: MisbehavingScp;
  let other: MisbehavingScp;

  before(async () => {
    one = await MisbehavingScp.listen();
    other = await MisbehavingScp.listen();
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(() => Promise.all([one.stop(), other.stop()]));

  it('arrives at both peers', async () => {
    const port = await freePort();
    const flows = (version: number): FlowNode[] => [
      { id: TAB, type: 'tab', label: 'test' },
      peer('one', one.port),
      peer('other', other.port),
      dicomIn('in', port, [['to-one', 'to-other']], { acknowledge: true }),
      to('one', { mode: 'store-and-forward', maxWaiting: String(100 + version) }),
      to('other', {}),
    ];
    await nodeRed.deploy(flows(0));
    await nodeRed.waitForLine(/listening on/);
    const acknowledged: string[] = [];
    let isSending = true;
    const send = async (): Promise<void> => {
      const client = await StoreClient.open(port);
      for (let number = 1; isSending; number += 1) {
        const { uid, dataSet } = sampleInstance(number);
        if ((await client.store(uid, dataSet)) === 0) acknowledged.push(uid);
      }
      client.peer.destroy();
    };
    const sending = send();
    for (let version = 1; version <= DEPLOYS; version += 1) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20, 'objects before a deploy');
      await nodeRed.deploy(flows(version), 'nodes');
    }
    isSending = false;
    await sending;
    for (const archive of [one, other]) {
      const missing = (): string[] => {
        const there = new Set(archive.objects.map(({ sopInstanceUID }) => sopInstanceUID));
        return acknowledged.filter((uid) => !there.has(uid));
      };
      await until(() => missing().length === 0, 'all objects', 60_000).catch(() => undefined);
      assert.deepEqual(missing(), []);
    }
  });
});

const peer = (id: string, port: number): FlowNode => ({
  id,
  type: 'dicom-peer',
  ...DICOM_PEER.defaults,
  host: '127.0.0.1',
  port: String(port),
});

const to = (peerId: string, settings: Record<string, unknown>): FlowNode =>
  flowNode(`to-${peerId}`, 'dicom-out', { ...DICOM_OUT.defaults, peer: peerId, ...settings, wires: [[]] });
