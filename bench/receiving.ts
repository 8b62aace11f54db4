/**
 * Objects per second and CPU time per object of receivers side by side, in one run: this node's three queue modes in a
 * real Node-RED (message delivered to a flow), DCMTK's storescp without sync, and Orthanc, which syncs. Interleaved,
 * medians. `node dist/bench/receiving.js [rounds]`. Needs Linux, DCMTK, Orthanc and the corpus.
 */
import { join } from 'node:path';
import { corpus } from '../test/support/needs';
import {
  cpuMilliseconds,
  orthanc,
  ourNode,
  storescp,
  type Receiver,
  type ReceiverKind,
} from './support/receivers';
import { readWork, sendLoad, type Work } from './support/store-load';

const WORK: [work: Work, count: number][] = [
  [readWork('SR 5 KB', join(corpus, 'good/sr-comprehensive-3d/highdicom__sr_document.dcm')), 400],
  [readWork('CT 512 KB', join(corpus, 'good/ct/libdicom__ct_brain_single.dcm')), 100],
];
const ASSOCIATIONS = [1, 4];
const KINDS: ReceiverKind[] = [storescp, ourNode('memory'), ourNode('disk'), ourNode('disk-synced'), orthanc];

interface Figures {
  perSecond: number;
  cpuPerObject: number;
  p99: number;
}

void main(Number(process.argv[2] ?? 5));

async function main(rounds: number): Promise<void> {
  const kinds = KINDS.filter(({ name, missing }) => {
    if (missing !== undefined) console.log(`${name} is left out: it is not installed (${missing})`);
    return missing === undefined;
  });
  const running = new Map<ReceiverKind, Receiver>();
  for (const kind of kinds) running.set(kind, await kind.start());
  try {
    for (const [work, count] of WORK) {
      for (const associations of ASSOCIATIONS) {
        const figures = new Map<ReceiverKind, Figures[]>(kinds.map((kind) => [kind, []]));
        // The first round warms up, and counts for nothing.
        for (let round = 0; round <= rounds; round += 1) {
          for (const [kind, receiver] of running) {
            const measured = await measure(receiver, work, count, associations);
            if (round > 0) figures.get(kind)?.push(measured);
          }
        }
        print(`${work.name}, ${associations} association${associations > 1 ? 's' : ''}`, kinds, figures);
      }
    }
  } finally {
    for (const receiver of running.values()) await receiver.stop();
  }
}

async function measure(
  receiver: Receiver,
  work: Work,
  count: number,
  associations: number,
): Promise<Figures> {
  const before = cpuMilliseconds(receiver.pid);
  const { seconds, latencies } = await sendLoad(receiver.port, work, count, associations);
  await receiver.settled(count);
  const cpuPerObject = (cpuMilliseconds(receiver.pid) - before) / count;
  return {
    perSecond: count / seconds,
    cpuPerObject,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

function print(title: string, kinds: ReceiverKind[], figures: Map<ReceiverKind, Figures[]>): void {
  const median = (kind: ReceiverKind, field: keyof Figures): number => {
    const sorted = (figures.get(kind) ?? []).map((measured) => measured[field]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  };
  const peer = kinds.includes(storescp) ? storescp : undefined;
  console.log(`\n${title}`);
  console.table(
    Object.fromEntries(
      kinds.map((kind) => [
        kind.name,
        {
          'objects/s': Math.round(median(kind, 'perSecond')),
          'x storescp': peer && (median(kind, 'perSecond') / median(peer, 'perSecond')).toFixed(2),
          'CPU ms/object': median(kind, 'cpuPerObject').toFixed(2),
          'CPU x storescp': peer && (median(kind, 'cpuPerObject') / median(peer, 'cpuPerObject')).toFixed(2),
          'p99 ms': median(kind, 'p99').toFixed(1),
        },
      ]),
    ),
  );
}
