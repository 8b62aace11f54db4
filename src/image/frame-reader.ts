import { constants, inflateRawSync } from 'node:zlib';
import { type ByteSource, type Element, type ParsedDataSet, TAG, uidName, VR } from '../dicom';
import type { FrameFragments } from '../object';
import {
  bytesOfFrame,
  type CodeStream,
  type CompressedSyntax,
  containerBits,
  type Decoder,
  decodeRle,
  decodingProblem,
  framesIn,
  type ImagePixels,
  imagePixelsOf,
  readCodeStream,
  shownSyntax,
} from '../transcode';
import { floatCells, integerCells, swapped } from './cells';
import type { Cells, Frame } from './frame';
import { NoPicture } from './no-picture';

/** Pixels of a frame, at most: what has more is no image that we know of, and would not fit into memory several times. */
export const MOST_PIXELS = 67_108_864;
/** Bytes of a compressed frame. */
const LONGEST_FRAME = 268_435_456;
/** Deflated Image Frame Compression (PS3.5 A.4.13): a frame is a raw deflate stream of native pixels. */
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';
/** Encapsulated Uncompressed Explicit VR Little Endian (PS3.5 A.4.11). */
const ENCAPSULATED_NATIVE = '1.2.840.10008.1.2.1.98';
const YBR_422: ReadonlySet<string> = new Set(['YBR_FULL_422', 'YBR_PARTIAL_422']);

/**
 * Reads single frames of an object, each from where it is: nothing of the others is read or decoded.
 * @throws NoPicture, DicomError `cannot-recode` where it has no pixels that can be read
 */
export class FrameReader {
  readonly image: ImagePixels;
  readonly #source: ByteSource;
  readonly #element: Element;
  readonly #isFloat: boolean;
  #fragments: FrameFragments[] | undefined;

