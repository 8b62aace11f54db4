import type { CodeStream } from './code-stream-facts';
import {
  type ByteSource,
  cannotRecode,
  type GivenValues,
  type GivenValue,
  parseDataSet,
  recode,
  type Recoding,
  TAG,
  type Vr,
  VR,
} from '../dicom';
import type { FrameFragments } from '../object';
import { isUnheard } from '../worker';
import { readCodeStream } from './code-stream';
import type { Codec, CodedFrame } from './codecs';
import { type CompressedSyntax, compressedSyntax } from './compressed-syntaxes';
import { type Colour, colourOf, colourOfSamples, containerBits, expectDecodable } from './decoding';
import { bytesOfFrame, EXTENDED_OFFSET_TABLE, framesIn } from './frames-in';
import { type ImagePixels, imagePixelsOf } from './image-pixels';
import { decodeRle } from './rle';
import { interleaved, PackedBits, widened } from './samples';

/** Decodes code streams somewhere: in a worker, as a rule. @throws as `decodeFrame`, WorkerNotRunning, RequestTimedOut */
export interface Decoder {
  decode(frame: CodedFrame): Promise<Uint8Array>;
}

export interface DecompressOptions {
  /** Transfer Syntax UID that the data set has. */
  from: string;
  /** A native one to write: explicit VR little endian, as a rule. */
  to: string;
  /** Where in the source the data set begins; 0 unless told. */
  offset?: number;
  /** Also what was compressed with loss. */
  lossy: boolean;
  decoder: Decoder;
}

/** Of a frame, compressed or not: what is larger is no frame of an image that we know of. */
const LARGEST_FRAME = 512 * 1024 * 1024;
const LONGEST_VALUE = 0xfffffffe;
const PIECE = 262_144;

const EXTENDED_OFFSET_TABLE_LENGTHS = 0x7fe00002;
const ENCAPSULATED_TOTAL_LENGTH = 0x7fe00003;
const PHOTOMETRIC_INTERPRETATION = 0x00280004;
const PLANAR_CONFIGURATION = 0x00280006;
const LOSSY_IMAGE_COMPRESSION = 0x00282110;
const LOSSY_RATIO = 0x00282112;
const LOSSY_METHOD = 0x00282114;
const LOSSY = '01';

/** Do we decompress objects of this transfer syntax? */
export function isDecompressible(transferSyntaxUID: string): boolean {
  return compressedSyntax(transferSyntaxUID) !== undefined;
}

/**
 * An object of compressed pixel data as one of native pixel data: RLE, JPEG (baseline, extended, progressive, lossless),
 * JPEG-LS, JPEG 2000, HTJ2K, lossless JPEG XL. What can be known from the headers of the data set and of its first frame is found out here;
 * frames are decoded one by one while `blocks` is read. No pixel is ever left out: what is not certain is an error.
 *
 * Photometric Interpretation and Planar Configuration become those of the decoded pixels, Lossy Image Compression says 01
 * after a loss, with ratio and method (PS3.3 C.7.6.1.1.5). Everything else stays; lossless pixels are equal bit by bit.
 *
 * Memory: a few frames.
 * @throws DicomError `cannot-recode` with the reason; as `parseDataSet`. While `blocks` is read also WorkerNotRunning and
 * RequestTimedOut, which say nothing about the object
 */
export function decompress(source: ByteSource, options: DecompressOptions): Recoding {
  const { from, to, offset = 0 } = options;
  const syntax = compressedSyntax(from);
  if (syntax === undefined) throw cannotRecode(`the transfer syntax ${from} is not decompressed`);
  const dataSet = parseDataSet(source, { transferSyntaxUID: from, offset });
  const image = imagePixelsOf(dataSet);
  const frames = framesIn(source, dataSet, image.frames, syntax.codec !== 'rle');
  const decoding = new Decoding(source, image, syntax, options.decoder, frames);
  if (decoding.isLossy && !options.lossy) throw cannotRecode('it was compressed with loss');
  return recode(source, { from, to, offset, changes: decoding.changes() });
}

class Decoding {
  /** Some of what was there before the compression is lost, or may be. */
  readonly isLossy: boolean;
  readonly #isCertainlyLossy: boolean;
  readonly #colour: Colour;
  /** As native pixels. */
  readonly #frameBits: number;

  constructor(
    readonly source: ByteSource,
    readonly image: ImagePixels,
    readonly syntax: CompressedSyntax,
    readonly decoder: Decoder,
    readonly frames: readonly FrameFragments[],
  ) {
    const { rows, columns, samples, bitsAllocated } = image;
    const { codec } = syntax;
    if (bitsAllocated % 8 !== 0 && (bitsAllocated !== 1 || codec === 'rle'))
      throw cannotRecode(`its Bits Allocated is ${bitsAllocated}`);
    this.#frameBits = rows * columns * samples * bitsAllocated;
    if (
      rows * columns * samples * containerBits(bitsAllocated) > 8 * LARGEST_FRAME ||
      this.#length > LONGEST_VALUE
    )
      throw cannotRecode('its pixels are too large: a frame may have 512 MiB, all frames together 4 GiB');
    const stream = codec === 'rle' ? undefined : this.#readStream(frames[0] ?? [], codec);
    this.#colour = stream === undefined ? colourOfSamples(image) : colourOf(image, stream);
    this.#isCertainlyLossy = stream?.lossless === false;
    // A reversible JPEG 2000 code stream may have been cut short.
    const maybeCutShort = stream?.kind === 'jpeg-2000' && !syntax.lossless;
    this.isLossy = this.#isCertainlyLossy || maybeCutShort;
  }

