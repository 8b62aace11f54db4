import type { ByteSource, ByteWindow } from '../read';
import { pieces } from '../write';
import type { Splice } from './change-writer';

/** A part of bytes that are made of a source: of the source, or others. */
export interface SourcePiece {
  readonly length: number;
  /** Undefined: they are the source's. */
  readonly bytes: Buffer | undefined;
  /** Where in the source. */
  readonly offset: number;
}

interface Segment extends SourcePiece {
  readonly at: number;
}

/** A window across segments has at least this size: what reads on does not ask for each header. */
const SMALL_WINDOW = 2_048;

/**
 * A source with other bytes in some places; nothing is copied.
 * @param splices in the order of the source, none within another
 */
export function patchedSource(source: ByteSource, splices: readonly Splice[]): ByteSource {
  return sourceOfPieces(source, piecesOf(source, splices));
}

/** Pieces of a source and other bytes, one behind the other; nothing is copied. */
export function sourceOfPieces(source: ByteSource, given: readonly SourcePiece[]): ByteSource {
  const segments = segmentsOf(given);
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
  /** The parts of these bytes, each of one segment. */
  function* partsOf(offset: number, length: number): Generator<SourcePiece> {
    for (let index = indexOf(offset), at = offset; at < offset + length; index += 1) {
      const segment = segments[index];
      if (segment === undefined) return;
      const start = at - segment.at;
      const count = Math.min(segment.length - start, offset + length - at);
      const bytes = segment.bytes?.subarray(start, start + count);
      yield { bytes, offset: segment.offset + start, length: count };
      at += count;
    }
  }
  const read = (offset: number, length: number): Buffer => {
    const parts = Array.from(
      partsOf(offset, length),
      (part) => part.bytes ?? source.read(part.offset, part.length),
    );
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  };
  function* piecesFrom(offset: number, length: number, memory?: Buffer): Generator<Buffer> {
    for (const part of partsOf(offset, length))
      if (part.bytes === undefined) yield* pieces(source, part.offset, part.length, 1, memory);
      else yield part.bytes;
  }
  const window = (offset: number, length: number): ByteWindow => {
    const segment = segments[indexOf(offset)];
    if (segment === undefined || offset + length > segment.at + segment.length) {
      const wanted = Math.min(Math.max(length, SMALL_WINDOW), size - offset);
      return { bytes: read(offset, wanted), offset };
    }
    if (segment.bytes !== undefined) return { bytes: segment.bytes, offset: segment.at };
    return partOf(source.window(segment.offset + offset - segment.at, length), segment);
  };
  return { size, read, window, pieces: piecesFrom };
}

/** A window of the source, without what is not in the segment. */
function partOf({ bytes, offset }: ByteWindow, { at, offset: from, length }: Segment): ByteWindow {
  const start = Math.max(0, from - offset);
  const end = Math.min(bytes.length, from + length - offset);
  return { bytes: bytes.subarray(start, end), offset: offset + start - from + at };
}

function segmentsOf(given: readonly SourcePiece[]): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const { length, bytes, offset } of given) {
    if (length > 0) segments.push({ at, length, bytes, offset });
    at += length;
  }
  return segments;
}

function piecesOf(source: ByteSource, splices: readonly Splice[]): SourcePiece[] {
  const pieces: SourcePiece[] = [];
  let from = 0;
  for (const { offset, removed, bytes } of splices) {
    pieces.push({ length: offset - from, bytes: undefined, offset: from });
    pieces.push({ length: bytes.length, bytes, offset: 0 });
    from = offset + removed;
  }
  pieces.push({ length: source.size - from, bytes: undefined, offset: from });
  return pieces;
}
