import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { run } from '../support/machine/run';
import { SAMPLE, StoreClient, padded, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

/** `npm run soak` runs fifty. */
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 5);
/** For each sender: objects that become files, as slices in the log of the queue, and small ones. */
const PADDINGS = [1_100_000, 400_000, 0];
const FILES_A_ROUND = 20;
/** Acknowledged before the kill: otherwise a round on a busy machine means nothing. */
const LEAST_A_ROUND = 6;
/** Of what a kill leaves in the queue's folder. */
const SUFFIXES = ['.dcm', '.queue'];

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('Node-RED killed while objects arrive', { skip: needs('dcmtk') }, () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-kill-'));
  const seen = join(userDir, 'seen.txt');
  const files = join(userDir, 'files');
  let nodeRed: NodeRed | undefined;
  after(async () => {
    await nodeRed?.kill();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const queue of ['disk-synced', 'disk']) {
    it(`${queue}: everything that was answered Success reaches the flow, whole (${ROUNDS} rounds)`, async (test) => {
      installRecorder(userDir);
      writeFileSync(seen, '');
      mkdirSync(files, { recursive: true });
      const port = await freePort();
      const flows = killFlow(port, seen, queue);
      /** Hash of what was acknowledged, by UID. */
      const acknowledged = new Map<string, string>();
      let sent = 0;
      const folder = join(userDir, 'dicom', 'killed');
      const seenOnDisk = new Set<string>();
      let withSpares = 0;

      const sendRaw = async (padding: number, first: number, isRunning: () => boolean): Promise<void> => {
        const client = await StoreClient.open(port);
        for (let number = first; isRunning(); number += 1) {
          const { uid, dataSet: small } = sampleInstance(number);
          const dataSet = padding === 0 ? small : padded(small, padding);
          sent += 1;
          if ((await client.store(uid, dataSet)) === 0) acknowledged.set(uid, hashOf(dataSet));
        }
      };
      /** DCMTK re-encodes, so what it sends is known by its UID only. */
      const sendDcmtk = async (first: number): Promise<void> => {
        const paths = Array.from({ length: FILES_A_ROUND }, (_, index) => sampleFile(files, first + index));
        const { output } = await run('storescu', ['-v', '--no-halt', '127.0.0.1', String(port), ...paths]);
        for (const [, path = ''] of output.matchAll(
          /Sending file: (\S+)[^]*?Received Store Response \(Success\)/g,
        )) {
          acknowledged.set(basename(path, '.dcm'), '');
        }
        sent += FILES_A_ROUND;
      };

      for (let round = 0; round < ROUNDS; round += 1) {
        nodeRed = await startNodeRed({ userDir, flows });
        await nodeRed.waitForLine(/listening on/);
        let running = true;
        const base = (round + 1) * 1_000_000;
        // Their connections will break off: that is the point.
        const senders = Promise.allSettled([
          ...PADDINGS.map((padding, index) => sendRaw(padding, base + index * 100_000, () => running)),
          sendDcmtk(base + 900_000),
        ]);
        const enough = acknowledged.size + LEAST_A_ROUND;
        await until(() => acknowledged.size >= enough, `${LEAST_A_ROUND} acknowledged objects`);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 900));
        await nodeRed.kill();
        running = false;
        await senders;
        const names = readdirSync(folder);
        for (const suffix of SUFFIXES)
          if (names.some((name) => name.endsWith(suffix))) seenOnDisk.add(suffix);
        if (names.some((name) => name.endsWith('.spare'))) withSpares += 1;
      }

      nodeRed = await startNodeRed({ userDir, flows });
      await nodeRed.waitForLine(/listening on/);
      await until(() => queuedObjects(folder).length === 0, 'an empty queue', 60_000);
      await nodeRed.stop();

      const records = readRecords(seen);
      const delivered = new Map(records.map((record) => [record.uid, record]));
      const lost = [...acknowledged.keys()].filter((uid) => !delivered.has(uid));
      const counts = new Map<string, number>();
      for (const { uid } of records) counts.set(uid, (counts.get(uid) ?? 0) + 1);
      const duplicated = [...counts.values()].filter((count) => count > 1).length;
      test.diagnostic(
        `${queue}: sent ${sent}, acknowledged ${acknowledged.size}, delivered ${delivered.size}, ` +
          `lost ${lost.length}, duplicated ${duplicated}, rounds that left a spare of the log: ${withSpares}`,
      );
      assert.deepEqual(lost, []);
      assert.deepEqual([...seenOnDisk].sort(), SUFFIXES, 'objects in files and in the log');
      for (const { uid, hash } of records) {
        const expected = acknowledged.get(uid);
        if (expected) assert.equal(hash, expected, `${uid} is whole`);
      }
      const again = new Set<string>();
      for (const { uid, redelivered } of records) {
        if (again.has(uid)) assert.ok(redelivered > 0, `${uid} came again unmarked`);
        again.add(uid);
      }
      rmSync(folder, { recursive: true, force: true });
    });
  }
});

function killFlow(port: number, file: string, queue: string): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'test' },
    dicomIn('killed', port, [['recorder']], { queue, output: 'buffer', includeTagsNode: false }),
    flowNode('recorder', 'recorder', { file, wires: [[]] }),
  ];
}

/** The sample as a file with a UID of its own, named by it. */
function sampleFile(folder: string, number: number): string {
  const { uid } = sampleInstance(number);
  const path = join(folder, `${uid}.dcm`);
  const original = readFileSync(SAMPLE);
  const from = sampleInstance(0).uid.slice(0, -9);
  const bytes = Buffer.from(original);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) {
    // The instance UID stands in the meta information and in the data set; other UIDs have another last digit.
    if (bytes.toString('latin1', at, at + uid.length).endsWith('893')) bytes.write(uid, at, 'latin1');
  }
  writeFileSync(path, bytes);
  return path;
}