  changes(): GivenValues {
    const { image } = this;
    const changes = new Map<number, GivenValue | undefined>([
      [EXTENDED_OFFSET_TABLE, undefined],
      [EXTENDED_OFFSET_TABLE_LENGTHS, undefined],
      [ENCAPSULATED_TOTAL_LENGTH, undefined],
      [
        TAG.PixelData,
        {
          vr: image.bitsAllocated > 8 ? VR.OW : VR.OB,
          length: this.#length,
          bytes: () => this.#pixels(),
        },
      ],
    ]);
    if (this.#colour.photometric !== image.photometric)
      changes.set(PHOTOMETRIC_INTERPRETATION, text(this.#colour.photometric));
    if (image.samples > 1) changes.set(PLANAR_CONFIGURATION, unsigned(this.#isPlanar ? 1 : 0));
    if (this.#isCertainlyLossy && image.lossy !== LOSSY) {
      changes.set(LOSSY_IMAGE_COMPRESSION, text(LOSSY));
      changes.set(LOSSY_RATIO, text(this.#ratio().toFixed(2), VR.DS));
      changes.set(LOSSY_METHOD, text(this.syntax.method));
    }
    return changes;
  }

  /** Bytes of all frames. */
  get #length(): number {
    return Math.ceil((this.#frameBits * this.frames.length) / 8);
  }

  /** RLE keeps what the object says; what others decode is interleaved. */
  get #isPlanar(): boolean {
    return this.syntax.codec === 'rle' && this.image.planar;
  }

  #ratio(): number {
    const compressed = this.frames.flat().reduce((sum, { length }) => sum + length, 0);
    return this.#length / compressed;
  }

  async *#pixels(): AsyncGenerator<Buffer, void, void> {
    const { rows, columns, samples, bitsAllocated } = this.image;
    const bits = bitsAllocated === 1 ? new PackedBits() : undefined;
    for (const frame of this.frames) {
      const decoded = await this.#decode(frame);
      if (decoded.length !== (rows * columns * samples * containerBits(bitsAllocated)) / 8)
        throw cannotRecode('a frame was decoded to another size');
      const pixels = bits?.add(decoded) ?? decoded;
      for (let at = 0; at < pixels.length; at += PIECE) yield pixels.subarray(at, at + PIECE);
    }
    const rest = bits?.rest;
    if (rest !== undefined) yield rest;
  }

  async #decode(frame: FrameFragments): Promise<Buffer> {
    const { codec } = this.syntax;
    const { samples, bitsAllocated, signed } = this.image;
    if (codec === 'rle') {
      const shape = { ...this.image, bytesAllocated: bitsAllocated / 8 };
      return decodeRle(this.#bytesOf(frame), shape);
    }
    const stream = this.#readStream(frame, codec);
    const { photometric, toRgb } = colourOf(this.image, stream);
    if (photometric !== this.#colour.photometric || (stream.lossless !== true) !== this.#isCertainlyLossy)
      throw cannotRecode('its frames are not compressed alike');
    const { bytes, rows, columns, components, precision, planar } = stream;
    const decoded = await this.#ask({
      codec,
      bytes,
      rows,
      columns,
      components,
      precision,
      signed: stream.signed ?? signed,
      toRgb,
    });
    const width = containerBits(precision);
    const pixels = planar ? interleaved(decoded, samples, width / 8) : decoded;
    return width < bitsAllocated ? widened(pixels) : pixels;
  }

  async #ask(frame: CodedFrame): Promise<Buffer> {
    try {
      const { buffer, byteOffset, byteLength } = await this.decoder.decode(frame);
      return Buffer.from(buffer, byteOffset, byteLength);
    } catch (error) {
      if (isUnheard(error)) throw error;
      throw cannotRecode('a frame cannot be decoded', { cause: error });
    }
  }

  /** @throws DicomError where it is not what can be decoded for certain */
  #readStream(frame: FrameFragments, codec: Codec): CodeStream {
    const stream = readCodeStream(this.#bytesOf(frame));
    expectDecodable(this.image, stream, codec);
    return stream;
  }

  #bytesOf(frame: FrameFragments): Buffer {
    return bytesOfFrame(this.source, frame, LARGEST_FRAME);
  }
}

function text(value: string, vr: Vr = VR.CS): GivenValue {
  const bytes = Buffer.from(value, 'latin1');
  return { vr, length: bytes.length, bytes };
}

function unsigned(value: number): GivenValue {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return { vr: VR.US, length: bytes.length, bytes };
}
