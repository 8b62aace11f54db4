import { broken, type FragmentReader } from './fragment-reader';
import { KeptBack } from './kept-back';

/** What the pixels are, as the attributes say. */
export interface PixelFacts {
  /** Of one frame: those that have the same byte of every sample (PS3.5 G.2). */
  readonly planeBytes: number;
  /** Bytes of all samples of a pixel: RLE has a segment for each. */
  readonly planes: number;
}

/**
 * Reads the code stream of one frame, which begins where the reader is, to its end; and notes as blank what a decoder does not
 * need: comments, application data, thumbnails, and what is behind it in its last fragment.
 * @throws KeptBack
 */
export type CleanFrame = (reader: FragmentReader, facts: PixelFacts) => void;

const ROOT = '1.2.840.10008.1.2.';

/** By transfer syntax; undefined: nobody here can read it. */
export function cleanerOf(transferSyntaxUID: string): CleanFrame {
  const suffix = transferSyntaxUID.startsWith(ROOT) ? transferSyntaxUID.slice(ROOT.length) : '';
  if (suffix === '5') return cleanRle;
  if (JPEG.has(suffix)) return cleanJpeg;
  if (JPEG_LS.has(suffix)) return cleanJpegLs;
  if (JPEG_2000.has(suffix)) return cleanJpeg2000;
  throw new KeptBack('transfer-syntax', 'pixel data of this transfer syntax is not looked into');
}

const JPEG: ReadonlySet<string> = new Set(['4.50', '4.51', '4.53', '4.55', '4.57', '4.70']);
const JPEG_LS: ReadonlySet<string> = new Set(['4.80', '4.81']);
const JPEG_2000: ReadonlySet<string> = new Set(['4.90', '4.91', '4.201', '4.202', '4.203']);

const PREFIX = 0xff;

/* JPEG (ISO/IEC 10918-1 B.1.1) and JPEG-LS (ISO/IEC 14495-1 C.1) */
const SOI = 0xffd8;
const EOI = 0xd9;
const SOS = 0xda;
const COM = 0xfe;
const APP0 = 0xe0;
const APP8 = 0xe8;
const APP14 = 0xee;
const APP15 = 0xef;
const RST0 = 0xd0;
const RST7 = 0xd7;
/** Frames, tables and what goes with them. C8 and F0 to FD are extensions that nobody knows, but those of JPEG-LS. */
const isTable = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) || (marker >= 0xdb && marker <= 0xdf);
/** Frame headers, among the tables: C4, C8 and CC are none. F7 is that of JPEG-LS. */
const isFrame = (marker: number): boolean =>
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
const isTableOfLs = (marker: number): boolean => isTable(marker) || marker === 0xf7 || marker === 0xf8;

/** Application data without which some decoders would show other colours, and how much of it that is. */
const NEEDED: readonly { readonly marker: number; readonly begin: string; readonly length: number }[] = [
  { marker: APP0, begin: 'JFIF\0', length: 14 },
  { marker: APP14, begin: 'Adobe', length: 12 },
  // The colour transform of HP's JPEG-LS
  { marker: APP8, begin: 'mrfx', length: 5 },
];

const cleanJpeg: CleanFrame = (reader) => cleanMarkers(reader, isTable, (next) => next === 0);
/** In JPEG-LS a bit is stuffed, so that no byte above 7F follows. */
const cleanJpegLs: CleanFrame = (reader) => cleanMarkers(reader, isTableOfLs, (next) => next < 0x80);

function cleanMarkers(
  reader: FragmentReader,
  isKnown: (marker: number) => boolean,
  isData: (next: number) => boolean,
): void {
  if (reader.u16() !== SOI) throw broken('does not begin as one');
  for (let marker = markerOf(reader); marker !== EOI;) {
    const length = reader.u16() - 2;
    if (length < 0) throw broken('has a segment without length');
    if (marker === SOS) {
      cleanHeader(reader, length, SCAN_HEADER);
      marker = behindScan(reader, isData);
      continue;
    }
    if (marker === COM) reader.blank(length);
    else if (marker >= APP0 && marker <= APP15) cleanApplicationData(reader, marker, length);
    else if (!isKnown(marker)) throw broken('has a segment that is not known');
    else if (isFrame(marker)) cleanHeader(reader, length, FRAME_HEADER);
    else cleanTable(reader, marker, length);
    marker = markerOf(reader);
  }
  reader.endFragment();
}

