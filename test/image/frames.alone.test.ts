import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { bufferSource, parseDataSet } from '../../src/dicom';
import { FrameReader } from '../../src/image/frame-reader';
import { pictures } from '../../src/image/pictures';
import { LocalDecoder } from '../../src/transcode';
import { element, marker, sequenceEnd, UNDEFINED, us } from '../dicom/support/encode';
import { countComputing } from '../support/machine/computing';
import { type Image, encapsulatedObject } from '../transcode/encapsulated-object';
import { encoded, SYNTAXES } from '../transcode/encoded';
import { AS_IT_IS, even, nativeObject, part10, shown, values } from './image-object';

const RLE = '1.2.840.10008.1.2.5';

/** Stored values, as they are decoded. */
async function cellsOf(dataSet: Buffer, transferSyntaxUID: string, frame = 0): Promise<number[]> {
  const source = bufferSource(dataSet);
  const reader = new FrameReader(
    source,
    parseDataSet(source, { transferSyntaxUID }),
    transferSyntaxUID,
    new LocalDecoder(),
  );
  return [...(await reader.read(frame)).cells];
}

const GREY: Image = { rows: 7, columns: 9, bitsAllocated: 16, bitsStored: 12, signed: true };
const COLOUR: Image = { rows: 7, columns: 9, bitsAllocated: 8, samples: 3 };

