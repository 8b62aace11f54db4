import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { hasFailed } from '../../src/edit';
import { ImageHost, type Pictures, type PictureTask } from '../../src/image';
import { element, us } from '../dicom/support/encode';
import { countComputing } from '../support/machine/computing';
import { impatient } from '../support/workers/impatient';
import { encapsulatedObject, type Image } from '../transcode/encapsulated-object';
import { encoded, SYNTAXES } from '../transcode/encoded';
import { AS_IT_IS, nativeObject, part10, shown } from './image-object';

const PROGRESSIVE = '1.2.840.10008.1.2.4.55';
const RLE = '1.2.840.10008.1.2.5';
const MB = 1_048_576;

const failures: Error[] = [];

/** Made by a worker of its own, as in Node-RED. */
async function madeBy(host: ImageHost, bytes: Buffer): Promise<Pictures> {
  const result = await host.pictures({ place: { kind: 'bytes', bytes } }, undefined, AS_IT_IS);
  if (hasFailed(result)) throw new Error(`${result.failure.code}: ${result.failure.text}`);
  return result;
}

describe('an image that lies', () => {
  const few = Buffer.alloc(16);
  const image: Image = { rows: 8, columns: 8, bitsAllocated: 8 };
  const refused = (object: Buffer, reason: RegExp, task: Partial<PictureTask> = {}): Promise<void> =>
    assert.rejects(() => shown(object, task), reason);

  it('about its frames, rows or columns has no picture, with the reason', async () => {
    const native = (more: object): Buffer => nativeObject({ columns: 8, bitsAllocated: 8, ...more }, few);
    await refused(native({ frames: 2 ** 31 }), /NumberOfFrames is missing/);
    for (const frame of ['middle', 2 ** 31 - 1] as const)
      await refused(native({ frames: 2 ** 31 - 1 }), /ends before frame \d+ does/, { frame });
    await refused(native({ rows: 0 }), /Rows is missing/);
    await refused(native({ columns: 0 }), /Columns is missing/);
    await refused(native({ rows: 8_192, columns: 8_192 }), /ends before frame 1 does/);
    await refused(native({ rows: 65_535, columns: 65_535 }), /more than \d+ pixels/);
    await refused(native({ samples: 4, photometric: 'CMYK' }), /4 samples per pixel/);
    await refused(
      part10(encapsulatedObject({ ...image, frames: 2 ** 31 - 1 }, [few]), RLE),
      /2147483647 frames, and 1 fragments/,
    );
  });

  it('about where its frames are has no picture', async () => {
    const four = Array.from({ length: 4 }, () => few);
    for (const offset of [0xfffffff0, 8, 3]) {
      const basic = encapsulatedObject(
        { ...image, frames: 2 },
        four,
        [],
        us(0, 0, offset & 0xffff, offset >>> 16),
      );
      await refused(part10(basic, RLE), /which of 4 fragments are which of 2 frames/);
      const table = Buffer.alloc(16);
      table.writeBigUInt64LE(BigInt(offset) * 2n ** 31n, 8);
      const extended = encapsulatedObject({ ...image, frames: 2 }, four, [element(0x7fe00001, 'OV', table)]);
      await refused(part10(extended, RLE), /which of 4 fragments are which of 2 frames/);
    }
    const whole = encapsulatedObject(image, [few]);
    const at = whole.lastIndexOf(Buffer.from([0xfe, 0xff, 0x00, 0xe0]));
    for (const length of [0x7fffffff, 0xfffffffe, 0xffffffff]) {
      const broken = Buffer.from(whole);
      broken.writeUInt32LE(length, at + 4);
      await refused(part10(broken, RLE), /beyond|fragment|ends inside/);
    }
  });

  it('about the size of a code stream has no picture, and no more memory than its pixels', async () => {
    const pixels = Buffer.from(Array.from({ length: 64 }, (_, at) => at * 3));
    const before = process.memoryUsage.rss();
    const large = { ...image, rows: 4_000, columns: 4_000 };
    for (const [name, uid, encoder, how] of SYNTAXES) {
      const stream = await encoded(image, pixels, encoder, how);
      await refused(
        part10(encapsulatedObject(large, [stream]), uid),
        name === 'RLE' ? /RLE segment/ : /another size than the object says/,
      );
      const resized = withSize(stream, name, 4_000);
      if (resized !== undefined)
        await refused(part10(encapsulatedObject(large, [resized]), uid), /damaged|cut off|cannot be read/);
    }
    assert.ok(process.memoryUsage.rss() - before < 900 * MB, 'memory');
  });

  it('about tables and overlays costs what they can have at most', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'image-hostile-'));
    try {
      // A gigabyte of each, of which nothing is on the disk.
      const length = 1_000_000_000;
      const path = join(folder, 'large.dcm');
      const others = [0, 1, 2].flatMap((index) => [
        element(0x00281101 + index, 'US', us(256, 0, 16)),
        element(0x00281201 + index, 'OW', Buffer.alloc(0)),
      ]);
      const overlay = [
        element(0x60000010, 'US', us(8)),
        element(0x60000011, 'US', us(8)),
        element(0x60000040, 'CS', 'G '),
        element(0x60003000, 'OW', Buffer.alloc(0)),
      ];
      const pixels = { rows: 8, columns: 8, bitsAllocated: 8, photometric: 'PALETTE COLOR' };
      const object = nativeObject(pixels, Buffer.alloc(64), [...others, ...overlay]);
      const fd = openSync(path, 'w');
      let [from, to] = [0, 0];
      for (const tag of ['28000112', '28000212', '28000312', '00600030']) {
        const at = object.indexOf(Buffer.from(tag, 'hex')) + 12;
        object.writeUInt32LE(length, at - 4);
        writeSync(fd, object, from, at - from, to);
        to += at - from + length;
        from = at;
      }
      writeSync(fd, object, from, object.length - from, to);
      closeSync(fd);
      const before = process.memoryUsage.rss();
      const computed = countComputing();
      const host = new ImageHost((error) => failures.push(error));
      const task = { ...AS_IT_IS, overlays: true };
      const made = await host.pictures({ place: { kind: 'file', path } }, undefined, task);
      await host.removeUser(host);
      assert.ok(!hasFailed(made), JSON.stringify(made));
      assert.ok(process.memoryUsage.rss() - before < 200 * MB, 'memory');
      assert.ok(computed() < 5_000, 'time');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('about a segmented palette, by segments that say nothing again and again, is refused', async () => {
    // Thousands of times those 65 535 segments without entries that stand behind the first one.
    const again = Array.from({ length: 2_000 }, () => us(2, 0xffff, 3, 0));
    const segments = Buffer.concat([us(0, 1, 7), Buffer.alloc(0xffff * 4), ...again]);
    const others = [0, 1, 2].flatMap((index) => [
      element(0x00281101 + index, 'US', us(9, 0, 16)),
      element(0x00281221 + index, 'OW', segments),
    ]);
    const indexed = { columns: 1, bitsAllocated: 8, photometric: 'PALETTE COLOR' };
    const computed = countComputing();
    await refused(nativeObject(indexed, few.subarray(0, 2), others), /segmented palette is damaged/);
    assert.ok(computed() < 1_000, 'time');
  });
});

