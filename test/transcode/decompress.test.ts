import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bufferSource, DicomError, parseDataSet, TAG, valuesOfKeyword } from '../../src/dicom';
import { decompress, isDecompressible, WorkerDecoder } from '../../src/transcode';
import { type CodedFrame, decodeFrame } from '../../src/transcode/codecs';
import { EXPLICIT, IMPLICIT } from '../dicom/support/convert-elements';
import { corpusObjects, metaOf } from '../dicom/support/corpus-objects';
import { element, item, marker, sequenceEnd, UNDEFINED } from '../dicom/support/encode';
import { allOf } from '../dicom/write/support';
import { until } from '../support/machine/until';
import { encapsulatedObject, type Image } from './encapsulated-object';
import { encoded, SYNTAXES } from './encoded';

const RLE = '1.2.840.10008.1.2.5';
const JPEG = '1.2.840.10008.1.2.4.50';
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const JPEG_2000_LOSSY = '1.2.840.10008.1.2.4.91';
const JPEG_XL = '1.2.840.10008.1.2.4.110';
const HTJ2K = '1.2.840.10008.1.2.4.201';

const inThisThread = { decode: decodeFrame };

/** Smooth, with the extremes of its bits in it. */
function pixelsFor({
  rows,
  columns,
  samples = 1,
  bitsAllocated,
  bitsStored = bitsAllocated,
  signed,
}: Image): Buffer {
  const width = bitsAllocated / 8;
  const pixels = Buffer.alloc(rows * columns * samples * width);
  const lowest = signed === true ? -(2 ** (bitsStored - 1)) : 0;
  const span = 2 ** bitsStored;
  for (let index = 0; index * width < pixels.length; index += 1) {
    const value = lowest + (index < 2 ? index * (span - 1) : (index * 37) % span);
    if (width === 1) pixels.writeUInt8(value & 0xff, index);
    else pixels.writeUInt16LE(value & 0xffff, index * 2);
  }
  return pixels;
}

async function written(object: Buffer, from: string, to = EXPLICIT, lossy = true): Promise<Buffer> {
  const recoding = decompress(bufferSource(object), { from, to, lossy, decoder: inThisThread });
  const bytes = await allOf(recoding.blocks());
  assert.equal(bytes.length, recoding.size);
  return bytes;
}

interface Read {
  pixels: Buffer;
  value: (keyword: string) => unknown;
}

function read(dataSet: Buffer, transferSyntaxUID = EXPLICIT): Read {
  const parsed = parseDataSet(bufferSource(dataSet), { transferSyntaxUID });
  const { offset, length } = parsed.root.find(TAG.PixelData) ?? assert.fail();
  return {
    pixels: dataSet.subarray(offset, offset + length),
    value: (keyword) => valuesOfKeyword(parsed, keyword)[0],
  };
}

async function fails(reason: RegExp, object: Buffer, from: string, lossy = true): Promise<void> {
  await assert.rejects(
    () => written(object, from, EXPLICIT, lossy),
    (error) => error instanceof DicomError && error.code === 'cannot-recode' && reason.test(error.message),
  );
}