describe('a frame', () => {
  for (const [name, uid, encoder, how] of SYNTAXES) {
    it(`of ${name} is, without a loss, what was compressed`, async () => {
      const grey = Array.from({ length: 63 }, (_, index) => ((index * 67) % 4096) - 2048);
      const pixels = Buffer.alloc(126);
      grey.forEach((value, index) => pixels.writeInt16LE(value, index * 2));
      const object = encapsulatedObject(GREY, [await encoded(GREY, pixels, encoder, how)]);
      const stored = (await cellsOf(object, uid)).map((cell) => ((cell & 0xfff) ^ 0x800) - 0x800);
      assert.deepEqual(stored, grey);
      const rgb = Buffer.from(Array.from({ length: 189 }, (_, index) => (index * 31) % 256));
      const photometric = /2000/.test(encoder) ? { photometric: 'YBR_RCT' } : {};
      const colours = encapsulatedObject({ ...COLOUR, ...photometric }, [
        await encoded(COLOUR, rgb, encoder, how),
      ]);
      assert.deepEqual(await values(part10(colours, uid)), [...rgb]);
    });
  }

  it('of JPEG XL is shown with a loss, too', async () => {
    const smooth = Array.from({ length: 189 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return 60 + Math.floor(pixel / 9) + (pixel % 9) + (at % 3) * 20;
    });
    const images = [
      [COLOUR, smooth],
      [{ ...COLOUR, samples: 1 }, smooth.filter((_, at) => at % 3 === 0)],
    ] as const;
    for (const [image, pixels] of images) {
      const stream = await encoded(image, Buffer.from(pixels), 'encodeJpegXl', { lossy: true, quality: 95 });
      for (const uid of ['1.2.840.10008.1.2.4.111', '1.2.840.10008.1.2.4.112']) {
        const seen = await values(part10(encapsulatedObject(image, [stream]), uid));
        const mean =
          seen.reduce((sum, value, at) => sum + Math.abs(value - (pixels[at] ?? NaN)), 0) / seen.length;
        assert.ok(mean > 0 && mean < 2, `mean ${mean}`);
      }
    }
  });

  it('of several fragments is found without a table, and by an extended offset table', async () => {
    const frames = await Promise.all(
      [10, 200].map((value) => encoded(COLOUR, Buffer.alloc(189, value), 'encodeJpegLs', {})),
    );
    const pieces = frames.map((each) => [each.subarray(0, 20), each.subarray(20)]);
    const image = { ...COLOUR, frames: 2 };
    const without = part10(encapsulatedObject(image, pieces.flat()), '1.2.840.10008.1.2.4.80');
    assert.equal((await values(without, { frame: 2 }))[0], 200);
    // RLE does not show where a frame begins.
    const rle = await Promise.all(
      [10, 200].map((value) => encoded(GREY, Buffer.alloc(126, value), 'encodeRle', {})),
    );
    const parts = rle.map((each) => [
      each.subarray(0, 30),
      each.subarray(30, each.length - (each.length % 2)),
    ]);
    const second = parts[0]?.reduce((sum, part) => sum + 8 + part.length + (part.length % 2), 0) ?? 0;
    const table = Buffer.alloc(16);
    table.writeBigUInt64LE(BigInt(second), 8);
    const offsets = [element(0x7fe00001, 'OV', table)];
    const grey = encapsulatedObject({ ...GREY, frames: 2 }, parts.flat(), offsets);
    assert.equal((await cellsOf(grey, RLE, 1))[0], 0xc8c8);
    await assert.rejects(
      () => cellsOf(encapsulatedObject({ ...GREY, frames: 2 }, parts.flat()), RLE),
      /which of 4 fragments/,
    );
  });

  it('that is deflated is inflated, and no more than it should be', async () => {
    const uid = '1.2.840.10008.1.2.8.1';
    const image: Image = { rows: 2, columns: 4, bitsAllocated: 1, frames: 2 };
    const frames = [0b00001111, 0b10100101].map((bits) => deflateRawSync(Buffer.from([bits])));
    const object = part10(encapsulatedObject(image, frames), uid);
    assert.deepEqual(await values(object, { frame: 2 }), [255, 0, 255, 0, 0, 255, 0, 255]);
    const bomb = part10(
      encapsulatedObject({ ...image, frames: 1 }, [deflateRawSync(Buffer.alloc(50_000_000))]),
      uid,
    );
    await assert.rejects(() => shown(bomb), /deflated frame is damaged/);
  });

  it('is the first, the middle, one by its number, or all, of which there are at most 100', async () => {
    const movie = (frames: number): Buffer =>
      nativeObject(
        { columns: 2, bitsAllocated: 8, frames },
        Buffer.from(Array.from({ length: frames * 2 }, (_, at) => at >> 1)),
      );
    const object = movie(5);
    assert.deepEqual((await values(object))[0], 0);
    assert.deepEqual((await values(object, { frame: 'middle' }))[0], 2);
    assert.deepEqual((await values(object, { frame: 5 }))[0], 4);
    await assert.rejects(() => values(object, { frame: 6 }), /there is no frame 6: it has 5/);
    const all = async (frames: number): Promise<unknown[]> => {
      const given = { place: { kind: 'bytes', bytes: movie(frames) } } as const;
      const made = await pictures(given, undefined, { ...AS_IT_IS, frame: 'all' });
      assert.equal(made.frames, frames);
      return made.pictures.map(({ frame }) => frame);
    };
    assert.deepEqual(await all(5), [1, 2, 3, 4, 5]);
    const many = await all(250);
    assert.deepEqual([many.length, many[0], many[1], many.at(-1)], [100, 1, 3, 248]);
  });

  it('is read alone, from a file that is larger than memory need be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'image-frames-'));
    try {
      // 2 GiB of which nothing but the headers is on the disk.
      const frames = 8_192;
      const path = join(folder, 'large.dcm');
      const head = nativeObject({ rows: 512, columns: 512, bitsAllocated: 8, frames }, Buffer.alloc(2));
      const at = head.length - 2;
      head.writeUInt32LE(frames * 262_144, at - 4);
      const fd = openSync(path, 'w');
      writeSync(fd, head, 0, at, 0);
      writeSync(fd, Buffer.alloc(262_144, 77), 0, 262_144, at + 4_095 * 262_144);
      writeSync(fd, Buffer.alloc(1), 0, 1, at + frames * 262_144 - 1);
      closeSync(fd);
      const before = process.memoryUsage.rss();
      const computed = countComputing();
      const made = await pictures({ place: { kind: 'file', path } }, undefined, {
        ...AS_IT_IS,
        frame: 'middle',
      });
      assert.equal(made.pictures[0]?.frame, 4_096);
      assert.ok(process.memoryUsage.rss() - before < 100_000_000, 'memory');
      assert.ok(computed() < 5_000, 'time');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that is not there, too large, or compressed in a way we do not know, has no picture, with the reason', async () => {
    const short = nativeObject({ columns: 4, frames: 3 }, Buffer.alloc(16));
    await assert.rejects(() => shown(short, { frame: 3 }), /ends before frame 3 does/);
    const huge = nativeObject({ rows: 65_535, columns: 65_535, bitsAllocated: 1 }, Buffer.alloc(2));
    await assert.rejects(() => shown(huge), /more than 67108864 pixels/);
    const video = part10(encapsulatedObject(COLOUR, [Buffer.alloc(8)]), '1.2.840.10008.1.2.4.100');
    await assert.rejects(() => shown(video), /compressed as MPEG2 .* which is not decoded/);
  });

  it('of JPEG whose code stream says that its colours were transformed is RGB, whatever the object says', async () => {
    const pixels = Buffer.concat(Array.from({ length: 63 }, () => Buffer.from([200, 30, 60])));
    const stream = await encoded(COLOUR, pixels, 'encodeJpeg', { lossy: true, quality: 100 });
    for (const photometric of ['RGB', 'YBR_FULL_422']) {
      const object = part10(
        encapsulatedObject({ ...COLOUR, photometric }, [stream]),
        '1.2.840.10008.1.2.4.50',
      );
      const [red = 0, green = 0, blue = 0] = await values(object);
      assert.ok(
        Math.abs(red - 200) < 6 && Math.abs(green - 30) < 6 && Math.abs(blue - 60) < 6,
        `${red} ${green} ${blue}`,
      );
    }
  });
});

