import { openToRead, type DiskFiles } from '../../basics';
import { NO_ATTEMPTS, parseAttempts } from '../attempts';
import type { FoundObject } from '../object-place';
import { parseParking, type Parking } from '../parking';
import { isBlank, readRecords, type FoundRecord, type RecordFormat } from './log-records';

/** A part of a disk that cannot be read costs no more than this. */
const CHUNK_BYTES = 65_536;

/** Where an object lies in its segment, as a record. */
export interface LoggedObject<Segment> extends FoundObject {
  segment: Segment;
  offset: number;
  length: number;
}

/** What the records of a log say, of all segments together. */
export interface LoggedState<Segment> {
  objects: Map<string, LoggedObject<Segment>>;
  /** Who owns objects, also those that lie elsewhere. */
  parkings: Map<string, LoggedParking<Segment>>;
}

/** Where it says who owns an object. */
export interface LoggedParking<Segment> {
  id: string;
  parking: Parking;
  segment: Segment;
  length: number;
}

/** What reading a segment came to. */
export interface SegmentReport {
  size: number;
  /** The version in its beginning. Undefined: that cannot be read. */
  version: string | undefined;
  /** Bytes in which there should be records, and are none. */
  unreadable: number;
  /** Where they begin. */
  unreadableFrom: number;
  /** There are records behind some of them. */
  hasMoreBehind: boolean;
  /** Where the last record that can be read ends, the `end` not counted. */
  readTo: number;
  /** The last record is an `end`. */
  isEnded: boolean;
  /** Up to here it was on the disk, as its records say. */
  syncedTo: number;
  /** There is nothing but zeros in it. */
  isBlank: boolean;
  /** Why the disk did not give some of it. */
  error: Error | undefined;
  /** Objects that have left, as its records say, which are in none of the segments read so far. */
  leftBefore: string[];
}

/**
 * Reads a segment as far as it can be read, and follows in `state` what its records say: which objects have come, the
 * attempts to deliver them, who owns them, and which have left. Segments have to be read from the oldest to the newest.
 * @throws the system's error when the file cannot be opened
 */
export function readSegment<Segment extends RecordFormat & { path: string }>(
  segment: Segment,
  state: LoggedState<Segment>,
  files: DiskFiles,
): SegmentReport {
  const { bytes, error } = readWhole(segment.path, files);
  const report: SegmentReport = {
    size: bytes.length,
    version: undefined,
    unreadable: 0,
    unreadableFrom: Infinity,
    hasMoreBehind: false,
    readTo: 0,
    isEnded: false,
    syncedTo: 0,
    isBlank: isBlank(bytes),
    error,
    leftBefore: [],
  };
  for (const record of readRecords(bytes, segment)) {
    note(report, record);
    follow(record, segment, state, report.leftBefore);
  }
  return report;
}

function note(report: SegmentReport, record: FoundRecord): void {
  const end = record.offset + record.length;
  if (record.kind === 'unreadable') {
    report.unreadable += record.length;
    report.unreadableFrom = Math.min(report.unreadableFrom, record.offset);
    report.isEnded = false;
    return;
  }
  report.isEnded = record.kind === 'end';
  report.readTo = report.isEnded ? record.offset : end;
  report.hasMoreBehind = report.unreadable > 0;
  if (record.kind === 'begin') report.version = record.text;
  if (record.kind === 'synced') report.syncedTo = Math.max(report.syncedTo, Number(record.text));
}

function follow<Segment>(
  record: FoundRecord,
  segment: Segment,
  { objects, parkings }: LoggedState<Segment>,
  leftBefore: string[],
): void {
  const { offset, length } = record;
  switch (record.kind) {
    case 'object': {
      // It may have been written again, before an older segment went.
      const attempts = objects.get(record.text)?.attempts ?? NO_ATTEMPTS;
      objects.set(record.text, { id: record.text, attempts, segment, offset, length });
      break;
    }
    case 'counted': {
      const { id, attempts } = parseCount(record.text);
      const object = objects.get(id);
      if (object !== undefined) object.attempts = attempts;
      break;
    }
    case 'done':
      for (const id of record.text.split('\n')) {
        parkings.delete(id);
        if (!objects.delete(id)) leftBefore.push(id);
      }
      break;
    case 'parked': {
      const at = record.text.indexOf('~');
      const [id, text] = [record.text.slice(0, at), record.text.slice(at + 1)];
      if (text === '') parkings.delete(id);
      else parkings.set(id, { id, parking: parseParking(text), segment, length });
      break;
    }
    case 'begin':
    case 'synced':
    case 'end':
    case 'unreadable':
  }
}

function parseCount(text: string): FoundObject {
  const [id = '', counts = ''] = text.split('~');
  return { id, attempts: parseAttempts(counts) ?? NO_ATTEMPTS };
}

/** Where the disk fails, zeros stand for what it does not give. */
function readWhole(path: string, files: DiskFiles): { bytes: Buffer; error: Error | undefined } {
  const fd = openToRead(path, files);
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

/** These bytes, or fewer where the file ends before. @throws the system's error */
export function readAt(path: string, offset: number, length: number, files: DiskFiles): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = files.openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const count = files.readSync(fd, bytes, done, length - done, offset + done);
      if (count === 0) return bytes.subarray(0, done);
      done += count;
    }
    return bytes;
  } finally {
    files.closeSync(fd);
  }
}
