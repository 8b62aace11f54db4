import type { BlockBuffer } from './block-buffer';
import { crc32 } from './crc32';

/**
 * `object`: its id and bytes. `counted`: an id and how often it has been handed over. `done`: ids that have left. `end`:
 * nothing follows, but what was in the file before it became a segment; the next record takes its place.
 */
export type RecordKind = 'object' | 'counted' | 'done' | 'end';

const KINDS: readonly RecordKind[] = ['object', 'counted', 'done', 'end'];

/**
 * A record: marker (8 bytes), CRC-32 of all that follows, kind, length of the text, length of the bytes (4 each, little
 * endian), text, bytes. The marker is the segment's own and random. So it is found again behind a part that cannot be
 * read, and no sender can make an object that looks like records.
 */
export const MARKER_BYTES = 8;
const CRC_AT = MARKER_BYTES;
const KIND_AT = CRC_AT + 4;
const TEXT_LENGTH_AT = KIND_AT + 4;
const LENGTH_AT = TEXT_LENGTH_AT + 4;
const HEADER_BYTES = LENGTH_AT + 4;

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
    let sum = crc32(memory.subarray(start + KIND_AT, end));
    for (const piece of content?.pieces() ?? []) sum = crc32(piece, sum);
    memory.writeUInt32LE(sum, start + CRC_AT);
    return end;
  }

  private makeRoom(end: number): void {
    if (end <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * end);
    this.memory.copy(larger);
    this.memory = larger;
  }
}

/** A record as it was read, or a part between records that is none. `offset` and `length` say where it lies. */
export type FoundRecord =
  | { kind: RecordKind; offset: number; length: number; text: string; bytes: Buffer }
  | { kind: 'unreadable'; offset: number; length: number };

/**
 * What a segment holds, in order, up to its end: behind that is what was in the file before. Zeros are no damage: they were
 * written ahead of records to come.
 */
export function* readRecords(segment: Buffer, marker: Buffer): Generator<FoundRecord> {
  for (let at = 0; at < segment.length;) {
    const record = readRecord(segment, at, marker);
    const found = record ?? unreadable(segment, at, marker);
    if (found === undefined) return;
    yield found;
    at += found.length;
    if (found.kind === 'end' && !segment.includes(marker, at)) return;
  }
}

/** The record at this place. Undefined: there is none, or not as it was written. */
export function readRecord(
  segment: Buffer,
  offset: number,
  marker: Buffer,
): Exclude<FoundRecord, { kind: 'unreadable' }> | undefined {
  const textAt = offset + HEADER_BYTES;
  if (textAt > segment.length || !marker.equals(segment.subarray(offset, offset + MARKER_BYTES)))
    return undefined;
  const bytesAt = textAt + segment.readUInt32LE(offset + TEXT_LENGTH_AT);
  const end = bytesAt + segment.readUInt32LE(offset + LENGTH_AT);
  if (end > segment.length) return undefined;
  if (crc32(segment.subarray(offset + KIND_AT, end)) !== segment.readUInt32LE(offset + CRC_AT))
    return undefined;
  const kind = KINDS[segment.readUInt32LE(offset + KIND_AT)];
  if (kind === undefined) return undefined;
  const text = segment.toString('latin1', textAt, bytesAt);
  return { kind, offset, length: end - offset, text, bytes: segment.subarray(bytesAt, end) };
}

/** Up to the next marker, or to the end of the file. Undefined: only zeros follow. */
function unreadable(segment: Buffer, offset: number, marker: Buffer): FoundRecord | undefined {
  const next = segment.indexOf(marker, offset + 1);
  if (next >= 0) return { kind: 'unreadable', offset, length: next - offset };
  const rest = segment.subarray(offset);
  return rest.equals(Buffer.alloc(rest.length))
    ? undefined
    : { kind: 'unreadable', offset, length: rest.length };
}