const IMAGES: Readonly<Record<string, Image>> = {
  '8 bits': { rows: 33, columns: 47, bitsAllocated: 8 },
  '16 bits': { rows: 33, columns: 47, bitsAllocated: 16 },
  '12 of 16 bits': { rows: 33, columns: 47, bitsAllocated: 16, bitsStored: 12 },
  'signed 16 bits': { rows: 33, columns: 47, bitsAllocated: 16, signed: true },
  colours: { rows: 33, columns: 47, bitsAllocated: 8, samples: 3 },
};
describe('decompress', () => {
  for (const [, syntax, encoder, parameters] of SYNTAXES) {
    for (const [name, image] of Object.entries(IMAGES)) {
      it(`gives back every bit that ${encoder} was given: ${name}`, async () => {
        const pixels = pixelsFor(image);
        const isTransformed = image.samples === 3 && /2000/.test(encoder);
        const photometric = isTransformed ? { photometric: 'YBR_RCT' } : {};
        const object = encapsulatedObject({ ...image, ...photometric }, [
          await encoded(image, pixels, encoder, parameters),
        ]);
        const after = read(await written(object, syntax));
        assert.ok(after.pixels.subarray(0, pixels.length).equals(pixels));
        assert.equal(after.pixels.length, pixels.length + (pixels.length % 2));
        assert.equal(after.value('PhotometricInterpretation'), image.samples === 3 ? 'RGB' : 'MONOCHROME2');
        assert.equal(after.value('PlanarConfiguration'), image.samples === 3 ? 0 : undefined);
        assert.equal(after.value('LossyImageCompression'), undefined);
      });
    }
  }

  it('gives back every bit of colours of 12 and 16 bits, or says that they are not certain', async () => {
    for (const bitsStored of [12, 16]) {
      const image = { rows: 33, columns: 47, bitsAllocated: 16, bitsStored, samples: 3 };
      const pixels = pixelsFor(image);
      for (const [, syntax, encoder, parameters] of SYNTAXES) {
        const object = encapsulatedObject(image, [await encoded(image, pixels, encoder, parameters)]);
        if (syntax === JPEG_2000 || syntax === HTJ2K)
          await fails(/more than 8 bits|not certain/, object, syntax);
        else
          assert.ok(read(await written(object, syntax)).pixels.equals(pixels), `${encoder}, ${bitsStored}`);
      }
    }
  });

  const grey = IMAGES['16 bits'] ?? assert.fail();

  it('writes implicit VR as well', async () => {
    const pixels = pixelsFor(grey);
    const object = encapsulatedObject(grey, [await encoded(grey, pixels, 'encodeRle')]);
    assert.ok(read(await written(object, RLE, IMPLICIT), IMPLICIT).pixels.equals(pixels));
  });

  it('decodes frame by frame, when somebody reads on', async () => {
    const image = { ...grey, frames: 3 };
    const frames = [0, 1, 2].map((frame) => pixelsFor(image).fill(frame, 0, 100));
    const fragments = await Promise.all(frames.map((each) => encoded(image, each, 'encodeJpegLs')));
    let asked = 0;
    const decoder = {
      decode: (frame: CodedFrame) => {
        asked += 1;
        return decodeFrame(frame);
      },
    };
    const source = bufferSource(encapsulatedObject(image, fragments));
    const { blocks } = decompress(source, { from: JPEG_LS, to: EXPLICIT, lossy: false, decoder });
    assert.equal(asked, 0);
    const seen: number[] = [];
    const all: Buffer[] = [];
    for await (const block of blocks()) {
      seen.push(asked);
      all.push(block);
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 3]);
    assert.ok(read(Buffer.concat(all)).pixels.equals(Buffer.concat(frames)));
  });

  it('keeps planes of RLE that the object says are planes', async () => {
    const image = { rows: 2, columns: 2, bitsAllocated: 8, samples: 3, planar: true };
    const segments = [1, 2, 3].map((value) => Buffer.from([253, value]));
    const header = Buffer.alloc(64);
    [3, 64, 66, 68].forEach((each, index) => header.writeUInt32LE(each, index * 4));
    const object = encapsulatedObject(image, [Buffer.concat([header, ...segments])]);
    const planes = read(await written(object, RLE));
    assert.deepEqual([...planes.pixels], [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    assert.equal(planes.value('PlanarConfiguration'), 1);
    const pixels = read(
      await written(
        encapsulatedObject({ ...image, planar: false }, [Buffer.concat([header, ...segments])]),
        RLE,
      ),
    );
    assert.deepEqual([...pixels.pixels], [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('says that there was a loss, by which method and ratio, if the object does not', async () => {
    const image = { rows: 64, columns: 64, bitsAllocated: 8 };
    const stream = await encoded(image, pixelsFor(image), 'encodeJpeg', { lossy: true, quality: 90 });
    const { value } = read(await written(encapsulatedObject(image, [stream]), JPEG));
    assert.equal(value('LossyImageCompression'), '01');
    assert.equal(value('LossyImageCompressionMethod'), 'ISO_10918_1');
    assert.ok(Math.abs(Number(value('LossyImageCompressionRatio')) - 4096 / stream.length) < 0.1);
    const said = [element(0x00282110, 'CS', '01'), element(0x00282112, 'DS', '10')];
    const before = read(await written(encapsulatedObject(image, [stream], said), JPEG));
    assert.equal(before.value('LossyImageCompressionRatio'), 10);
  });

  it('does not decompress with loss what may only be decompressed without', async () => {
    const image = { rows: 64, columns: 64, bitsAllocated: 8 };
    const lossy = await encoded(image, pixelsFor(image), 'encodeJpeg', { lossy: true, quality: 90 });
    await fails(/compressed with loss/, encapsulatedObject(image, [lossy]), JPEG, false);
    // One that says it is lossless, and one that may have been cut short.
    await fails(/compressed with loss/, encapsulatedObject(image, [lossy]), JPEG_LOSSLESS, false);
    const reversible = await encoded(image, pixelsFor(image), 'encodeJpeg2000', { lossy: false });
    await fails(/compressed with loss/, encapsulatedObject(image, [reversible]), JPEG_2000_LOSSY, false);
    await written(encapsulatedObject(image, [reversible]), JPEG_2000_LOSSY);
  });

  it('fails where a frame is cut off or damaged, which decoders fill up in silence', async () => {
    for (const [, syntax, encoder, parameters] of SYNTAXES) {
      const stream = await encoded(grey, pixelsFor(grey), encoder, parameters);
      for (const length of [10, 70, stream.length >> 1, stream.length - 40])
        await fails(/./, encapsulatedObject(grey, [stream.subarray(0, length)]), syntax);
    }
    const image = { rows: 64, columns: 64, bitsAllocated: 8 };
    const stream = await encoded(image, pixelsFor(image), 'encodeJpeg', { lossy: true });
    const short = Buffer.concat([stream.subarray(0, stream.length >> 1), Buffer.from([0xff, 0xd9])]);
    await fails(/cannot be decoded/, encapsulatedObject(image, [short]), JPEG);
    const isWhole = read(await written(encapsulatedObject(image, [stream]), JPEG));
    assert.equal(isWhole.pixels.length, 64 * 64);
  });

  it('fails where the object and its code stream contradict each other', async () => {
    const stream = await encoded(grey, pixelsFor(grey), 'encodeJpeg2000', { lossy: false });
    const object = (image: Partial<Image>): Buffer => encapsulatedObject({ ...grey, ...image }, [stream]);
    await fails(/another size/, object({ rows: 32 }), JPEG_2000);
    await fails(/1 components/, object({ samples: 3 }), JPEG_2000);
    await fails(/16 bits, and the object 8/, object({ bitsAllocated: 8, bitsStored: 8 }), JPEG_2000);
    await fails(/another kind/, object({}), JPEG_LS);
    await fails(/2 frames, and 1 fragments/, object({ frames: 2 }), JPEG_2000);
    await fails(/colours are not certain: RGB/, object({ photometric: 'RGB' }), JPEG_2000);
    await fails(/not encapsulated|is not decompressed/, object({}), '1.2.840.10008.1.2.4.100');
    const colour = IMAGES['colours'] ?? assert.fail();
    const jfif = await encoded(colour, pixelsFor(colour), 'encodeJpeg', { lossy: true });
    await fails(
      /colours are not certain: YBR_ICT/,
      encapsulatedObject({ ...colour, photometric: 'YBR_ICT' }, [jfif]),
      JPEG,
    );
  });

  const box = (type: string, ...contents: Buffer[]): Buffer => {
    const content = Buffer.concat(contents);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };
  const jp2 = (headers: Buffer[], ...streams: Buffer[]): Buffer =>
    Buffer.concat([
      box('jP  ', Buffer.from('0d0a870a', 'hex')),
      box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
      box('jp2h', box('ihdr', Buffer.alloc(14)), ...headers),
      ...streams.map((stream) => box('jp2c', stream)),
      box('uuid', Buffer.alloc(16)),
    ]);

  it('finds the code stream in the boxes of a JP2 file, unless they change what it is decoded to', async () => {
    const pixels = pixelsFor(grey);
    const stream = await encoded(grey, pixels, 'encodeJpeg2000', { lossy: false });
    const decoded = read(await written(encapsulatedObject(grey, [jp2([], stream)]), JPEG_2000));
    assert.ok(decoded.pixels.equals(pixels));
    for (const type of ['pclr', 'cmap', 'cdef'])
      await fails(/palette/, encapsulatedObject(grey, [jp2([box(type)], stream)]), JPEG_2000);
    await fails(/exactly one/, encapsulatedObject(grey, [jp2([])]), JPEG_2000);
    await fails(/exactly one/, encapsulatedObject(grey, [jp2([], stream, stream)]), JPEG_2000);
    await fails(
      /cut off|exactly one/,
      encapsulatedObject(grey, [jp2([], stream).subarray(0, -40)]),
      JPEG_2000,
    );
  });

  it('packs frames of JPEG 2000 with one bit without a gap between them, and takes no others', async () => {
    const image = { rows: 11, columns: 37, bitsAllocated: 1 };
    const coded = { ...image, bitsAllocated: 8, bitsStored: 1 };
    const frames = [5, 7, 9].map((step) =>
      Buffer.from(Array.from({ length: 11 * 37 }, (_, index) => (index % step) & 1)),
    );
    const fragments = await Promise.all(
      frames.map((each) => encoded(coded, each, 'encodeJpeg2000', { lossy: false })),
    );
    const after = read(await written(encapsulatedObject({ ...image, frames: 3 }, fragments), JPEG_2000));
    const bits = frames.flatMap((each) => [...each]);
    assert.equal(after.pixels.length, Math.ceil(bits.length / 16) * 2);
    bits.forEach((bit, index) => assert.equal(((after.pixels[index >> 3] ?? 0) >> (index & 7)) & 1, bit));
    assert.equal(after.value('BitsAllocated'), 1);
    const [first = assert.fail()] = fragments;
    await fails(/Bits Allocated is 1/, encapsulatedObject({ ...image, signed: true }, [first]), JPEG_2000);
    const eight = await encoded({ ...coded, bitsStored: 8 }, frames[0] ?? assert.fail(), 'encodeJpeg2000');
    await fails(/8 bits, and the object 1/, encapsulatedObject(image, [eight]), JPEG_2000);
    for (const [, syntax, encoder, parameters] of SYNTAXES.filter(([, each]) => each !== JPEG_2000)) {
      const stream = await encoded(
        { ...coded, bitsStored: 8 },
        frames[0] ?? assert.fail(),
        encoder,
        parameters,
      );
      await fails(/Bits Allocated is 1|and the object 1/, encapsulatedObject(image, [stream]), syntax);
    }
  });

  it('fails where JPEG XL has colours that lose something, or is not what the object says', async () => {
    const image = { rows: 64, columns: 64, bitsAllocated: 8 };
    // 64 × 64, and all else as usual: in XYB, which loses.
    const usual = Buffer.from([0xff, 0x0a, 0b0100_1111, 0b0000_0010, 0, 0]);
    await fails(/may have lost something/, encapsulatedObject(image, [usual]), JPEG_XL);
    const colour = IMAGES['colours'] ?? assert.fail();
    const stream = await encoded(colour, pixelsFor(colour), 'encodeJpegXl', { lossy: false });
    await fails(/not certain/, encapsulatedObject({ ...colour, photometric: 'YBR_FULL' }, [stream]), JPEG_XL);
    await fails(/another size/, encapsulatedObject({ ...colour, rows: 34 }, [stream]), JPEG_XL);
    for (const [rows, columns] of [
      [8, 8],
      [16, 8],
      [33, 600],
      [9, 12],
      [512, 512],
    ] as const) {
      const other = { rows, columns, bitsAllocated: 8 };
      const pixels = pixelsFor(other);
      const object = encapsulatedObject(other, [
        await encoded(other, pixels, 'encodeJpegXl', { lossy: false }),
      ]);
      assert.ok(read(await written(object, JPEG_XL)).pixels.equals(pixels), `${rows} x ${columns}`);
    }
  });

  it('fails where another image within the object is encapsulated, too', async () => {
    const stream = await encoded(grey, pixelsFor(grey), 'encodeRle');
    const fragments = Buffer.concat([marker(0xe000, 0), marker(0xe000, 2, Buffer.alloc(2)), sequenceEnd]);
    const icon = element(
      0x00880200,
      'SQ',
      item(element(TAG.PixelData, 'OB', fragments, { length: UNDEFINED })),
    );
    await fails(/\(7FE00010\) is encapsulated/, encapsulatedObject(grey, [stream], [icon]), RLE);
  });

  it('changes nothing else of the object', async () => {
    const [found] = corpusObjects('good').filter(
      ({ path }) => metaOf(readFileSync(path)).transferSyntaxUID === JPEG_2000,
    );
    const file = readFileSync(found?.path ?? assert.fail());
    const { dataSetOffset } = metaOf(file);
    const object = file.subarray(dataSetOffset);
    const after = await written(object, JPEG_2000);
    const at = (dataSet: Buffer): number => {
      const parsed = parseDataSet(bufferSource(dataSet), { transferSyntaxUID: EXPLICIT });
      return (parsed.root.find(TAG.PixelData) ?? assert.fail()).offset - 12;
    };
    assert.ok(after.subarray(0, at(after)).equals(object.subarray(0, at(object))));
  });

  it('knows the transfer syntaxes that it takes', () => {
    for (const [, syntax] of SYNTAXES) assert.ok(isDecompressible(syntax));
    for (const syntax of [EXPLICIT, '1.2.840.10008.1.2.4.100', '1.2.840.10008.1.2.4.112'])
      assert.ok(!isDecompressible(syntax));
  });
});

describe('WorkerDecoder', () => {
  it('decodes in a worker that ends when it is idle, and in a new one after that', async () => {
    const image = IMAGES['16 bits'] ?? assert.fail();
    const pixels = pixelsFor(image);
    const object = encapsulatedObject(image, [await encoded(image, pixels, 'encodeJpegLs')]);
    const decoder = new WorkerDecoder((error) => assert.fail(error), 50);
    try {
      for (let round = 0; round < 2; round += 1) {
        assert.ok(!decoder.isRunning);
        const source = bufferSource(object);
        const { blocks } = decompress(source, { from: JPEG_LS, to: EXPLICIT, lossy: false, decoder });
        assert.ok(read(await allOf(blocks())).pixels.equals(pixels));
        assert.ok(decoder.isRunning);
        await until(() => !decoder.isRunning, 'the end of the worker');
      }
      const stream = await encoded(image, pixels, 'encodeJpegLs');
      const half = Buffer.concat([stream.subarray(0, stream.length >> 1), Buffer.from([0xff, 0xd9])]);
      const broken = encapsulatedObject(image, [half]);
      const { blocks } = decompress(bufferSource(broken), {
        from: JPEG_LS,
        to: EXPLICIT,
        lossy: false,
        decoder,
      });
      await assert.rejects(() => allOf(blocks()), /cannot be decoded/);
      const again = decompress(bufferSource(object), { from: JPEG_LS, to: EXPLICIT, lossy: false, decoder });
      assert.ok(read(await allOf(again.blocks())).pixels.equals(pixels));
    } finally {
      await decoder.close();
    }
  });
});
