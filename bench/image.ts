/**
 * Pictures in full size as PNG, of each transfer syntax and Photometric Interpretation: `npm run bench -- --image`. Ours in one
 * process that is warm, as in Node-RED, with the object read anew each time. Beside it dcmj2pnm, as a process for each, once
 * with a picture that is not compressed and once with a PNG, elapsed and CPU time; and dcmjs-imaging, warm, which makes RGBA and
 * no PNG: beside what we have before the PNG is made, and beside the PNG.
 *
 *     --only RLE,CT      objects whose names have one of these in them
 *     --rounds 9
 *     --memory 200       instead: what the process has before, while and after it makes this many pictures
 */
/* eslint-disable no-restricted-imports -- what the tests of src/image use to make objects and to read them */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasFailed } from '../src/edit';
import { ImageHost, type PictureTask } from '../src/image';
import { withoutPalette } from '../src/image/raster';
import { opened } from '../test/image/comparing';
import { collectGarbage } from '../test/support/machine/garbage';
import { renderedBy, type DicomjsImaging } from './support/dcmjs-imaging';
import { imageObjects, type ImageObject } from './support/image-objects';
import { memoryOfPictures } from './support/image-memory';
import { median } from './support/median';
import { endedCpuMilliseconds, ownCpuMilliseconds } from './support/proc';

const TASK: PictureTask = {
  format: 'png',
  frame: 'first',
  longestEdge: 0,
  window: { kind: 'object' },
  overlays: false,
};

const COLUMNS = [
  ...['ours, ms', 'CPU ms', 'dcmj2pnm, ×', '× CPU', 'with PNG, ×', '× CPU'],
  ...['dcmjs-imaging, × CPU', 'beside our PNG, × CPU'],
];

/** The first rounds load and compile what is needed. */
const WARM_UP = 6;

interface Figures {
  ms: number;
  /** Of this process, with all its threads, or of the one that it starts. */
  cpuMs: number;
}

interface Way {
  /** A process for each picture. */
  isProcess?: true;
  /** Resolves with false where it cannot. */
  make(this: void): Promise<boolean>;
}

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const pictures = option('--memory');
  if (pictures !== undefined) {
    console.log(JSON.stringify(await memoryOfPictures(Number(pictures))));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-image-'));
  const host = new ImageHost(console.error);
  try {
    const imaging = await renderedBy();
    if (imaging === undefined)
      console.log('dcmjs-imaging is not installed: npm install --no-save dcmjs-imaging\n');
    console.log(`|  | ${COLUMNS.join(' | ')} |`);
    console.log(`| --- |${' ---: |'.repeat(COLUMNS.length)}`);
    const only = option('--only')?.split(',') ?? [''];
    for (const object of await imageObjects(folder))
      if (only.some((each) => object.name.includes(each)))
        console.log(await row(object, host, imaging, folder, Number(option('--rounds') ?? 9)));
  } finally {
    await host.removeUser(host);
    rmSync(folder, { recursive: true });
  }
}

async function row(
  { name, path }: ImageObject,
  host: ImageHost,
  imaging: DicomjsImaging | undefined,
  folder: string,
  rounds: number,
): Promise<string> {
  const ours = async (): Promise<boolean> => {
    const made = await host.pictures({ place: { kind: 'file', path } }, undefined, TASK);
    if (hasFailed(made)) console.error(`${name}: ${made.failure.text}`);
    return !hasFailed(made);
  };
  const dcmj2pnm = (...options: string[]): Way => ({
    isProcess: true,
    make: () => {
      const args = ['-q', ...options, path, join(folder, 'picture')];
      return Promise.resolve(spawnSync('dcmj2pnm', args, { stdio: 'ignore' }).status === 0);
    },
  });
  const rendered = async (): Promise<boolean> =>
    withoutPalette(await opened(name, path).raster({ kind: 'object' })).width > 0;
  const theirs = (): Promise<boolean> => imaging?.(readFileSync(path)) ?? Promise.resolve(false);
  const ways = [{ make: ours }, { make: rendered }, dcmj2pnm(), dcmj2pnm('+on'), { make: theirs }];
  const [our, raster, pnm, png, rgba] = await byTurns(ways, rounds);
  const times = (other: number | undefined, mine: number | undefined): string =>
    other === undefined || mine === undefined ? '–' : (other / mine).toFixed(2);
  const figures = [
    ...[our?.ms.toFixed(1), our?.cpuMs.toFixed(1)],
    ...[pnm, png].flatMap((other) => [times(other?.ms, our?.ms), times(other?.cpuMs, our?.cpuMs)]),
    ...[times(rgba?.cpuMs, raster?.cpuMs), times(rgba?.cpuMs, our?.cpuMs)],
  ];
  return `| ${name} | ${figures.join(' | ')} |`;
}

/** Medians of each way; undefined: it cannot do it. */
async function byTurns(ways: readonly Way[], rounds: number): Promise<(Figures | undefined)[]> {
  const figures: Figures[][] = ways.map(() => []);
  const able = new Set(ways);
  for (let round = -WARM_UP; round < rounds; round += 1)
    for (const [index, way] of ways.entries()) {
      if (!able.has(way)) continue;
      // Nobody is to collect the garbage of the one before.
      collectGarbage();
      const [start, cpu] = [performance.now(), cpuOf(way)];
      if (!(await way.make())) able.delete(way);
      const ms = performance.now() - start;
      if (round >= 0) figures[index]?.push({ ms, cpuMs: cpuOf(way) - cpu });
    }
  return ways.map((way, index) => {
    const own = figures[index] ?? [];
    if (!able.has(way)) return undefined;
    const cpu = own.map(({ cpuMs }) => cpuMs);
    // The system counts that of other processes in steps of 10 ms.
    const cpuMs =
      way.isProcess === true ? cpu.reduce((sum, each) => sum + each, 0) / cpu.length : median(cpu);
    return { ms: median(own.map(({ ms }) => ms)), cpuMs };
  });
}

const cpuOf = ({ isProcess }: Way): number =>
  isProcess === true ? endedCpuMilliseconds() : ownCpuMilliseconds();

void main(process.argv.slice(2));
