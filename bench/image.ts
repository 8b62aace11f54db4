/**
 * Pictures as PNG, beside dcmj2pnm: `npm run bench -- --image`. Ours in one process that is warm, as in Node-RED, with the
 * object read anew each time; dcmj2pnm as a process for each, which writes its picture without compression.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DicomjsImaging, renderedBy } from './support/dcmjs-imaging';
import { hasFailed } from '../src/edit';
import { ImageHost, type PictureTask } from '../src/image';
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

async function timed(run: () => Promise<unknown>): Promise<number | undefined> {
  const times: number[] = [];
  // The first one loads and compiles what it needs.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const start = performance.now();
    if ((await run()) === false) return undefined;
    if (round > 0) times.push(performance.now() - start);
  }
  return median(times);
}

async function main(): Promise<void> {
  const host = new ImageHost(console.error);
  const imaging: DicomjsImaging | undefined = await renderedBy();
  if (imaging === undefined)
    console.log('dcmjs-imaging is not installed: npm install --no-save dcmjs-imaging');
  try {
    for (const path of IMAGES) {
      const ours = await timed(async () => {
        const made = await host.pictures({ place: { kind: 'file', path } }, undefined, TASK);
        if (hasFailed(made)) throw new Error(`${path}: ${made.failure.text}`);
      });
      const theirs = await timed(() =>
        Promise.resolve(
          spawnSync('dcmj2pnm', ['-q', path, join(folder, 'picture.pnm')], { stdio: 'ignore' }).status === 0,
        ),
      );
      const other = imaging && (await timed(() => imaging(readFileSync(path))));
      const shown = (time: number | undefined): string =>
        time === undefined
          ? 'does not read it'
          : `${time.toFixed(0)} ms (${(time / (ours ?? NaN)).toFixed(2)} of ours)`;
      console.log(`${path.split('/').slice(-2).join('/')}: ours ${ours?.toFixed(0)} ms`);
      console.log(`  dcmj2pnm: ${shown(theirs)}`);
      if (imaging !== undefined) console.log(`  dcmjs-imaging: ${shown(other)}`);
    }
  } finally {
    await host.removeUser(host);
    rmSync(folder, { recursive: true });
  }
}

void main();