  constructor(
    source: ByteSource,
    private readonly dataSet: ParsedDataSet,
    private readonly transferSyntaxUID: string,
    private readonly decoder: Decoder,
  ) {
    const { root, inflated } = dataSet;
    this.#source = inflated ?? source;
    const integers = root.find(TAG.PixelData);
    const element = integers ?? root.find(TAG.FloatPixelData) ?? root.find(TAG.DoubleFloatPixelData);
    if (element === undefined) throw new NoPicture('it has no pixel data');
    this.#element = element;
    this.#isFloat = integers === undefined;
    this.image = imagePixelsOf(dataSet, true);
    const { rows, columns, samples, bitsAllocated } = this.image;
    if (rows * columns > MOST_PIXELS) throw new NoPicture(`a frame has more than ${MOST_PIXELS} pixels`);
    if (samples !== 1 && samples !== 3) throw new NoPicture(`it has ${samples} samples per pixel`);
    if (bitsAllocated > 32 && !this.#isFloat) throw new NoPicture(`it has ${bitsAllocated} bits allocated`);
  }

  /** @param number from 0 on; less than there are */
  async read(number: number): Promise<Frame> {
    if (this.#element.fragments === undefined) return this.#native(number);
    const syntax = shownSyntax(this.transferSyntaxUID);
    const isDeflated = this.transferSyntaxUID === DEFLATED_FRAMES;
    if (syntax === undefined && !isDeflated && this.transferSyntaxUID !== ENCAPSULATED_NATIVE)
      throw new NoPicture(
        `its pixels are compressed as ${nameOf(this.transferSyntaxUID)}, which is not decoded`,
      );
    const hasCodeStreams = syntax !== undefined && syntax.codec !== 'rle';
    this.#fragments ??= framesIn(this.#source, this.dataSet, this.image.frames, hasCodeStreams);
    const bytes = bytesOfFrame(this.#source, this.#fragments[number] ?? [], LONGEST_FRAME);
    if (syntax === undefined) return this.#unpacked(isDeflated ? this.#inflated(bytes) : bytes, 0);
    return syntax.codec === 'rle' ? this.#ofRle(bytes) : this.#decoded(bytes, syntax);
  }

  #native(number: number): Frame {
    const { offset, length, vr, bigEndian } = this.#element;
    const bits = this.#frameBits;
    const first = number * bits;
    // Words of the value are swapped as a whole: those that the frame begins and ends in.
    const word = !bigEndian ? 1 : vr === VR.OD ? 8 : vr === VR.OF || vr === VR.OL ? 4 : vr === VR.OW ? 2 : 1;
    const from = Math.floor(first / 8 / word) * word;
    const end = Math.ceil((first + bits) / 8);
    if (end > length) throw new NoPicture(`its pixel data ends before frame ${number + 1} does`);
    const until = Math.min(length, Math.ceil(end / word) * word);
    const bytes = this.#source.read(offset + from, until - from);
    // What was read may be the source's own memory.
    return this.#unpacked(word === 1 ? bytes : swapped(Buffer.from(bytes), word), first - from * 8);
  }

  /** Bits of a native frame. Colours of 4:2:2 have two samples a pixel, unless the value is as long as with three. */
  get #frameBits(): number {
    const { rows, columns, samples, bitsAllocated } = this.image;
    return rows * columns * (this.#isSubsampled ? 2 : samples) * bitsAllocated;
  }

  get #isSubsampled(): boolean {
    const { rows, columns, samples, bitsAllocated, photometric, frames } = this.image;
    if (samples !== 3 || !YBR_422.has(photometric)) return false;
    const { fragments, length } = this.#element;
    return fragments !== undefined || length * 8 < rows * columns * 3 * bitsAllocated * frames;
  }

  /** @throws NoPicture where that is not a frame of native pixels */
  #inflated(bytes: Buffer): Buffer {
    const length = Math.ceil(this.#frameBits / 8);
    try {
      // Padding may be compressed with it.
      return inflateRawSync(bytes, { maxOutputLength: length + 16, finishFlush: constants.Z_SYNC_FLUSH });
    } catch (error) {
      throw new NoPicture('a deflated frame is damaged', { cause: error });
    }
  }

  /** @param bytes of native pixels in little endian */
  #unpacked(bytes: Buffer, firstBit: number): Frame {
    const { rows, columns, samples, bitsAllocated, planar } = this.image;
    const bits = this.#frameBits;
    if (bytes.length * 8 < firstBit + bits) throw new NoPicture('a frame is shorter than its pixels');
    const count = bits / bitsAllocated;
    if (this.#isFloat) return this.#frame(floatCells(bytes, bitsAllocated, count), undefined);
    const cells = integerCells(bytes, bitsAllocated, count, firstBit);
    if (this.#isSubsampled) return this.#frame(fullSampling(cells, rows * columns));
    return this.#frame(samples > 1 && planar ? pixelByPixel(cells, samples) : cells);
  }

  #ofRle(bytes: Buffer): Frame {
    const { rows, columns, samples, bitsAllocated } = this.image;
    if (bitsAllocated === 1) {
      const packed = { rows: 1, columns: Math.ceil((rows * columns) / 8), samples: 1 };
      return this.#unpacked(decodeRle(bytes, { ...packed, bytesAllocated: 1, planar: false }), 0);
    }
    if (bitsAllocated % 8 !== 0) throw new NoPicture(`it has ${bitsAllocated} bits allocated`);
    // Segments are samples, whatever Planar Configuration says.
    const shape = { rows, columns, samples, bytesAllocated: bitsAllocated / 8, planar: false };
    const pixels = decodeRle(bytes, shape);
    return this.#frame(integerCells(pixels, bitsAllocated, rows * columns * samples));
  }

  async #decoded(bytes: Buffer, { codec, lossless }: CompressedSyntax): Promise<Frame> {
    if (codec === 'rle') return this.#ofRle(bytes);
    const { image } = this;
    const { samples } = image;
    const stream = readCodeStream(bytes);
    const problem = decodingProblem(image, stream, codec);
    if (problem !== false) throw new NoPicture(problem);
    const { rows, columns, components, precision, planar } = stream;
    const { photometric, toRgb } = colourOf(image, stream);
    const signed = stream.signed ?? image.signed;
    const decoded = await this.#ask({
      codec,
      bytes: stream.bytes,
      rows,
      columns,
      components,
      precision,
      signed,
      toRgb,
    });
    const buffer = Buffer.from(decoded.buffer, decoded.byteOffset, decoded.byteLength);
    const width = containerBits(precision);
    const decodedCells = integerCells(buffer, width, rows * columns * samples);
    const cells = planar ? pixelByPixel(decodedCells, samples) : decodedCells;
    // A signed JPEG 2000 comes as numbers of its container's width; all others as the bits of the pixel cells.
    const bits =
      stream.signed === true && image.signed
        ? { stored: width, high: width - 1, signed: true }
        : bitsOf(lossless ? image : withRoom(image, stream), width);
    return { rows, columns, samples, photometric, cells, bits };
  }

  async #ask(frame: Parameters<Decoder['decode']>[0]): Promise<Uint8Array> {
    try {
      return await this.decoder.decode(frame);
    } catch (error) {
      // In the decoder's own words, which are none for an operator.
      throw new NoPicture('a frame is damaged, and cannot be decoded', { cause: error });
    }
  }

  #frame(cells: Cells, bits: Frame['bits'] = bitsOf(this.image, this.image.bitsAllocated)): Frame {
    const { rows, columns, samples, photometric } = this.image;
    return { rows, columns, samples, photometric, cells, bits: this.#isFloat ? undefined : bits };
  }
}