/** What a header has, by the number of components, which is told in it (ISO/IEC 10918-1 B.2.2, B.2.3; 15444-1 A.5.1). */
interface HeaderLayout {
  /** Bytes up to the number of components. */
  readonly before: number;
  /** Bytes of that number. */
  readonly count: 1 | 2;
  /** Bytes of a component. */
  readonly each: number;
  /** Bytes behind the components. */
  readonly behind: number;
}

const FRAME_HEADER: HeaderLayout = { before: 5, count: 1, each: 3, behind: 0 };
const SCAN_HEADER: HeaderLayout = { before: 0, count: 1, each: 2, behind: 3 };
const SIZE_HEADER: HeaderLayout = { before: 34, count: 2, each: 3, behind: 0 };

/** DNL, DRI and EXP have one number each, and nothing behind it (ISO/IEC 10918-1 B.2.5, B.2.4.4, B.3.3). */
const LENGTHS: ReadonlyMap<number, number> = new Map([
  [0xdc, 2],
  [0xdd, 2],
  [0xdf, 1],
]);

/** Skips tables, and what stands between segments like them. JPEG-LS has longer numbers of restart intervals. */
function cleanTable(reader: FragmentReader, marker: number, length: number): void {
  const most = marker === 0xdd && length <= LONGEST_INTERVAL ? length : (LENGTHS.get(marker) ?? length);
  reader.skip(Math.min(most, length));
  reader.blank(Math.max(0, length - most));
}

/** Bytes, in JPEG-LS (ISO/IEC 14495-1 C.2.5). */
const LONGEST_INTERVAL = 4;

/** Skips a header; what it has beyond is none of it. */
function cleanHeader(reader: FragmentReader, length: number, layout: HeaderLayout): void {
  const { before, count, each, behind } = layout;
  const fixed = before + count + behind;
  if (length < fixed) throw broken('has a header that is too short');
  reader.skip(before);
  const components = count === 1 ? reader.byte() : reader.u16();
  const left = length - fixed - components * each;
  if (left < 0) throw broken('has a header that is too short');
  reader.skip(components * each + behind);
  reader.blank(left);
}

function markerOf(reader: FragmentReader): number {
  if (reader.byte() !== PREFIX) throw broken('has something between its segments');
  return behindPrefix(reader);
}

/** Any number of bytes FF may come before a marker. */
function behindPrefix(reader: FragmentReader): number {
  let marker = reader.byte();
  while (marker === PREFIX) marker = reader.byte();
  return marker;
}

/** The marker that ends the coded data of a scan. */
function behindScan(reader: FragmentReader, isData: (next: number) => boolean): number {
  for (;;) {
    reader.skipTo(PREFIX);
    const next = behindPrefix(reader);
    if (!isData(next) && !(next >= RST0 && next <= RST7)) return next;
  }
}

function cleanApplicationData(reader: FragmentReader, marker: number, length: number): void {
  const before = reader.mark;
  const needed = NEEDED.find((each) => each.marker === marker && each.length <= length);
  const body = reader.bytes(needed?.length ?? 0);
  const isNeeded = needed !== undefined && body.toString('latin1').startsWith(needed.begin);
  if (!isNeeded) {
    reader.skip(length - body.length);
    reader.blankFrom(before);
  } else {
    reader.blank(length - body.length);
  }
}

/* JPEG 2000 and HTJ2K (ISO/IEC 15444-1 A) */
const SOC = 0xff4f;
const SOT = 0x90;
const SOD = 0x93;
const EOC = 0xd9;
const COMMENT = 0x64;
/** SIZ and CRG */
const SIZE = 0x51;
const REGISTRATION = 0x63;
/** CAP, SIZ, COD, COC, TLM, PRF, PLM, PLT, CPF, QCD, QCC, RGN, POC, PPM, PPT, CRG */
const SEGMENTS: ReadonlySet<number> = new Set([
  0x50, 0x51, 0x52, 0x53, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x63,
]);
const SOT_LENGTH = 10;
/** Of a comment: whether it is text. */
const REGISTRATION_BYTES = 2;
/** Marker, length, and what a tile part begins with. */
const SOT_BYTES = 12;

