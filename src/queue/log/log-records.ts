import type { BlockBuffer } from '../block-buffer';
import { crc32 } from 'node:zlib';
import { factsInId } from '../object-id';

/**
 * `object`: its id and bytes. `counted`: an id and the attempts to deliver it. `done`: ids that have left. `begin`: the
 * version of the segment's format. `parked`: an id, and who owns the object as `parkingText` has it; empty: nobody. `synced`: up to where the segment is on the disk. `end`: nothing follows, but what was
 * in the file before it became a segment; the next record takes its place.
 */
export type RecordKind = 'object' | 'counted' | 'done' | 'end' | 'begin' | 'synced' | 'parked';

const KINDS: readonly RecordKind[] = ['object', 'counted', 'done', 'end', 'begin', 'synced', 'parked'];

/** The version in `begin`. Segments without it are of the first version, see `SegmentName.isOld`. */
export const LOG_VERSION = '3';
/** What is read, too: these have fewer kinds of records. */
export const READ_VERSIONS: readonly string[] = ['2', LOG_VERSION];

/**
 * A record: marker (8 bytes), CRC-32 of all that follows up to the bytes, kind, length of the text, length of the bytes (4
 * each, little endian), text, bytes. An object's id, which is its text, has the checksum of its bytes; in the first version
 * the record's own checksum covered them. The marker is the segment's own and random. So it is found again behind a part
 * that cannot be read, and no sender can make an object that looks like records.
 */
export const MARKER_BYTES = 8;
const CRC_AT = MARKER_BYTES;
const KIND_AT = CRC_AT + 4;
const TEXT_LENGTH_AT = KIND_AT + 4;
const LENGTH_AT = TEXT_LENGTH_AT + 4;
export const HEADER_BYTES = LENGTH_AT + 4;

const FIRST_CAPACITY = 65_536;

/**
 * Records that are about to be written together, in memory that is used again for the next ones. Behind them comes `end`,
 * and the next ones are written in its place.
 */
export class RecordBatch {
  private memory = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  private used = 0;
  private content: BlockBuffer | undefined;

  constructor(private marker: Buffer = Buffer.alloc(MARKER_BYTES)) {}

  /** Forgets what was in it: it is for a segment with this marker now. */
  begin(marker: Buffer): void {
    this.used = 0;
    this.marker = marker;
    this.content = undefined;
  }

  /** Bytes of the records, without the end. */
  get size(): number {
    return this.used + (this.content?.size ?? 0);
  }

  /** One with content is the last. The content is not copied. */
  add(kind: RecordKind, text: string, content?: BlockBuffer): void {
    this.used = this.write(this.used, kind, text, content);
    this.content = content;
  }

  /** All of them and the end, valid until the next change. */
  pieces(): Buffer[] {
    const start = this.used;
    const end = this.write(start, 'end', '');
    if (this.content === undefined) return [this.memory.subarray(0, end)];
    return [this.memory.subarray(0, start), ...this.content.pieces(), this.memory.subarray(start, end)];
  }

  /** Writes a record up to its content. Returns where that is. */
  private write(start: number, kind: RecordKind, text: string, content?: BlockBuffer): number {
    const end = start + HEADER_BYTES + text.length;
    this.makeRoom(end);
    const { memory } = this;
    this.marker.copy(memory, start);
    memory.writeUInt32LE(KINDS.indexOf(kind), start + KIND_AT);
    memory.writeUInt32LE(text.length, start + TEXT_LENGTH_AT);
    memory.writeUInt32LE(content?.size ?? 0, start + LENGTH_AT);
    memory.write(text, start + HEADER_BYTES, 'latin1');
    memory.writeUInt32LE(crc32(memory.subarray(start + KIND_AT, end)), start + CRC_AT);
    return end;
  }

  private makeRoom(end: number): void {
    if (end <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * end);
    this.memory.copy(larger);
    this.memory = larger;
  }
}

/** How the records of a segment can be told from anything else. */
export interface RecordFormat {
  marker: Buffer;
  isOld?: boolean;
}

/** A record as it was read, or a part between records that is none. `offset` and `length` say where it lies. */
export type FoundRecord =
  | { kind: RecordKind; offset: number; length: number; text: string; bytes: Buffer }
  | { kind: 'unreadable'; offset: number; length: number };

/**
 * What a segment holds, in order, up to its end: behind that is what was in the file before. Zeros are no damage: they were
 * written ahead of records to come.
 */
export function* readRecords(segment: Buffer, format: RecordFormat): Generator<FoundRecord> {
  for (let at = 0; at < segment.length;) {
    const found = readRecord(segment, at, format) ?? unreadable(segment, at, format.marker);
    if (found === undefined) return;
    yield found;
    at += found.length;
    if (found.kind === 'end' && !segment.includes(format.marker, at)) return;
  }
}

/** The record at this place. Undefined: there is none. `unreadable`: there is one, whose bytes are not as they were written. */
export function readRecord(
  segment: Buffer,
  offset: number,
  { marker, isOld = false }: RecordFormat,
): FoundRecord | undefined {
  const textAt = offset + HEADER_BYTES;
  if (textAt > segment.length || !marker.equals(segment.subarray(offset, offset + MARKER_BYTES)))
    return undefined;
  const bytesAt = textAt + segment.readUInt32LE(offset + TEXT_LENGTH_AT);
  const end = bytesAt + segment.readUInt32LE(offset + LENGTH_AT);
  if ((isOld ? end : bytesAt) > segment.length) return undefined;
  const summed = segment.subarray(offset + KIND_AT, isOld ? end : bytesAt);
  if (crc32(summed) !== segment.readUInt32LE(offset + CRC_AT)) return undefined;
  const kind = KINDS[segment.readUInt32LE(offset + KIND_AT)];
  if (kind === undefined) return undefined;
  const text = segment.toString('latin1', textAt, bytesAt);
  const bytes = segment.subarray(bytesAt, end);
  if (!isOld && kind === 'object' && !isWhole(bytes, text))
    return { kind: 'unreadable', offset, length: Math.min(end, segment.length) - offset };
  return { kind, offset, length: end - offset, text, bytes };
}

/** Ids of the first version have no checksum: one of those is written again where it stays long. */
function isWhole(bytes: Buffer, id: string): boolean {
  const { size, checksum } = factsInId(id);
  return bytes.length === size && (checksum === undefined || crc32(bytes) === checksum);
}

/** Up to the next marker, or to the end of the file. Undefined: only zeros follow. */
function unreadable(segment: Buffer, offset: number, marker: Buffer): FoundRecord | undefined {
  const next = segment.indexOf(marker, offset + 1);
  if (next >= 0) return { kind: 'unreadable', offset, length: next - offset };
  const rest = segment.subarray(offset);
  return isBlank(rest) ? undefined : { kind: 'unreadable', offset, length: rest.length };
}

/** Nothing, or nothing but zeros. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}
