// npm run scale: three Node-REDs with one queue in PostgreSQL, behind HAProxy, and senders; says which one received and delivered
// what, ends all of it, and leaves nothing. Exit code 1: not every object was acknowledged and delivered. Needs Debian's postgresql
// and haproxy.
//   npm run scale -- OBJECTS   as many objects, default 300
//   npm run scale -- --stay    runs on until Ctrl-C, so that you can open the editors and send your own objects
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const MEMBERS = 3;
const SENDERS = 6;
/** What flows have not got in this time after the last object was sent, they do not get. */
const DELIVERED_IN_MS = 60_000;
const ENDED_IN_MS = 10_000;

const args = process.argv.slice(2);
const stays = args.includes('--stay');
const [objects = '300', ...more] = args.filter((arg) => arg !== '--stay');
const total = Number(objects);
if (!Number.isInteger(total) || total < 1 || more.length > 0) {
  console.error('npm run scale [-- [OBJECTS] [--stay]]: OBJECTS is a whole number, 1 or more');
  process.exit(2);
}

const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--with-tests'], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);

// Everything that is started has its files in here, so that they go whenever this ends. PostgreSQL is another user.
const folder = mkdtempSync(join(tmpdir(), 'dicom-scale-'));
chmodSync(folder, 0o755);
process.env.TMPDIR = folder;
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(true));
});

const require = createRequire(import.meta.url);
const { Cluster } = require('../dist/test/support/node-red/cluster.js');
const { needs } = require('../dist/test/support/machine/needs.js');
const { sampleInstance, StoreClient } = require('../dist/test/support/peers/store-client.js');

const missing = needs('postgres', 'haproxy');
if (missing !== false) {
  console.error(`npm run scale: ${missing}`);
  process.exit(1);
}

let cluster;
const isOver = await Promise.race([interrupted, run()]).catch((error) =>
  // Ctrl-C is for all that was started, and what another one ended by can be seen first.
  Promise.race([interrupted, wait(500, error)]),
);
if (isOver === true) console.log('\nending …');
// What Ctrl-C has ended already may never say so.
await Promise.race([cluster?.stop(), wait(ENDED_IN_MS)]);
if (isOver instanceof Error) throw isOver;
process.exit(isOver === true ? 130 : (process.exitCode ?? 0));

async function run() {
  console.log(`starting PostgreSQL, HAProxy and ${MEMBERS} Node-REDs …`);
  cluster = await Cluster.start(MEMBERS);
  const port = await cluster.frontDoor();
  for (const [index, { nodeRed, port: own }] of cluster.members.entries())
    console.log(`Node-RED ${index + 1}: ${nodeRed.url}/  DICOM port ${own}`);
  console.log(`HAProxy: DICOM port ${port}; PostgreSQL: port ${cluster.postgres.port}`);

  console.log(`sending ${total} objects to HAProxy, by ${SENDERS} associations …`);
  const began = performance.now();
  const rate = (count) => `${Math.round((count / (performance.now() - began)) * 1_000)}/s`;
  const stored = await storeAll(port);
  console.log(`${stored} of ${total} objects were stored (Success), ${rate(stored)}`);
  const delivered = await untilDelivered(stored);
  console.log(`${delivered} of them were delivered to flows and acknowledged by them, ${rate(delivered)}`);
  for (const [index, { nodeRed }] of cluster.members.entries()) {
    const { counters } = await (await fetch(`${nodeRed.url}/dicom-in/receiver/stats`)).json();
    console.log(`Node-RED ${index + 1}: received ${counters.received}, delivered ${counters.delivered}`);
  }
  process.exitCode = stored === total && delivered === stored ? 0 : 1;
  if (!stays) return;
  console.log(`Send more: dcmsend localhost ${port} image.dcm\nCtrl-C ends all of it.`);
  await interrupted;
}

/** Returns how many were answered with Success. */
async function storeAll(port) {
  let next = 0;
  let stored = 0;
  const send = async () => {
    const client = await StoreClient.open(port);
    while (next < total) {
      const { uid, dataSet } = sampleInstance((next += 1));
      if ((await client.store(uid, dataSet)) === 0) stored += 1;
    }
    await client.release();
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  return stored;
}

/** Returns how many different objects the flows have got. */
async function untilDelivered(stored) {
  const until = performance.now() + DELIVERED_IN_MS;
  for (;;) {
    const delivered = new Set(cluster.records().map(({ uid }) => uid)).size;
    if (delivered >= stored || performance.now() > until) return delivered;
    await wait(50);
  }
}
