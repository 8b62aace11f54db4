import { cannotRecode } from '../dicom';
import { codeStreamIn, isBoxed } from './boxes';
import type { CodeStream } from './code-stream-facts';
import { JPEG_XL, jpegXlFacts } from './jpeg-xl';

type Facts = Omit<CodeStream, 'bytes'>;

const SOI = 0xffd8;
const SOS = 0xffda;
/** EOI and EOC */
const EOI_BYTES = Buffer.from([0xff, 0xd9]);
const APP0 = 0xffe0;
const APP14 = 0xffee;
const SOF0 = 0xffc0;
const SOF3 = 0xffc3;
const SOF_LS = 0xfff7;
const SOC = 0xff4f;
const SIZ = 0xff51;
const COD = 0xff52;
const SOT = 0xff90;

const ADOBE_TRANSFORM = 11;
const HEADER_BYTES = 2;
/** Markers in front of the coded data, at most: a real code stream has some dozens. */
const MOST_SEGMENTS = 10_000;

/** Is this how a code stream of JPEG, JPEG-LS, JPEG 2000 or JPEG XL begins, or a file that has one in boxes? */
export function beginsCodeStream(first: Buffer): boolean {
  if (first.length < HEADER_BYTES) return false;
  const marker = first.readUInt16BE(0);
  return marker === SOI || marker === SOC || marker === JPEG_XL || isBoxed(first);
}

/**
 * Reads the headers of a code stream (ISO/IEC 10918-1 B.2, 14495-1 C.2, 15444-1 A.4), and that it is there to its end: what
 * decodes it fills up what is missing, and says nothing.
 * @throws DicomError `cannot-recode`
 */
export function readCodeStream(given: Buffer): CodeStream {
  const bytes = codeStreamIn(given);
  if (isBoxed(bytes) || !beginsCodeStream(bytes))
    throw cannotRecode('a frame does not begin with a code stream');
  if (bytes.readUInt16BE(0) === JPEG_XL) return readJpegXl(bytes);
  const found = bytes.readUInt16BE(0) === SOC ? readJpeg2000(bytes) : readJpeg(bytes);
  if (found === undefined) throw cannotRecode('the headers of a frame cannot be read');
  return { ...found, bytes: toItsEnd(bytes) };
}

/** Nothing marks its end: its decoder complains where something is missing. */
function readJpegXl(bytes: Buffer): CodeStream {
  const found = jpegXlFacts(bytes);
  if (found === undefined) throw cannotRecode('a frame of JPEG XL has more than one image of whole numbers');
  return { ...found, bytes };
}

/** No coded data has the marker that ends it. What pads the fragment may be anything. */
function toItsEnd(bytes: Buffer): Buffer {
  const headers = [...segments(bytes, bytes.readUInt16BE(0) === SOC ? SOT : SOS)].at(-1);
  const end = bytes.lastIndexOf(EOI_BYTES);
  const begin = headers === undefined ? 0 : headers.body.byteOffset + headers.body.length - bytes.byteOffset;
  if (end < begin) throw cannotRecode('a frame is cut off');
  return bytes.subarray(0, end + EOI_BYTES.length);
}

/** Marker segments up to one that ends the headers. */
function* segments(bytes: Buffer, last: number): Generator<{ marker: number; body: Buffer }> {
  let at = HEADER_BYTES;
  for (let count = 0; count < MOST_SEGMENTS && at + 4 <= bytes.length; count += 1) {
    const marker = bytes.readUInt16BE(at);
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (marker < 0xff01 || length < 2 || end > bytes.length) return;
    yield { marker, body: bytes.subarray(at + 4, end) };
    if (marker === last) return;
    at = end;
  }
}

interface JpegFrame {
  marker: number;
  body: Buffer;
}

function readJpeg(bytes: Buffer): Facts | undefined {
  let frame: JpegFrame | undefined;
  let transformed: boolean | undefined;
  for (const { marker, body } of segments(bytes, SOS)) {
    if (isFrameHeader(marker) && frame === undefined) frame = { marker, body };
    else if (marker === APP0 && body.toString('latin1', 0, 4) === 'JFIF') transformed ??= true;
    else if (marker === APP14 && body.toString('latin1', 0, 5) === 'Adobe' && body.length > ADOBE_TRANSFORM)
      transformed = body[ADOBE_TRANSFORM] !== 0;
    else if (marker === SOS) return frame && jpegFacts(frame, body, transformed);
  }
  return undefined;
}

/** SOF0 to SOF15 without DHT, JPG and DAC, and SOF55 of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  const isSof = marker >= SOF0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
  return isSof || marker === SOF_LS;
}

function jpegFacts(
  { marker, body }: JpegFrame,
  scan: Buffer,
  transformed: boolean | undefined,
): Facts | undefined {
  const components = body[5] ?? 0;
  if (components === 0 || body.length < 6 + 3 * components) return undefined;
  const samplings = Array.from({ length: components }, (_, index) => body[7 + 3 * index] ?? 0);
  const scanned = scan[0] ?? 0;
  if (scan.length < 4 + 2 * scanned) return undefined;
  const [near = 0, interleave = 0] = scan.subarray(1 + 2 * scanned);
  const isLs = marker === SOF_LS;
  const names = String.fromCharCode(
    ...Array.from({ length: components }, (_, index) => body[6 + 3 * index] ?? 0),
  );
  return {
    kind: isLs ? 'jpeg-ls' : 'jpeg',
    precision: body[0] ?? 0,
    rows: body.readUInt16BE(1),
    columns: body.readUInt16BE(3),
    components,
    signed: undefined,
    subsampled: samplings.some((each) => each !== samplings[0]),
    lossless: isLs ? near === 0 : marker === SOF3,
    transformed: transformed ?? (names === 'RGB' ? false : undefined),
    planar: isLs && components > 1 && interleave === 0,
  };
}

function readJpeg2000(bytes: Buffer): Facts | undefined {
  let size: Buffer | undefined;
  for (const { marker, body } of segments(bytes, SOT)) {
    if (marker === SIZ) size = body;
    else if (marker === COD && size !== undefined) return jpeg2000Facts(size, body);
  }
  return undefined;
}

const SIZ_COMPONENTS = 36;
const COD_BYTES = 10;

function jpeg2000Facts(size: Buffer, coding: Buffer): Facts | undefined {
  if (size.length < SIZ_COMPONENTS || coding.length < COD_BYTES) return undefined;
  const components = size.readUInt16BE(34);
  if (components === 0 || size.length < SIZ_COMPONENTS + 3 * components) return undefined;
  const each = Array.from({ length: components }, (_, index) => {
    const at = SIZ_COMPONENTS + 3 * index;
    return { depth: size.readUInt8(at), x: size.readUInt8(at + 1), y: size.readUInt8(at + 2) };
  });
  const [first = { depth: 0, x: 0, y: 0 }] = each;
  // Components of different depths would need a different treatment each.
  if (each.some(({ depth }) => depth !== first.depth)) return undefined;
  return {
    kind: 'jpeg-2000',
    columns: size.readUInt32BE(2) - size.readUInt32BE(10),
    rows: size.readUInt32BE(6) - size.readUInt32BE(14),
    components,
    precision: (first.depth & 0x7f) + 1,
    signed: (first.depth & 0x80) !== 0,
    subsampled: each.some(({ x, y }) => x !== 1 || y !== 1),
    lossless: coding[9] === 1,
    transformed: coding[4] === 1,
    planar: false,
  };
}
