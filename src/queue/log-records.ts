import type { BlockBuffer } from './block-buffer';
import { crc32 } from './crc32';

/** `object`: its id and bytes. `counted`: an id and how often it has been handed over. `done`: ids that have left. */
export type RecordKind = 'object' | 'counted' | 'done';

const KINDS: readonly RecordKind[] = ['object', 'counted', 'done'];

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

const FIRST_CAPACITY = 131_072;

/** Records that are about to be written together, in memory that is used again for the next. */
export class RecordBatch {
  private memory = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  private used = 0;

  clear(): void {
    this.used = 0;
  }

  get size(): number {
    return this.used;
  }

  /** All of them, until the next change. */
  view(): Buffer {
    return this.memory.subarray(0, this.used);
  }

  add(marker: Buffer, kind: RecordKind, text: string, content?: BlockBuffer): void {
    const start = this.used;
    const textAt = start + HEADER_BYTES;
    const bytesAt = textAt + text.length;
    const end = bytesAt + (content?.size ?? 0);
    this.makeRoom(end);
    const { memory } = this;
    marker.copy(memory, start);
    memory.writeUInt32LE(KINDS.indexOf(kind), start + KIND_AT);
    memory.writeUInt32LE(text.length, start + TEXT_LENGTH_AT);
    memory.writeUInt32LE(end - bytesAt, start + LENGTH_AT);
    memory.write(text, textAt, 'latin1');
    let at = bytesAt;
    for (const piece of content?.pieces() ?? []) at += piece.copy(memory, at);
    memory.writeUInt32LE(crc32(memory.subarray(start + KIND_AT, end)), start + CRC_AT);
    this.used = end;
  }

  private makeRoom(end: number): void {
    if (end <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * end);
    this.view().copy(larger);
    this.memory = larger;
  }
}

/** A record as it was read, or a part between records that is none. `offset` and `length` say where it lies. */
export type FoundRecord =
  | { kind: RecordKind; offset: number; length: number; text: string; bytes: Buffer }
  | { kind: 'unreadable'; offset: number; length: number };

/** What a segment holds, in order. Zeros at its end are no damage: they were written ahead of records to come. */
export function* readRecords(segment: Buffer, marker: Buffer): Generator<FoundRecord> {
  for (let at = 0; at < segment.length;) {
    const record = readRecord(segment, at, marker);
    const found = record ?? unreadable(segment, at, marker);
    if (found === undefined) return;
    yield found;
    at += found.length;
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

/** Up to the next marker, or to the end. Undefined: only zeros follow. */
function unreadable(segment: Buffer, offset: number, marker: Buffer): FoundRecord | undefined {
  const next = segment.indexOf(marker, offset + 1);
  if (next >= 0) return { kind: 'unreadable', offset, length: next - offset };
  const rest = segment.subarray(offset);
  return rest.equals(Buffer.alloc(rest.length))
    ? undefined
    : { kind: 'unreadable', offset, length: rest.length };
}
