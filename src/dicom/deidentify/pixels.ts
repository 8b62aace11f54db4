import { type DataSet, type Element, numbersOf, textOf } from '../data-set';
import { type ByteRange, type ByteSource, HEADER, pixelItems } from '../read';
import { TAG, type Vr, VR } from '../standard';
import { cleanerOf } from './code-streams';
import { FragmentReader } from './fragment-reader';
import { KeptBack } from './kept-back';
import type { Output } from './output';

const SAMPLES = 0x00280002;
const PHOTOMETRIC_INTERPRETATION = 0x00280004;
const ROWS = 0x00280010;
const COLUMNS = 0x00280011;
const BITS_ALLOCATED = 0x00280100;
const LARGEST_OFFSET = 0xffffffff;
/** Of one object: where each is, and what of it becomes zeros, is in memory. The largest slides have fewer frames. */
const MOST_FRAGMENTS = 500_000;

const numberIn = (root: DataSet, tag: number): number => numbersOf(root, tag)?.[0] ?? NaN;

/** Is it one of the three that pixels are in (PS3.3 C.7.6.3, C.7.6.24)? */
export function isPixels(tag: number): boolean {
  return tag === TAG.PixelData || tag === TAG.FloatPixelData || tag === TAG.DoubleFloatPixelData;
}

/**
 * Writes pixels without what is hidden behind or between them.
 * @throws KeptBack
 */
export function writePixels(
  output: Output,
  source: ByteSource,
  root: DataSet,
  element: Element,
  vr: Vr,
  transferSyntaxUID: string,
): void {
  if (element.fragments === undefined) writeNative(output, root, element, vr);
  else writeEncapsulated(output, source, root, element, transferSyntaxUID);
}

/** Bytes behind the last pixel are none. */
function writeNative(output: Output, root: DataSet, { tag, offset, length }: Element, vr: Vr): void {
  const expected = nativeLength(root, tag, length);
  if (!(length >= expected && expected > 0))
    throw new KeptBack('pixel-data', 'it cannot be told how many pixels the object has');
  output.long(tag, vr, offset, expected);
}

/** @param length of the value as it is */
function nativeLength(root: DataSet, tag: number, length: number): number {
  const bits = bitsOf(root, tag);
  const values =
    numberIn(root, ROWS) * numberIn(root, COLUMNS) * (numberIn(root, SAMPLES) || 1) * framesOf(root);
  const all = Math.ceil((values * bits) / 8);
  // Some writers say that values are left out, and leave out none.
  if (length === evenly(all)) return all;
  const interpretation = textOf(root, PHOTOMETRIC_INTERPRETATION) ?? '';
  // Two of three values are left out for every second pixel, or more (PS3.3 C.7.6.3.1.2).
  const share = /_422$/.test(interpretation) ? 2 / 3 : /_420$/.test(interpretation) ? 1 / 2 : 1;
  return Math.ceil((values * bits * share) / 8);
}

function bitsOf(root: DataSet, tag: number): number {
  if (tag === TAG.FloatPixelData) return 32;
  return tag === TAG.DoubleFloatPixelData ? 64 : numberIn(root, BITS_ALLOCATED);
}

function framesOf(root: DataSet): number {
  const frames = numberIn(root, TAG.NumberOfFrames);
  return frames > 0 ? frames : 1;
}

