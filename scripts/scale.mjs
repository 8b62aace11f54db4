// npm run scale: three Node-REDs with one queue in PostgreSQL, behind HAProxy, and senders; says which one received and delivered
// what, and ends. Needs Debian's postgresql and haproxy.
//   npm run scale -- OBJECTS   as many objects, default 300
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [objects = '300'] = process.argv.slice(2);
const MEMBERS = 3;
const INTERRUPTED = 130;
const SENDERS = 6;

const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--with-tests'], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);
const require = createRequire(import.meta.url);
const { Cluster } = require('../dist/test/support/cluster.js');
const { sampleInstance, StoreClient } = require('../dist/test/support/store-client.js');

// By Ctrl-C, or by whoever has started this: nothing is left behind then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(INTERRUPTED));
console.log(`starting PostgreSQL, HAProxy and ${MEMBERS} Node-REDs …`);
const cluster = await Cluster.start(MEMBERS);
try {
  const port = await cluster.frontDoor();
  for (const { nodeRed, port: own } of cluster.members) console.log(`${nodeRed.url}  DICOM port ${own}`);
  console.log(`HAProxy: DICOM port ${port}; PostgreSQL: port ${cluster.postgres.port}`);
  const total = Number(objects);
  const began = performance.now();
  let next = 0;
  let acknowledged = 0;
  const send = async () => {
    const client = await StoreClient.open(port);
    while (next < total) {
      const { uid, dataSet } = sampleInstance((next += 1));
      if ((await client.store(uid, dataSet)) === 0) acknowledged += 1;
    }
    await client.release();
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  const sent = performance.now();
  while (new Set(cluster.records().map(({ uid }) => uid)).size < acknowledged)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const delivered = performance.now();
  for (const { nodeRed } of cluster.members) {
    const { counters } = await (await fetch(`${nodeRed.url}/dicom-in/receiver/stats`)).json();
    console.log(`${nodeRed.url}  received ${counters.received}, delivered ${counters.delivered}`);
  }
  const rate = (until) => Math.round((acknowledged / (until - began)) * 1000);
  console.log(
    `${acknowledged} acknowledged, ${rate(sent)}/s; delivered and acknowledged by flows, ${rate(delivered)}/s`,
  );
} finally {
  await cluster.stop();
}
process.exit(0);
