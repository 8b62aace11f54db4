/* eslint-disable no-restricted-imports -- what the tests of src/image use to make objects and to read them */
import { setTimeout as wait } from 'node:timers/promises';
import { hasFailed } from '../../src/edit';
import { ImageHost } from '../../src/image';
import { AS_IT_IS, nativeObject } from '../../test/image/image-object';
import { collectGarbage } from '../../test/support/machine/garbage';
import { until } from '../../test/support/machine/until';

const MB = 1_048_576;
const SIDE = 2_048;
const IDLE_MS = 500;

/** Memory of this process, in MiB. */
export interface PictureMemory {
  pictures: number;
  before: number;
  /** At its highest. */
  during: number;
  /** When the worker has ended. */
  after: number;
}

/** What this process has before, while and after it makes pictures of 4 megapixels with 16 bits, one after the other. */
export async function memoryOfPictures(pictures: number): Promise<PictureMemory> {
  const bytes = nativeObject({ rows: SIDE, columns: SIDE }, noise());
  const rss = (): number => Math.round(process.memoryUsage.rss() / MB);
  const host = new ImageHost((error) => {
    throw error;
  }, IDLE_MS);
  const before = rss();
  let during = before;
  for (let count = 0; count < pictures; count += 1) {
    const given = { place: { kind: 'bytes', bytes: Buffer.from(bytes) } } as const;
    const made = await host.pictures(given, undefined, AS_IT_IS);
    if (hasFailed(made)) throw new Error(made.failure.text);
    during = Math.max(during, rss());
  }
  await until(() => !host.isRunning, 'the end of the worker');
  // Node gives back what it has freed a moment later.
  await wait(2_000);
  collectGarbage();
  await wait(500);
  return { pictures, before, during, after: rss() };
}

function noise(): Buffer {
  const pixels = Buffer.alloc(SIDE * SIDE * 2);
  for (let at = 0, value = 1; at < pixels.length; at += 2) {
    value = (value * 1_103_515_245 + 12_345) % 0x80000000;
    pixels.writeUInt16LE((value >> 12) & 0xfff, at);
  }
  return pixels;
}