describe('an image that has no end', () => {
  const hosts: ImageHost[] = [];
  after(async () => {
    for (const host of hosts) await host.removeUser(host);
    assert.deepEqual(failures, []);
  });

  it('ends its worker, and nothing else', async () => {
    const host = new ImageHost((error) => failures.push(error), 30_000, impatient(2_000));
    hosts.push(host);
    const small = nativeObject({ columns: 2, bitsAllocated: 8 }, Buffer.from([0, 255]));
    await madeBy(host, small);
    const side = 8_000;
    const endless = part10(
      encapsulatedObject({ rows: side, columns: side, bitsAllocated: 8 }, [scans(side, 20_000)]),
      PROGRESSIVE,
    );
    const [slow, next] = await Promise.allSettled([madeBy(host, endless), madeBy(host, small)]);
    assert.match(String(slow.status === 'rejected' && slow.reason), /too-much-work/);
    assert.equal(next.status, 'fulfilled');
  });
});

/**
 * A code stream that says it has this many rows and columns. Undefined: where it says so is not known here; of HTJ2K, which may leave
 * out blocks, it would be a picture without most of them.
 */
function withSize(stream: Buffer, name: string, side: number): Buffer | undefined {
  const changed = Buffer.from(stream);
  const marker = { 'JPEG Lossless': 0xffc3, 'JPEG-LS': 0xfff7, 'JPEG 2000': 0xff51 }[name];
  if (marker === undefined) return undefined;
  const at = changed.indexOf(Buffer.from([0xff, marker & 0xff]));
  if (marker === 0xff51) {
    // Image and tile alike.
    for (const field of [6, 10, 22, 26]) changed.writeUInt32BE(side, at + field);
    return changed;
  }
  changed.writeUInt16BE(side, at + 5);
  changed.writeUInt16BE(side, at + 7);
  return changed;
}

/** A progressive JPEG of one grey component, of so many scans, each of which begins and has nothing. */
function scans(side: number, count: number): Buffer {
  const u16 = (value: number): number[] => [value >> 8, value & 0xff];
  const segment = (marker: number, ...content: number[]): number[] => [
    0xff,
    marker,
    ...u16(content.length + 2),
    ...content,
  ];
  const table = [0, ...Array.from({ length: 64 }, () => 1)];
  // One code, of one bit.
  const codes = (name: number): number[] => [name, 1, ...Array.from({ length: 15 }, () => 0), 0];
  const head = [
    0xff,
    0xd8,
    ...segment(0xdb, ...table),
    ...segment(0xc2, 8, ...u16(side), ...u16(side), 1, 1, 0x11, 0),
    ...segment(0xc4, ...codes(0x00), ...codes(0x10)),
    ...segment(0xda, 1, 1, 0x00, 0, 0, 0x00),
    0,
  ];
  // Refinements of the same coefficients.
  const again = [...segment(0xda, 1, 1, 0x00, 1, 63, 0x00), 0];
  return Buffer.from([...head, ...Array.from({ length: count }, () => again).flat(), 0xff, 0xd9]);
}
