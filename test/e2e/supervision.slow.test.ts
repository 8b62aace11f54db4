import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import type { NodeRed } from '../support/node-red/node-red';
import { dataTF, pdv, storeRQ } from '../support/connections/pdus';
import { associate } from '../support/connections/raw-peer';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/**
 * Loaded into Node-RED's process and its threads by NODE_OPTIONS: a worker of ours that finds the order file does what
 * it says. The product has no such door.
 */
const SABOTEUR = `
const { isMainThread, threadId } = require('node:worker_threads');
const { existsSync, openSync, readFileSync, rmSync } = require('node:fs');
const order = process.env.TEST_SABOTAGE;
if (!isMainThread) setInterval(() => {
  if (!existsSync(order)) return;
  const what = readFileSync(order, 'utf8');
  rmSync(order);
  if (what === 'throw') throw new Error('sabotage');
  if (what === 'reject') Promise.reject(new Error('sabotage'));
  if (what === 'exit') process.exit(7);
  if (what === 'loop') for (;;);
  if (what === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (what === 'stuck') openSync(process.env.TEST_PIPE, 'r');
  if (what === 'memory') { const kept = []; for (;;) kept.push(new Array(100000).fill({ threadId })); }
}, 20).unref();
`;

/** The error of a message that came through the Catch node. */
function caught(message: unknown): { code: string; message: string } | undefined {
  const { output, error } = message as { output: number; error?: { code: string; message: string } };
  return output === 3 ? error : undefined;
}

const DEPLOYS = 10;
/** Until a worker that hangs is replaced: 30 s of silence, and time to spare for a busy machine. */
const HANG_MS = 120_000;

describe('a receiver that dies does not take Node-RED with it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dicom-sabotage-'));
  const order = join(folder, 'order');
  const pipe = join(folder, 'pipe');
  const saboteur = join(folder, 'saboteur.js');
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    writeFileSync(saboteur, SABOTEUR);
    execFileSync('mkfifo', [pipe]);
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite(
    {
      flows: [],
      env: { NODE_OPTIONS: `--require ${saboteur}`, TEST_SABOTAGE: order, TEST_PIPE: pipe },
    },
    (started) => {
      nodeRed = started;
    },
  );
  after(async () => {
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const deployListening = async (settings: Record<string, unknown> = {}): Promise<void> => {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy(receiverFlow(port, sink, { emitEvents: true, queue: 'disk', ...settings }));
    await nodeRed.waitForLine(/listening on/, { from });
    await connected();
  };
  const store = async (number: number): Promise<void> => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  };
  /** At once: a file without its text yet would be an order that says nothing. */
  const give = (what: string): void => {
    writeFileSync(`${order}.new`, what);
    renameSync(`${order}.new`, order);
  };
  const caughtWith = async (code: string, timeoutMs?: number): Promise<string> => {
    const found = await sink.find((message) => caught(message)?.code === code, code, timeoutMs);
    return caught(found)?.message ?? '';
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
      give(how);
      // To fill the memory takes a busy machine longer.
      assert.match(await caughtWith('DICOM_WORKER_CRASHED', 60_000), reason);
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

  for (const how of ['loop', 'wait']) {
    it(`a hang (${how}): replaced, and what was acknowledged is delivered again`, async () => {
      // The flow is not done with any of them, so all are still the queue's.
      await deployListening({ acknowledge: true });
      sink.clear();
      for (const number of [201, 202, 203]) await store(number);
      const uids = new Set<string>();
      await sink.find(
        ({ output, dicom }) => output === 1 && uids.add(dicom.sopInstanceUID).size === 3,
        'three',
      );
      sink.clear();
      const from = nodeRed.lines.length;
      give(how);
      const text = await caughtWith('DICOM_WORKER_CRASHED', HANG_MS);
      assert.match(text, /no sign of life for 30 s/);
      const { fault, listening } = await stats();
      assert.deepEqual([fault, listening], ['workerCrashed', false]);
      await nodeRed.waitForLine(/listening on/, { from, timeoutMs: 60_000 });
      const again = new Set<string>();
      await sink.find(
        ({ output, dicom }) =>
          output === 1 && dicom.redelivered > 0 && again.add(dicom.sopInstanceUID).size === 3,
        'the three again',
        60_000,
      );
      assert.deepEqual(again, uids);
      await store(300);
      assert.equal((await stats()).listening, true);
    });
  }

  it('a thread that cannot be ended: said with its port, no deploy waits for it, and the next node follows it', async () => {
    await deployListening();
    sink.clear();
    give('stuck');
    assert.match(
      await caughtWith('DICOM_WORKER_STUCK', HANG_MS),
      new RegExp(`port ${port}.*restart Node-RED`),
    );
    assert.equal((await stats()).fault, 'workerStuck');
    sink.clear();
    const from = nodeRed.lines.length;
    const begun = performance.now();
    await nodeRed.deploy(receiverFlow(port, sink, { emitEvents: true, queue: 'disk' }));
    assert.ok(performance.now() - begun < 15_000, 'Node-RED did not have to give up on it');
    // The queue and the port are not in use by another program.
    await caughtWith('DICOM_WORKER_STUCK', 60_000);
    closeSync(openSync(pipe, 'r+'));
    await nodeRed.waitForLine(/listening on/, { from, timeoutMs: 60_000 });
    await store(400);
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
