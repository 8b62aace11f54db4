import type { FoundObject } from './object-place';
import { readRecords } from './log-records';
import type { QueueFiles } from './queue-files';

/** A part of a disk that cannot be read costs no more than this. */
const CHUNK_BYTES = 65_536;

/** Where an object lies in its segment, as a record. */
export interface LoggedObject<Segment> extends FoundObject {
  segment: Segment;
  offset: number;
  length: number;
}

/** What reading a segment came to. */
export interface SegmentReport {
  size: number;
  /** Bytes in which there should be records, and are none. */
  unreadable: number;
  /** Why the disk did not give some of it. */
  error: Error | undefined;
}

/**
 * Reads a segment as far as it can be read, and follows in `objects` what its records say: which objects have come, how
 * often they had been handed over, and which have left. Segments have to be read from the oldest to the newest.
 * @throws the system's error when the file cannot be opened
 */
export function readSegment<Segment extends { path: string; marker: Buffer }>(
  segment: Segment,
  objects: Map<string, LoggedObject<Segment>>,
  files: QueueFiles,
): SegmentReport {
  const { bytes, error } = readWhole(segment.path, files);
  let unreadable = 0;
  for (const record of readRecords(bytes, segment.marker)) {
    const { offset, length } = record;
    switch (record.kind) {
      case 'object':
        objects.set(record.text, { id: record.text, deliveries: 0, segment, offset, length });
        break;
      case 'counted': {
        const { id, deliveries } = parseCount(record.text);
        const object = objects.get(id);
        if (object !== undefined) object.deliveries = deliveries;
        break;
      }
      case 'done':
        for (const id of record.text.split('\n')) objects.delete(id);
        break;
      case 'unreadable':
        unreadable += length;
        break;
      case 'end':
    }
  }
  return { unreadable, error, size: bytes.length };
}

export function countText(id: string, deliveries: number): string {
  return `${id}~${deliveries}`;
}

function parseCount(text: string): FoundObject {
  const [id = '', deliveries] = text.split('~');
  return { id, deliveries: Number(deliveries) };
}

/** Where the disk fails, zeros stand for what it does not give. */
function readWhole(path: string, files: QueueFiles): { bytes: Buffer; error: Error | undefined } {
  const fd = files.openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(files.fstatSync(fd).size);
    let error: Error | undefined;
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(CHUNK_BYTES, bytes.length - at);
      try {
        at += files.readSync(fd, bytes, at, length, at) || length;
      } catch (cause) {
        error = cause as Error;
        at += length;
      }
    }
    return { bytes, error };
  } finally {
    files.closeSync(fd);
  }
}

/** @throws when the file ends too early */
export function readAt(path: string, offset: number, length: number, files: QueueFiles): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = files.openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const count = files.readSync(fd, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error(`${path} has become shorter`);
      done += count;
    }
    return bytes;
  } finally {
    files.closeSync(fd);
  }
}
