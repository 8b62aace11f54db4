import type { ByteSource, ByteWindow } from '../read';
import type { Splice } from './change-writer';

/** A part of the patched bytes: of the source, or in the place of some of it. */
export interface Segment {
  readonly at: number;
  readonly length: number;
  /** Undefined: it is the source's. */
  readonly bytes: Buffer | undefined;
  /** Where it is in the source. */
  readonly from: number;
}

/** A window across segments has at least this size: what reads on does not ask for each header. */
const SMALL_WINDOW = 2_048;

/**
 * A source with other bytes in some places; nothing is copied.
 * @param splices in the order of the source, none within another
 */
export function patchedSource(source: ByteSource, splices: readonly Splice[]): ByteSource {
  return segmentedSource(source, segmentsOf(source, splices));
}

/** @param segments without gaps, from 0 on */
export function segmentedSource(source: ByteSource, segments: readonly Segment[]): ByteSource {
  const last = segments.at(-1);
  const size = last === undefined ? 0 : last.at + last.length;
  /** The segment that has this byte. */
  const indexOf = (offset: number): number => {
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((segments[middle]?.at ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const read = (offset: number, length: number): Buffer => {
    const parts: Buffer[] = [];
    for (let index = indexOf(offset), at = offset; at < offset + length; index += 1) {
      const segment = segments[index];
      if (segment === undefined) break;
      const start = at - segment.at;
      const count = Math.min(segment.length - start, offset + length - at);
      parts.push(segment.bytes?.subarray(start, start + count) ?? source.read(segment.from + start, count));
      at += count;
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  };
  const window = (offset: number, length: number): ByteWindow => {
    const segment = segments[indexOf(offset)];
    if (segment === undefined || offset + length > segment.at + segment.length) {
      const wanted = Math.min(Math.max(length, SMALL_WINDOW), size - offset);
      return { bytes: read(offset, wanted), offset };
    }
    if (segment.bytes !== undefined) return { bytes: segment.bytes, offset: segment.at };
    return partOf(source.window(segment.from + offset - segment.at, length), segment);
  };
  return { size, read, window };
}

/** A window of the source, without what is not in the segment. */
function partOf({ bytes, offset }: ByteWindow, { at, from, length }: Segment): ByteWindow {
  const start = Math.max(0, from - offset);
  const end = Math.min(bytes.length, from + length - offset);
  return { bytes: bytes.subarray(start, end), offset: offset + start - from + at };
}

function segmentsOf(source: ByteSource, splices: readonly Splice[]): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  let from = 0;
  const add = (length: number, bytes: Buffer | undefined): void => {
    if (length > 0) segments.push({ at, length, bytes, from });
    at += length;
  };
  for (const { offset, removed, bytes } of splices) {
    add(offset - from, undefined);
    from = offset + removed;
    add(bytes.length, bytes);
  }
  add(source.size - from, undefined);
  return segments;
}
