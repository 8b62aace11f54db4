import { Context, log, NativeCodecs } from 'dcmjs-codecs';

/** A code stream that is to be decoded, and what it says of itself. */
export interface CodedFrame {
  codec: Codec;
  bytes: Uint8Array;
  rows: number;
  columns: number;
  components: number;
  /** Bits of a sample. */
  precision: number;
  signed: boolean;
  /** JPEG: YCbCr becomes RGB. */
  toRgb: boolean;
}

export type Codec = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'jpeg-xl';

const DECODE = {
  jpeg: 'decodeJpeg',
  'jpeg-ls': 'decodeJpegLs',
  'jpeg-2000': 'decodeJpeg2000',
  htj2k: 'decodeHtJpeg2000',
  'jpeg-xl': 'decodeJpegXl',
} as const;

/** What decoders of JPEG say where they have filled in something; and OpenJPEG, of what is cut off. */
const COMPLAINTS = ['Corrupt', 'Premature', 'Inconsistent', 'Transferred too few'];
/** Nothing is missing then. */
const HARMLESS = 'extraneous bytes before marker';

let complaint: string | undefined;
let ready: Promise<void> | undefined;

function listen(text: unknown): void {
  const said = String(text);
  if (COMPLAINTS.some((each) => said.includes(each)) && !said.includes(HARMLESS)) complaint ??= said;
}

async function load(): Promise<void> {
  log.info = listen;
  log.error = listen;
  await NativeCodecs.initializeAsync({ logCodecsInfo: true });
}

/**
 * The samples of a frame, interleaved but for JPEG-LS that is not, in as few whole bytes as their precision needs, little
 * endian. The code is foreign, in WebAssembly: its memory never shrinks, and what it is given has been checked before.
 * @throws an Error in the decoder's words; it then begins anew
 */
export async function decodeFrame(frame: CodedFrame): Promise<Uint8Array> {
  await (ready ??= load());
  complaint = undefined;
  try {
    const decoded = decode(frame);
    if (complaint !== undefined) throw new Error(complaint);
    return decoded;
  } catch (error) {
    // What it held is lost to it, and its state unknown.
    NativeCodecs.release();
    ready = undefined;
    throw error;
  }
}

/** @param samples 1: grey; 3: red, green, blue */
export async function encodePicture({
  rows,
  columns,
  samples,
  pixels,
  quality,
}: {
  rows: number;
  columns: number;
  samples: 1 | 3;
  pixels: Uint8Array;
  quality: number;
}): Promise<Buffer> {
  await (ready ??= load());
  const context = new Context({
    width: columns,
    height: rows,
    samplesPerPixel: samples,
    bitsAllocated: 8,
    bitsStored: 8,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: samples === 1 ? 'MONOCHROME2' : 'RGB',
    decodedBuffer: pixels,
  });
  const encoded = NativeCodecs.encodeJpeg(context, { lossy: true, quality }).getEncodedBuffer();
  if (encoded === undefined) throw new Error('the picture was not encoded');
  return Buffer.from(encoded);
}

function decode({
  codec,
  bytes,
  rows,
  columns,
  components,
  precision,
  signed,
  toRgb,
}: CodedFrame): Uint8Array {
  const bytesPerSample = Math.ceil(precision / 8);
  const context = new Context({
    width: columns,
    height: rows,
    samplesPerPixel: components,
    bitsAllocated: bytesPerSample * 8,
    bitsStored: precision,
    pixelRepresentation: signed ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: components === 1 ? 'MONOCHROME2' : 'RGB',
    encodedBuffer: bytes,
  });
  const decoded = NativeCodecs[DECODE[codec]](context, { convertColorspaceToRgb: toRgb }).getDecodedBuffer();
  const length = rows * columns * components * bytesPerSample;
  if (decoded?.length !== length)
    throw new Error(`${decoded?.length} bytes were decoded instead of ${length}`);
  return decoded;
}
