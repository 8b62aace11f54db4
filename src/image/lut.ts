import { type ByteSource, type DataSet } from '../dicom';
import { bytesOf, numbersIn, Tag, wordsOf } from './attributes';
import { NoPicture } from './no-picture';

/** A lookup table (PS3.3 C.11.1.1, C.11.2.1.1). */
export interface Lut {
  /** The value that the first entry stands for; what is below has the first entry, what is above the last one has that one. */
  readonly first: number;
  readonly entries: Uint16Array;
  /** What an entry may be at most. */
  readonly most: number;
}

const MOST_ENTRIES = 65_536;

/** The entry for a value. */
export function lookedUp({ first, entries }: Lut, value: number): number {
  const index = Math.round(value) - first;
  const last = entries.length - 1;
  return entries[index <= 0 ? 0 : index >= last ? last : index] ?? 0;
}

/** The table of an item of a LUT sequence; undefined: it has none that can be read. */
export function lutOf(item: DataSet, source: ByteSource): Lut | undefined {
  return readLut(item, Tag.LUTDescriptor, Tag.LUTData, source);
}

/** Undefined: it is not there, or has no entries. */
export function readLut(
  dataSet: DataSet,
  descriptorTag: number,
  dataTag: number,
  source: ByteSource,
): Lut | undefined {
  const descriptor = descriptorOf(dataSet, descriptorTag);
  const data = dataSet.find(dataTag);
  if (descriptor === undefined || data === undefined) return undefined;
  const { count, bits } = descriptor;
  // Entries of 8 bits may stand two in a word (PS3.3 C.11.1.1.1), where there is not more.
  const isPacked = bits <= 8 && data.length < count * 2;
  const entries = isPacked
    ? packed(bytesOf(data, source, count + (count % 2)), data.bigEndian)
    : wordsOf(data, source, count);
  return tableOf(descriptor, entries.subarray(0, count));
}

interface Descriptor {
  readonly count: number;
  readonly first: number;
  readonly bits: number;
}

/** Undefined: there is none that can be. */
export function descriptorOf(dataSet: DataSet, tag: number): Descriptor | undefined {
  const [count, first, bits] = numbersIn(dataSet, tag);
  if (count === undefined || first === undefined || bits === undefined || bits < 1 || bits > 16)
    return undefined;
  return { count: count === 0 ? MOST_ENTRIES : count, first, bits };
}

/** Undefined: it is empty. */
export function tableOf({ first, bits }: Descriptor, entries: Uint16Array): Lut | undefined {
  if (entries.length === 0) return undefined;
  const highest = entries.reduce((most, each) => Math.max(most, each), 0);
  return { first, entries, most: mostOf(bits, highest) };
}

/** Writers mean 8 bits where they say 16 and use none of the upper ones, and more than they say where they use more. */
function mostOf(bits: number, highest: number): number {
  if (bits === 16 && highest <= 0xff) return 0xff;
  for (let width = bits; width < 16; width += 1) if (highest < 2 ** width) return 2 ** width - 1;
  return 0xffff;
}

function packed(bytes: Buffer, bigEndian: boolean): Uint16Array {
  return Uint16Array.from(bytes, (_, index) => bytes[bigEndian ? index ^ 1 : index] ?? 0);
}

const DISCRETE = 0;
const LINEAR = 1;
const INDIRECT = 2;
/** Words of an indirect segment: the longest that one entry can need. */
const INDIRECT_WORDS = 4;
/** A segmented table with more of them has segments that say nothing. */
export const MOST_SEGMENT_WORDS = MOST_ENTRIES * INDIRECT_WORDS;

/**
 * Entries of a Segmented Palette Color Lookup Table (PS3.3 C.7.9.2): discrete, linear and indirect segments.
 * @param words of 8 or 16 bits
 * @param most entries that there may be
 * @throws NoPicture where they are not as they should be
 */
export function expandedSegments(words: Uint16Array, most: number): Uint16Array {
  const entries = new Uint16Array(most);
  let count = 0;
  const push = (value: number): void => {
    if (count >= most) throw damaged();
    entries[count] = value;
    count += 1;
  };
  /**
   * PS3.3 C.7.9.2.3: there are no indirect segments within one another.
   * @returns where the next segment begins
   */
  const segment = (at: number, isInner: boolean): number => {
    const [code, length = 0] = words.subarray(at, at + 2);
    // At the end of the table it may be padding; elsewhere it would be work for nothing, without end.
    if (isInner && length === 0) throw damaged();
    if (code === DISCRETE) {
      if (at + 2 + length > words.length) throw damaged();
      words.subarray(at + 2, at + 2 + length).forEach(push);
      return at + 2 + length;
    }
    if (code === LINEAR) {
      const to = words[at + 2];
      if (to === undefined || count === 0) throw damaged();
      const from = entries[count - 1] ?? 0;
      for (let step = 1; step <= length; step += 1) push(Math.round(from + ((to - from) * step) / length));
      return at + 3;
    }
    if (code !== INDIRECT || isInner || at + INDIRECT_WORDS > words.length) throw damaged();
    let from = (words[at + 2] ?? 0) + (words[at + 3] ?? 0) * 0x10000;
    for (let copied = 0; copied < length; copied += 1) from = segment(from, true);
    return at + INDIRECT_WORDS;
  };
  for (let at = 0; at + 2 <= words.length;) at = segment(at, false);
  return entries.subarray(0, count);
}

function damaged(): NoPicture {
  return new NoPicture('its segmented palette is damaged');
}
