import { type ByteRange, type ByteSource, cannotRecode, pixelItems, MAX_ELEMENTS } from '../dicom';

/** The fragments that one frame consists of, in order. */
export type FrameFragments = readonly ByteRange[];

/** Encapsulated Pixel Data (PS3.5 A.4) in a source. */
export interface EncapsulatedPixels extends ByteRange {
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
  const [table, ...fragments] = pixelItems(source, pixels);
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

/** Numbers of the fragments that frames begin with; undefined: there is no table, or it does not fit them. */
function basicOffsets(
  source: ByteSource,
  table: ByteRange,
  fragments: readonly ByteRange[],
): number[] | undefined {
  if (table.length === 0 || table.length % 4 !== 0) return undefined;
  const bytes = source.read(table.offset, table.length);
  // Offsets count from the first byte of the item behind the table.
  const first = table.offset + table.length;
  return numbersOf(
    Array.from({ length: table.length / 4 }, (_, index) => first + bytes.readUInt32LE(index * 4)),
    fragments,
  );
}

function extendedOffsets(offsets: Buffer, fragments: readonly ByteRange[]): number[] | undefined {
  const first = (fragments[0]?.offset ?? 0) - HEADER;
  const count = Math.floor(offsets.length / 8);
  return numbersOf(
    Array.from({ length: count }, (_, index) => first + Number(offsets.readBigUInt64LE(index * 8))),
    fragments,
  );
}

function numbersOf(positions: readonly number[], fragments: readonly ByteRange[]): number[] | undefined {
  const numbers = new Map(fragments.map(({ offset }, index) => [offset - HEADER, index]));
  const found = positions.map((position) => numbers.get(position) ?? -1);
  return found.every((number, index) => number > (found[index - 1] ?? -1)) ? found : undefined;
}

function beginnings(
  source: ByteSource,
  fragments: readonly ByteRange[],
  beginsFrame: (first: Buffer) => boolean,
): number[] {
  const first = ({ offset, length }: ByteRange): Buffer => source.read(offset, Math.min(LOOKED_AT, length));
  return fragments.flatMap((fragment, index) => (beginsFrame(first(fragment)) ? [index] : []));
}