describe('a picture', () => {
  const wide = (others: Buffer[]): Buffer =>
    nativeObject(
      { rows: 4, columns: 8, bitsAllocated: 8 },
      Buffer.from(Array.from({ length: 32 }, (_, at) => (at % 8) * 30)),
      others,
    );

  it('is made smaller by the mean of what each pixel covers, never larger', async () => {
    const small = await shown(wide([]), { longestEdge: 4 });
    assert.deepEqual([small.columns, small.rows], [4, 2]);
    assert.deepEqual([...small.data.subarray(0, 4)], [15, 75, 135, 195]);
    const same = await shown(wide([]), { longestEdge: 4_000 });
    assert.deepEqual([same.columns, same.rows], [8, 4]);
  });

  it('has square pixels, as spacing or aspect ratio say', async () => {
    const size = async (others: Buffer[], task = {}): Promise<number[]> => {
      const { columns, rows } = await shown(wide(others), task);
      return [columns, rows];
    };
    assert.deepEqual(await size([element(0x00280030, 'DS', '2\\1 ')]), [8, 8]);
    assert.deepEqual(await size([element(0x00280030, 'DS', '1\\2 ')]), [16, 4]);
    assert.deepEqual(await size([element(0x00280034, 'IS', '2\\1 ')]), [8, 8]);
    assert.deepEqual(await size([element(0x00280034, 'IS', '2\\1 ')], { longestEdge: 4 }), [4, 4]);
    assert.deepEqual(await size([element(0x00280034, 'IS', '0\\0 ')]), [8, 4]);
    assert.deepEqual(await size([element(0x00280034, 'IS', even('99999\\1'))]), [8, 4]);
  });

  it('has overlays where they are asked for, and only there', async () => {
    const overlay = [
      element(0x60000010, 'US', us(2)),
      element(0x60000011, 'US', us(2)),
      element(0x60000040, 'CS', 'G '),
      element(0x60000050, 'SS', us(1, 2)),
      element(0x60000100, 'US', us(1)),
      element(0x60000102, 'US', us(0)),
      element(0x60003000, 'OW', us(0b1001)),
    ];
    const black = nativeObject({ rows: 2, columns: 3, bitsAllocated: 8 }, Buffer.alloc(6), overlay);
    assert.deepEqual(await values(black), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(await values(black, { overlays: true }), [0, 255, 0, 0, 0, 255]);
    const embedded = nativeObject({ columns: 2, bitsAllocated: 16, bitsStored: 12 }, us(0x8001, 0x0001), [
      element(0x60020010, 'US', us(1)),
      element(0x60020011, 'US', us(2)),
      element(0x60020040, 'CS', 'G '),
      element(0x60020050, 'SS', us(1, 1)),
      element(0x60020100, 'US', us(16)),
      element(0x60020102, 'US', us(15)),
    ]);
    const window = { kind: 'given', center: 100, width: 10 } as const;
    assert.deepEqual(await values(embedded, { overlays: true, window }), [255, 0]);
    assert.deepEqual(await values(embedded, { window }), [0, 0]);
  });

  it('is a JPEG where that is asked for', async () => {
    const given = { place: { kind: 'bytes', bytes: wide([]) } } as const;
    const { pictures: made } = await pictures(given, undefined, { ...AS_IT_IS, format: 'jpeg' });
    const [{ mediaType, data } = assert.fail()] = made;
    assert.equal(mediaType, 'image/jpeg');
    assert.deepEqual([...data.subarray(0, 3), ...data.subarray(-2)], [0xff, 0xd8, 0xff, 0xff, 0xd9]);
  });

  it('is the PDF of an object that encapsulates one; what is no picture says so', async () => {
    const pdf = Buffer.from('%PDF-1.4 any');
    const document = (type: string): Buffer =>
      part10(
        Buffer.concat([element(0x00420011, 'OB', pdf), element(0x00420012, 'LO', even(type))]),
        '1.2.840.10008.1.2.1',
        '1.2.840.10008.5.1.4.1.1.104.1',
      );
    const made = await pictures(
      { place: { kind: 'bytes', bytes: document('application/pdf') } },
      undefined,
      AS_IT_IS,
    );
    assert.deepEqual(
      made.pictures.map(({ mediaType, data }) => [mediaType, Buffer.from(data).toString()]),
      [['application/pdf', String(pdf)]],
    );
    await assert.rejects(() => shown(document('text/xml')), /no PDF/);
    const report = element(0x0040a730, 'SQ', Buffer.alloc(0));
    await assert.rejects(() => shown(part10(report)), /it is a report/);
    await assert.rejects(
      () => shown(part10(element(0x00100020, 'LO', 'P1'))),
      /no pixel data \(Secondary Capture/,
    );
  });

  it('of pixels that are damaged has a reason', async () => {
    const items = Buffer.concat([
      marker(0xe000, 0),
      marker(0xe000, 4, Buffer.from([0xff, 0xd8, 0xff, 0xe0])),
      sequenceEnd,
    ]);
    const object = encapsulatedObject(COLOUR, []);
    const at = object.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
    const broken = Buffer.concat([
      object.subarray(0, at),
      element(0x7fe00010, 'OB', items, { length: UNDEFINED }),
    ]);
    await assert.rejects(
      () => shown(part10(broken, '1.2.840.10008.1.2.4.50')),
      /headers of a frame cannot be read/,
    );
  });
});
