import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { receiverFlow } from '../support/flows';
import { freePort } from '../support/free-port';
import { MessageSink } from '../support/message-sink';
import type { NodeRed } from '../support/node-red';
import { dataTF, pdv, storeRQ } from '../support/pdus';
import { associate } from '../support/raw-peer';
import { StoreClient, sampleInstance } from '../support/store-client';
import { until } from '../support/until';
import { nodeRedForSuite } from '../support/with-node-red';

/**
 * Loaded into Node-RED's process and its threads by NODE_OPTIONS: a worker of ours that finds the order file does what
 * it says. The product has no such door.
 */
const SABOTEUR = `
const { isMainThread, threadId } = require('node:worker_threads');
const { existsSync, readFileSync, rmSync } = require('node:fs');
const order = process.env.TEST_SABOTAGE;
if (!isMainThread) setInterval(() => {
  if (!existsSync(order)) return;
  const what = readFileSync(order, 'utf8');
  rmSync(order);
  if (what === 'throw') throw new Error('sabotage');
  if (what === 'reject') Promise.reject(new Error('sabotage'));
  if (what === 'exit') process.exit(7);
  if (what === 'memory') { const kept = []; for (;;) kept.push(new Array(100000).fill({ threadId })); }
}, 20).unref();
`;

const DEPLOYS = 10;

describe('a receiver that dies does not take Node-RED with it', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dicom-sabotage-'));
  const order = join(folder, 'order');
  const saboteur = join(folder, 'saboteur.js');
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    writeFileSync(saboteur, SABOTEUR);
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite(
    {
      flows: [],
      env: { NODE_OPTIONS: `--require ${saboteur}`, TEST_SABOTAGE: order },
    },
    (started) => {
      nodeRed = started;
    },
  );
  after(async () => {
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const deployListening = async (): Promise<void> => {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy(receiverFlow(port, sink, { emitEvents: true, queue: 'disk' }));
    await nodeRed.waitForLine(/listening on/, { from });
    await connected();
  };
  const store = async (number: number): Promise<void> => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  };
  const stats = async (): Promise<{
    listening: boolean;
    fault?: string;
    workerRestarts: number;
    counters: Record<string, number>;
  }> =>
    (await (await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/stats`)).json()) as Awaited<
      ReturnType<typeof stats>
    >;

  const deaths: [what: string, how: string, reason: RegExp][] = [
    ['an uncaught exception', 'throw', /sabotage/],
    ['a rejection that nobody handles', 'reject', /sabotage/],
    ['process.exit', 'exit', /exit code 7/],
    ['memory running out', 'memory', /memory/],
  ];
  deaths.forEach(([what, how, reason], death) => {
    it(`${what}: red, caught with a code, restarted, counters go on`, async () => {
      // A new deploy for each, for the waits of the back-off double from death to death.
      await deployListening();
      sink.clear();
      await store(death);
      await sink.find(({ output }) => output === 1, 'the message');
      const before = await stats();
      // Left in the middle of its object, as a sender is by a crash.
      const busy = await associate(port);
      busy.send(dataTF(pdv(3, 3, storeRQ())), dataTF(pdv(3, 0, Buffer.alloc(1_000))));
      const from = nodeRed.lines.length;
      writeFileSync(order, how);
      const caught = await sink.find(({ output }) => output === 3, 'the caught error');
      const { error } = caught as unknown as { error: { message: string; code: string } };
      assert.equal(error.code, 'DICOM_WORKER_CRASHED');
      assert.match(error.message, reason);
      assert.equal((await stats()).fault, 'workerCrashed');
      await sink.find(({ topic }) => topic === 'worker-restarted', 'the event');
      await busy.closed;
      await nodeRed.waitForLine(/listening on/, { from, timeoutMs: 40_000 });
      const after = await stats();
      assert.equal(after.listening, true);
      assert.equal(after.workerRestarts, 1);
      assert.equal(after.counters['received'], before.counters['received']);
      assert.ok((after.counters['bytes'] ?? 0) >= 8_192);
      await store(100 + death);
      assert.equal((await stats()).counters['received'], (before.counters['received'] ?? 0) + 1);
      const files = readdirSync(join(nodeRed.userDir, 'dicom'), { recursive: true }).map(String);
      assert.deepEqual(
        files.filter((name) => name.endsWith('.part')),
        [],
        'what was half-written is gone',
      );
    });
  });

  it(`${DEPLOYS} deploys under load leave no thread, socket or file behind`, async (t) => {
    const flows = receiverFlow(port, sink, { queue: 'disk' });
    const deploy = async (): Promise<void> => {
      const from = nodeRed.lines.length;
      await nodeRed.deploy(flows);
      await nodeRed.waitForLine(/listening on/, { from });
    };
    let loading = true;
    const load = Array.from({ length: 4 }, async (_, sender) => {
      for (let number = 1_000_000 * (sender + 1); loading; number += 1) {
        // Refused and aborted at every deploy: that is what this is about.
        await store(number).catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
      }
    });
    await deploy();
    await deploy();
    const before = resources(nodeRed.pid);
    for (let round = 0; round < DEPLOYS; round += 1) await deploy();
    loading = false;
    await Promise.all(load);
    // Senders close their sockets, and threads end, when it is their turn.
    let after = before;
    const settled = (fits: (now: Resources) => boolean, what: string): Promise<void> =>
      until(() => fits((after = resources(nodeRed.pid))), what, 30_000);
    await settled(({ threads }) => threads <= before.threads, 'threads');
    // Of files of the log that are to be written over, sometimes one is open, sometimes two.
    await settled(({ files }) => files < before.files + DEPLOYS / 3, 'file descriptors');
    t.diagnostic(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    const last = after;
    await nodeRed.deploy([]);
    await settled(({ threads, files }) => threads < last.threads && files < last.files, 'the last one to go');
  });
});

interface Resources {
  threads: number;
  files: number;
}

/** Threads and open files of a process. */
function resources(pid: number): Resources {
  return {
    threads: Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]),
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}