const cleanJpeg2000: CleanFrame = (reader) => {
  if (reader.u16() !== SOC) throw broken('is no bare JPEG 2000 code stream');
  let marker = segmentsTo(reader, SOT).marker;
  while (marker !== EOC) {
    if (marker !== SOT || reader.u16() !== SOT_LENGTH) throw broken('has no tile part where one should be');
    reader.skip(2);
    const length = reader.u32();
    reader.skip(2);
    const header = segmentsTo(reader, SOD);
    if (header.marker !== SOD) throw broken('has a tile part without data');
    if (length === 0) {
      marker = endOfTiles(reader);
      break;
    }
    // SOT, the segments, SOD.
    const data = length - SOT_BYTES - header.bytes;
    if (data < 0) throw broken('has a tile part that is shorter than its header');
    reader.skip(data);
    marker = markerOf(reader);
  }
  if (marker !== EOC) throw broken('does not end as one');
  reader.endFragment();
};

/** Segments of a header, up to the marker that ends it, and how many bytes they have with it. */
function segmentsTo(reader: FragmentReader, last: number): { marker: number; bytes: number } {
  let bytes = 0;
  for (;;) {
    const marker = markerOf(reader);
    bytes += 2;
    if (marker === last || marker === EOC) return { marker, bytes };
    const length = reader.u16();
    if (length < 2) throw broken('has a segment without length');
    if (marker === COMMENT && length >= 2 + REGISTRATION_BYTES) {
      reader.skip(REGISTRATION_BYTES);
      reader.blank(length - 2 - REGISTRATION_BYTES);
    } else if (marker === SIZE) {
      cleanHeader(reader, length - 2, SIZE_HEADER);
    } else if (marker === REGISTRATION) {
      // Decoders show the same without it: zeros mean no shift (ISO/IEC 15444-1 A.9.1).
      reader.blank(length - 2);
    } else if (SEGMENTS.has(marker)) {
      reader.skip(length - 2);
    } else {
      throw broken('has a segment that is not known');
    }
    bytes += length;
  }
}

/** The last tile part may say that it goes to the end. No byte above 8F follows FF in it. */
function endOfTiles(reader: FragmentReader): number {
  for (;;) {
    reader.skipTo(PREFIX);
    const next = reader.byte();
    if (next === EOC) return EOC;
  }
}

/* RLE (PS3.5 Annex G) */
const RLE_HEADER = 64;
const MOST_SEGMENTS = 15;
const NOTHING = 128;

const cleanRle: CleanFrame = (reader, { planeBytes, planes }) => {
  const size = reader.left;
  if (size < RLE_HEADER) throw broken('is shorter than its header');
  const count = littleEndian(reader.bytes(4));
  // What a decoder has no use for may be anything.
  if (count !== planes || count > MOST_SEGMENTS) throw broken('has an impossible number of segments');
  const starts = Array.from({ length: count }, () => littleEndian(reader.bytes(4)));
  reader.blank((MOST_SEGMENTS - count) * 4);
  if (starts[0] !== RLE_HEADER) throw broken('does not begin behind its header');
  starts.forEach((start, index) => {
    const length = (starts[index + 1] ?? size) - start;
    if (length < 0 || start + length > size) throw broken('has segments that are not in order');
    cleanRleSegment(reader, length, planeBytes);
  });
  reader.endFragment();
};

/** @param pixels bytes that it decodes to */
function cleanRleSegment(reader: FragmentReader, length: number, pixels: number): void {
  let left = length;
  let decoded = 0;
  while (decoded < pixels) {
    if (left < 1) throw broken('ends before its end');
    const control = reader.byte();
    left -= 1;
    if (control === NOTHING) continue;
    const isLiteral = control < NOTHING;
    const bytes = isLiteral ? control + 1 : 1;
    decoded += isLiteral ? bytes : 257 - control;
    left -= bytes;
    if (left < 0 || decoded > pixels) throw broken('has more than its pixels');
    reader.skip(bytes);
  }
  reader.blank(left);
}

const littleEndian = (bytes: Buffer): number => bytes.readUInt32LE(0);
