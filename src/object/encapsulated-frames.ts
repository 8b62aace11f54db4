import { type ByteSource, cannotRecode, Cursor, MAX_ELEMENTS } from '../dicom';

/** Bytes of the source. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The fragments that one frame consists of, in order. */
export type FrameFragments = readonly Range[];

/** Encapsulated Pixel Data (PS3.5 A.4) in a source. */
export interface EncapsulatedPixels extends Range {
  /** Fragments, without the offset table. */
  readonly fragments: number;
}

export interface FrameOptions {
  /** As Number of Frames (0028,0008) says. */
  numberOfFrames: number;
  /** Extended Offset Table (7FE0,0001): 64-bit numbers, little endian. */
  extendedOffsets?: Buffer | undefined;
  /** Do these first bytes of a fragment begin a frame? Undefined: one cannot see that. */
  beginsFrame?: ((first: Buffer) => boolean) | undefined;
}

const HEADER = 8;
const LOOKED_AT = 12;

/**
 * Which fragments are which frame. A fragment belongs to one frame (PS3.5 A.4): where there are as many as frames, or there is
 * one frame, no table is needed or asked. Else a table must fit the fragments, or the fragments that begin a frame be as many
 * as frames.
 * @throws DicomError `cannot-recode` where that is not certain
 */
export function framesOf(
  source: ByteSource,
  pixels: EncapsulatedPixels,
  options: FrameOptions,
): FrameFragments[] {
  const { numberOfFrames } = options;
  if (pixels.fragments > MAX_ELEMENTS) throw cannotRecode(`its pixel data has ${pixels.fragments} fragments`);
  const [table, ...fragments] = itemsOf(source, pixels);
  if (table === undefined || fragments.length < numberOfFrames)
    throw cannotRecode(`it has ${numberOfFrames} frames, and ${fragments.length} fragments of pixel data`);
  if (fragments.length === numberOfFrames) return fragments.map((each) => [each]);
  if (numberOfFrames === 1) return [fragments];
  const { extendedOffsets: extended, beginsFrame } = options;
  const ways = [
    () => basicOffsets(source, table, fragments),
    () => extended && extendedOffsets(extended, fragments),
    () => beginsFrame && beginnings(source, fragments, beginsFrame),
  ];
  for (const way of ways) {
    const starts = way();
    if (starts?.length === numberOfFrames && starts[0] === 0)
      return starts.map((start, index) => fragments.slice(start, starts[index + 1]));
  }
  throw cannotRecode(
    `it cannot be told which of ${fragments.length} fragments are which of ${numberOfFrames} frames`,
  );
}

/** All items, the offset table first. The structure has been read before. */
function itemsOf(source: ByteSource, { offset, length }: Range): Range[] {
  const cursor = new Cursor(source);
  const items: Range[] = [];
  for (let at = offset; at + HEADER <= offset + length;) {
    const index = cursor.ensure(at, HEADER);
    if (cursor.bytes.readUInt16LE(index + 2) !== ITEM_ELEMENT) break;
    const item = { offset: at + HEADER, length: cursor.bytes.readUInt32LE(index + 4) };
    items.push(item);
    at = item.offset + item.length;
  }
  return items;
}

const ITEM_ELEMENT = 0xe000;

/** Numbers of the fragments that frames begin with; undefined: there is no table, or it does not fit them. */
function basicOffsets(source: ByteSource, table: Range, fragments: readonly Range[]): number[] | undefined {
  if (table.length === 0 || table.length % 4 !== 0) return undefined;
  const bytes = source.read(table.offset, table.length);
  // Offsets count from the first byte of the item behind the table.
  const first = table.offset + table.length;
  return numbersOf(
    Array.from({ length: table.length / 4 }, (_, index) => first + bytes.readUInt32LE(index * 4)),
    fragments,
  );
}

function extendedOffsets(offsets: Buffer, fragments: readonly Range[]): number[] | undefined {
  const first = (fragments[0]?.offset ?? 0) - HEADER;
  const count = Math.floor(offsets.length / 8);
  return numbersOf(
    Array.from({ length: count }, (_, index) => first + Number(offsets.readBigUInt64LE(index * 8))),
    fragments,
  );
}

function numbersOf(positions: readonly number[], fragments: readonly Range[]): number[] | undefined {
  const numbers = new Map(fragments.map(({ offset }, index) => [offset - HEADER, index]));
  const found = positions.map((position) => numbers.get(position) ?? -1);
  return found.every((number, index) => number > (found[index - 1] ?? -1)) ? found : undefined;
}

function beginnings(
  source: ByteSource,
  fragments: readonly Range[],
  beginsFrame: (first: Buffer) => boolean,
): number[] {
  const first = ({ offset, length }: Range): Buffer => source.read(offset, Math.min(LOOKED_AT, length));
  return fragments.flatMap((fragment, index) => (beginsFrame(first(fragment)) ? [index] : []));
}
