import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DICOM_OUT, DICOM_PEER, type DicomOutSettings } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp, type StoreAnswer } from '../support/peers/misbehaving-scp';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { StoreClient, padded, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 4);
/** Objects that are small, and that become files. */
const PADDINGS = [0, 1_100_000];
const OUT = 'forwarding-out';
const IN = 'forwarding-in';

/** Whatever an archive may do, now and then. */
const MOODS: readonly StoreAnswer[] = [0, 0, 0, 0xb000, 0xa700, 'reset', 0, 'close', 0];

describe('Node-RED killed while it forwards objects', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-forward-'));
  let nodeRed: NodeRed | undefined;
  let archive: MisbehavingScp | undefined;
  after(async () => {
    await nodeRed?.kill();
    await archive?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const mode of ['wait', 'store-and-forward'] as const) {
    it(`${mode}: what was answered Success arrives, and nothing is said to be sent that has not (${ROUNDS} rounds)`, async (test) => {
      installRecorder(userDir);
      const told = join(userDir, `told-${mode}.txt`);
      const port = await freePort();
      let isGood = false;
      archive = await MisbehavingScp.listen({
        store: (_, count) => (isGood ? 0 : (MOODS[count % MOODS.length] ?? 0)),
      });
      const flows = forwardingFlow(port, archive.port, mode, told);
      const acknowledged = new Map<string, Buffer>();

      for (let round = 0; round < ROUNDS; round += 1) {
        nodeRed = await startNodeRed({ userDir, flows });
        await nodeRed.waitForLine(/listening on/);
        let isRunning = true;
        const sendAll = async (padding: number, first: number): Promise<void> => {
          const client = await StoreClient.open(port);
          for (let number = first; isRunning && number < first + 40; number += 1) {
            const { uid, dataSet: small } = sampleInstance(number);
            const dataSet = padding === 0 ? small : padded(small, padding);
            if ((await client.store(uid, dataSet)) === 0) acknowledged.set(uid, dataSet);
          }
        };
        const base = (round + 1) * 1_000_000;
        // Their connections break off: that is the point.
        const senders = Promise.allSettled(
          PADDINGS.map((padding, index) => sendAll(padding, base + index * 100_000)),
        );
        await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 1_500));
        await nodeRed.kill();
        isRunning = false;
        await senders;
      }

      isGood = true;
      nodeRed = await startNodeRed({ userDir, flows });
      await nodeRed.waitForLine(/listening on/);
      const isEmpty = (id: string): boolean => queuedObjects(join(userDir, 'dicom', id)).length === 0;
      await until(() => isEmpty(IN) && (mode === 'wait' || isEmpty(OUT)), 'empty queues', 90_000);
      await nodeRed.stop();

      const arrived = new Map(
        archive.objects.map(({ sopInstanceUID, dataSet }) => [sopInstanceUID, dataSet]),
      );
      const outcomes = readRecords(told);
      test.diagnostic(
        `${mode}: acknowledged ${acknowledged.size}, arrived ${arrived.size} in ${archive.objects.length} sendings, told ${outcomes.length}`,
      );
      assert.ok(acknowledged.size > ROUNDS * 5, 'enough to mean something');
      for (const [uid, dataSet] of acknowledged) {
        const came = arrived.get(uid) ?? assert.fail(`${uid} has not arrived`);
        assert.ok(came.equals(dataSet), `${uid} is whole`);
      }
      for (const { uid } of outcomes) assert.ok(arrived.has(uid), `${uid} is said to be sent`);
      const named = new Set(outcomes.map(({ uid }) => uid));
      for (const uid of acknowledged.keys()) assert.ok(named.has(uid), `${uid} has an outcome`);
      await archive.stop();
    });
  }
});

describe('Node-RED killed while one of two archives is down', () => {
  for (const mode of ['wait', 'store-and-forward'] as const) {
    it(`${mode}: an object for both gets to both`, async () => {
      const userDir = mkdtempSync(join(tmpdir(), 'dicom-two-'));
      const [port, laterPort] = [await freePort(), await freePort()];
      const archive = await MisbehavingScp.listen();
      const flows = [
        ...forwardingFlow(port, archive.port, mode, join(userDir, 'told.txt')),
        ...outTo('later', laterPort, mode, []),
      ].map((node) => (node.id === IN ? { ...node, wires: [[OUT, 'later-out']] } : node));
      installRecorder(userDir);
      const objects = [1, 2, 3].map(sampleInstance);
      const uidsAt = ({ objects: came }: MisbehavingScp): string[] => [
        ...new Set(came.map(({ sopInstanceUID }) => sopInstanceUID)),
      ];
      let nodeRed = await startNodeRed({ userDir, flows });
      let later: MisbehavingScp | undefined;
      try {
        await nodeRed.waitForLine(/listening on/);
        const client = await StoreClient.open(port);
        for (const { uid, dataSet } of objects) assert.equal(await client.store(uid, dataSet), 0);
        await until(() => uidsAt(archive).length === objects.length, 'one archive has all');
        // The other one stays away for some attempts.
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        await nodeRed.kill();
        nodeRed = await startNodeRed({ userDir, flows });
        await nodeRed.waitForLine(/listening on/);
        later = await MisbehavingScp.listen({}, laterPort);
        const isEmpty = (id: string): boolean => queuedObjects(join(userDir, 'dicom', id)).length === 0;
        const queues = mode === 'wait' ? [IN] : [IN, OUT, 'later-out'];
        await until(() => queues.every(isEmpty), 'empty queues');
        for (const each of [archive, later]) {
          assert.deepEqual(uidsAt(each).sort(), objects.map(({ uid }) => uid).sort());
          for (const { sopInstanceUID, dataSet } of each.objects)
            assert.ok(objects.find(({ uid }) => uid === sopInstanceUID)?.dataSet.equals(dataSet));
        }
      } finally {
        await nodeRed.kill();
        await Promise.all([archive.stop(), later?.stop()]);
        rmSync(userDir, { recursive: true, force: true });
      }
    });
  }
});

function forwardingFlow(
  port: number,
  archivePort: number,
  mode: DicomOutSettings['mode'],
  told: string,
): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'forward' },
    dicomIn(IN, port, [[OUT]], {
      queue: 'disk-synced',
      acknowledge: true,
      maxDeliveries: 1_000,
      maxCrashes: 1_000,
    }),
    ...outTo('archive', archivePort, mode, ['record'], OUT),
    flowNode('record', 'recorder', { file: told, wires: [] }),
  ];
}

/** A peer, and the node that sends to it. */
function outTo(
  peer: string,
  port: number,
  mode: DicomOutSettings['mode'],
  outcomesTo: string[],
  id = `${peer}-out`,
): FlowNode[] {
  return [
    {
      id: peer,
      type: 'dicom-peer',
      ...DICOM_PEER.defaults,
      host: '127.0.0.1',
      port: String(port),
      responseTimeoutSeconds: 5,
    },
    flowNode(id, 'dicom-out', {
      ...DICOM_OUT.defaults,
      peer,
      mode,
      retryFirstSeconds: 1,
      retryLastSeconds: 2,
      giveUpAfterMinutes: '0',
      outputFailures: true,
      outputs: 2,
      wires: mode === 'wait' ? [outcomesTo, []] : [[], outcomesTo],
    }),
  ];
}