function writeEncapsulated(
  output: Output,
  source: ByteSource,
  root: DataSet,
  { tag, offset, length, fragments: count = 0 }: Element,
  transferSyntaxUID: string,
): void {
  if (count > MOST_FRAGMENTS)
    throw new KeptBack('too-long', `the pixels are in more than ${MOST_FRAGMENTS} fragments`);
  const clean = cleanerOf(transferSyntaxUID);
  const pixels = numberIn(root, ROWS) * numberIn(root, COLUMNS);
  if (!(pixels > 0)) throw new KeptBack('pixel-data', 'the object has no Rows or Columns');
  const [table, ...fragments] = pixelItems(source, { offset, length });
  const reader = new FragmentReader(source, fragments);
  const facts = {
    planeBytes: bitsOf(root, tag) === 1 ? Math.ceil(pixels / 8) : pixels,
    planes: Math.ceil(bitsOf(root, tag) / 8) * (numberIn(root, SAMPLES) || 1),
  };
  /** Numbers of the fragments that frames begin with. */
  const begins: number[] = [];
  for (let next = reader.fragment; next !== undefined; next = reader.fragment) {
    begins.push(next);
    clean(reader, facts);
  }
  if (begins.length !== framesOf(root))
    throw new KeptBack('code-stream', 'there are not as many code streams as frames');
  const { written, starts } = writtenFragments(fragments, begins);
  output.encapsulated(tag, VR.OB);
  const offsets = table !== undefined && table.length > 0 ? offsetTable(written, starts) : NO_TABLE;
  output.fragment(offsets.length);
  output.piece({ bytes: offsets, offset: 0, length: offsets.length });
  writeFragments(output, written, reader.blanks);
  output.endEncapsulated();
}

const NO_TABLE = Buffer.alloc(0);

/** Fragments that become one, in the order of the source. */
type WrittenFragment = readonly ByteRange[];

/**
 * A fragment of odd length is padded, which only what is behind the end of a frame may be: within a frame, a byte more would make
 * other pixels of it. The fragments of such a frame become one.
 * @param begins numbers of the fragments that frames begin with
 * @returns `starts`: the same of those that are written
 */
function writtenFragments(
  fragments: readonly ByteRange[],
  begins: readonly number[],
): { written: WrittenFragment[]; starts: number[] } {
  const written: WrittenFragment[] = [];
  const starts = begins.map((begin, frame) => {
    const start = written.length;
    const own = fragments.slice(begin, begins[frame + 1]);
    if (own.slice(0, -1).some(({ length }) => length % 2 !== 0)) written.push(own);
    else for (const each of own) written.push([each]);
    return start;
  });
  return { written, starts };
}

const lengthOf = (parts: WrittenFragment): number => parts.reduce((sum, { length }) => sum + length, 0);

/** Made anew (PS3.5 A.4): what stood there may have been anything. Without one where 32 bits are too few. */
function offsetTable(fragments: readonly WrittenFragment[], begins: readonly number[]): Buffer {
  const starts: number[] = [];
  let at = 0;
  for (const parts of fragments) {
    starts.push(at);
    at += HEADER + evenly(lengthOf(parts));
  }
  const offsets = begins.map((index) => starts[index] ?? 0);
  if (offsets.some((offset) => offset > LARGEST_OFFSET)) return NO_TABLE;
  const table = Buffer.alloc(offsets.length * 4);
  offsets.forEach((offset, index) => table.writeUInt32LE(offset, index * 4));
  return table;
}

const evenly = (length: number): number => length + (length % 2);

/** @param blanks in the order of the source */
function writeFragments(
  output: Output,
  fragments: readonly WrittenFragment[],
  blanks: readonly ByteRange[],
): void {
  let next = 0;
  for (const parts of fragments) {
    const whole = lengthOf(parts);
    if (whole >= LARGEST_OFFSET) throw new KeptBack('too-long', 'a frame is longer than a fragment can be');
    output.fragment(evenly(whole));
    for (const { offset, length } of parts) {
      const end = offset + length;
      let at = offset;
      for (let blank = blanks[next]; blank !== undefined && blank.offset < end; blank = blanks[next]) {
        output.piece({ bytes: undefined, offset: at, length: blank.offset - at });
        writeZeros(output, blank.length);
        at = blank.offset + blank.length;
        next += 1;
      }
      output.piece({ bytes: undefined, offset: at, length: end - at });
    }
    writeZeros(output, whole % 2);
  }
}

const ZEROS = Buffer.alloc(65_536);

function writeZeros(output: Output, length: number): void {
  for (let left = length; left > 0; left -= ZEROS.length) {
    const count = Math.min(left, ZEROS.length);
    output.piece({ bytes: ZEROS.subarray(0, count), offset: 0, length: count });
  }
}
