/**
 * Pictures as PNG, beside dcmj2pnm: `npm run bench -- --image`. Ours in one process that is warm, as in Node-RED, with the
 * object read anew each time; dcmj2pnm as a process for each, which writes its picture without compression.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hasFailed } from '../src/edit';
import { ImageHost, type PictureTask } from '../src/image';
import { renderedBy } from './support/dcmjs-imaging';
import { median } from './support/median';

const ROUNDS = 5;
const corpus = resolve(__dirname, '..', '..', 'test', 'corpus', 'good');
const folder = mkdtempSync(join(tmpdir(), 'bench-image-'));
const TASK: PictureTask = {
  format: 'png',
  frame: 'first',
  longestEdge: 0,
  window: { kind: 'object' },
  overlays: false,
};

/** One of each transfer syntax that the corpus has in a fair size. */
const IMAGES = process.env['BENCH_IMAGES']?.split(',') ?? [
  join(corpus, 'ophthalmic', 'dcmjs__sample-op.dcm'),
  join(corpus, 'us', 'pydicom-data__OBXXXX1A_rle.dcm'),
  join(corpus, 'ct', 'pydicom__CT_small.dcm'),
  join(corpus, 'sc', 'pydicom-data__HTJ2K_08_RGB.dcm'),
];

interface Figures {
  ms: number;
  /** Of this process, with all its threads. */
  cpuMs: number;
}

/** Undefined: it cannot be done. */
async function measured(run: () => Promise<unknown>): Promise<Figures | undefined> {
  const figures: Figures[] = [];
  // The first one loads and compiles what it needs.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    if ((await run()) === false) return undefined;
    const { user, system } = process.cpuUsage(cpu);
    if (round > 0) figures.push({ ms: performance.now() - start, cpuMs: (user + system) / 1_000 });
  }
  return {
    ms: median(figures.map(({ ms }) => ms)),
    cpuMs: median(figures.map(({ cpuMs }) => cpuMs)),
  };
}

const ratio = (theirs: number, ours: number): string => `${(theirs / ours).toFixed(2)} of ours`;

async function main(): Promise<void> {
  const host = new ImageHost(console.error);
  const imaging = await renderedBy();
  if (imaging === undefined)
    console.log('dcmjs-imaging is not installed: npm install --no-save dcmjs-imaging');
  try {
    for (const path of IMAGES) {
      const ours = await measured(async () => {
        const made = await host.pictures({ place: { kind: 'file', path } }, undefined, TASK);
        if (hasFailed(made)) throw new Error(`${path}: ${made.failure.text}`);
      });
      if (ours === undefined) continue;
      const args = ['-q', path, join(folder, 'picture.pnm')];
      const dcmj2pnm = await measured(() =>
        Promise.resolve(spawnSync('dcmj2pnm', args, { stdio: 'ignore' }).status === 0),
      );
      // It makes RGBA, and no PNG of it.
      const other = imaging && (await measured(() => imaging(readFileSync(path))));
      const name = path.split('/').slice(-2).join('/');
      console.log(`${name}: ours ${ours.ms.toFixed(0)} ms, ${ours.cpuMs.toFixed(0)} ms CPU`);
      console.log(
        dcmj2pnm === undefined
          ? '  dcmj2pnm does not show it'
          : `  dcmj2pnm, a process: ${dcmj2pnm.ms.toFixed(0)} ms, ${ratio(dcmj2pnm.ms, ours.ms)}`,
      );
      if (imaging !== undefined)
        console.log(
          other === undefined
            ? '  dcmjs-imaging does not show it'
            : `  dcmjs-imaging: ${other.cpuMs.toFixed(0)} ms CPU, ${ratio(other.cpuMs, ours.cpuMs)}`,
        );
    }
  } finally {
    await host.removeUser(host);
    rmSync(folder, { recursive: true });
  }
}

void main();