/** A loss may lead to more than the bits that the object says are stored: cut off, white would be black. */
function withRoom(image: ImagePixels, { precision }: CodeStream): ImagePixels {
  if (image.signed || precision <= image.bitsStored) return image;
  return { ...image, bitsStored: precision, highBit: precision - 1 };
}

/** @param width bits of a cell as it was decoded */
function bitsOf({ bitsStored, highBit, signed }: ImagePixels, width: number): Frame['bits'] {
  const stored = Math.min(bitsStored, width);
  return { stored, high: Math.min(Math.max(highBit, stored - 1), width - 1), signed };
}

/**
 * How colours are decoded. Where the code stream says whether they were transformed, that counts, as other software has it;
 * what the object says of them, else.
 */
function colourOf(
  { photometric, samples }: ImagePixels,
  { kind, transformed, subsampled, lossless }: CodeStream,
): { photometric: string; toRgb: boolean } {
  const isYbr = photometric.startsWith('YBR_');
  if (samples === 1 || kind === 'jpeg-ls') return { photometric, toRgb: false };
  // It is RGB itself, unless what was compressed without loss was something else.
  if (kind === 'jpeg-xl')
    return { photometric: lossless && photometric === 'YBR_FULL' ? photometric : 'RGB', toRgb: false };
  if (kind === 'jpeg-2000') return { photometric: transformed === true ? 'RGB' : photometric, toRgb: false };
  if (lossless) return { photometric, toRgb: false };
  const toRgb = transformed ?? (isYbr || subsampled);
  return { photometric: 'RGB', toRgb };
}

/** Samples of one kind that stand together → pixel by pixel (Planar Configuration 1 → 0). */
function pixelByPixel(cells: Cells, samples: number): Cells {
  const pixels = cells.slice();
  const count = cells.length / samples;
  // Each pixel as a whole: to write to all of the memory for each sample takes twice as long.
  if (samples === 3)
    for (let pixel = 0, to = 0; pixel < count; pixel += 1, to += 3) {
      pixels[to] = cells[pixel] ?? 0;
      pixels[to + 1] = cells[pixel + count] ?? 0;
      pixels[to + 2] = cells[pixel + 2 * count] ?? 0;
    }
  else
    for (let sample = 0; sample < samples; sample += 1)
      for (let pixel = 0; pixel < count; pixel += 1)
        pixels[pixel * samples + sample] = cells[sample * count + pixel] ?? 0;
  return pixels;
}

/** Two pixels of 4:2:2 are Y, Y, CB, CR (PS3.3 C.7.6.3.1.2). */
function fullSampling(cells: Cells, pixels: number): Cells {
  const full = cells.BYTES_PER_ELEMENT === 1 ? new Uint8Array(pixels * 3) : new Uint16Array(pixels * 3);
  // Of a second pixel behind the end nothing is kept.
  for (let from = 0, to = 0; to < full.length; from += 4, to += 6) {
    full[to] = cells[from] ?? 0;
    full[to + 3] = cells[from + 1] ?? 0;
    full[to + 1] = full[to + 4] = cells[from + 2] ?? 0;
    full[to + 2] = full[to + 5] = cells[from + 3] ?? 0;
  }
  return full;
}

const PRINTABLE_UID = /^[0-9.]{1,64}$/;

function nameOf(uid: string): string {
  return uidName(uid) ?? (PRINTABLE_UID.test(uid) ? uid : 'something unknown');
}
