import { attemptsText, NO_ATTEMPTS, parseAttempts, type Attempts } from './attempts';
import { isObjectId } from './object-id';

export const OBJECT_SUFFIX = '.dcm';
/** Behind the name of an object that the flow has got, and that can still be opened. */
const KEPT_SUFFIX = '.kept';
const PART_SUFFIX = '.part';
const PART_NAME = /^\d{13}-\d{10}\.part$/;
/** Of the first version, which gave each part the size 0. */
const OLD_PART_NAME = /^\d{13}-\d{10}-0\.part$/;

/** A file that is being written, by the next name of a sequence. */
export function partName(sequence: string): string {
  return sequence + PART_SUFFIX;
}

/** `<id>.dcm`, or `<id>~2.1.0.dcm` once there were attempts to deliver the object: the counts outlive a crash. */
export function objectName(id: string, attempts: Attempts): string {
  const text = attemptsText(attempts);
  return text === '' ? id + OBJECT_SUFFIX : `${id}~${text}${OBJECT_SUFFIX}`;
}

/** The name under which a delivered object's file is kept for a while. */
export function keptName(id: string): string {
  return id + OBJECT_SUFFIX + KEPT_SUFFIX;
}

/** What a file name in the queue's directory says; undefined for a file that is none of ours. */
export function parseObjectName(name: string): { id: string; attempts: Attempts } | undefined {
  if (!name.endsWith(OBJECT_SUFFIX)) return undefined;
  const [id = '', text, ...rest] = name.slice(0, -OBJECT_SUFFIX.length).split('~');
  const attempts = text === undefined ? NO_ATTEMPTS : parseAttempts(text);
  if (!isObjectId(id) || attempts === undefined || rest.length > 0) return undefined;
  return { id, attempts };
}

/** Not `.log`: those are deleted by what tidies up old logs. */
const SEGMENT_SUFFIX = '.queue';
/** Behind the name of a segment that is kept because a part of it could not be read. */
export const DAMAGED_SUFFIX = '.damaged';
/** Behind the name of what was a segment, or is to be one, and holds nothing that was acknowledged. */
export const SPARE_SUFFIX = '.spare';
const SEGMENT_NAME = /^(\d{13}-\d{10})-([0-9a-f]{16})(?:-([su])(\d{1,16})?)?\.queue$/;

/** What the name of a segment says of it. */
export interface SegmentName {
  /** Sorts by age. */
  sequence: string;
  /** Random: begins each of its records, whatever is damaged in the file. */
  marker: Buffer;
  /** Its beginning was on the disk before it had this name, and each object before it was acknowledged. */
  isSynced: boolean;
  /** Where its last record ends, once nothing more is written to it and all of it is on the disk. */
  sealedAt?: number;
  /** Of the first version, whose segments have no beginning and do not say what was synced. */
  isOld?: boolean;
}

/** `<sequence>-<marker>-s.queue`; `-u` where it is not synced; `-s4711` when it is sealed. */
export function segmentName({ sequence, marker, isSynced, sealedAt }: SegmentName): string {
  const mode = isSynced ? 's' : 'u';
  return `${sequence}-${marker.toString('hex')}-${mode}${sealedAt ?? ''}${SEGMENT_SUFFIX}`;
}

/** Undefined for a file that is no segment of the log. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, sequence, marker, mode, sealedAt] = SEGMENT_NAME.exec(name) ?? [];
  if (sequence === undefined || marker === undefined) return undefined;
  return {
    sequence,
    marker: Buffer.from(marker, 'hex'),
    isSynced: mode === 's',
    ...(sealedAt !== undefined && { sealedAt: Number(sealedAt) }),
    ...(mode === undefined && { isOld: true }),
  };
}

/** For what an earlier run left that nobody waits for: an object that was just coming, or is only kept, or a spare. */
export function isRemains(name: string): boolean {
  if (name.endsWith(KEPT_SUFFIX)) return parseObjectName(name.slice(0, -KEPT_SUFFIX.length)) !== undefined;
  if (name.endsWith(PART_SUFFIX)) return PART_NAME.test(name) || OLD_PART_NAME.test(name);
  return name.endsWith(SPARE_SUFFIX) && parseSegmentName(name.slice(0, -SPARE_SUFFIX.length)) !== undefined;
}

/** For a file in a queue's folder, or below it: an object, or a part of the log, which is deleted when it is empty. */
export function mayHoldObjects(path: string): boolean {
  return [OBJECT_SUFFIX, SEGMENT_SUFFIX, DAMAGED_SUFFIX].some((suffix) => path.endsWith(suffix));
}

/** For an object or a segment: its name begins with one of a sequence. */
export function isOurs(name: string): boolean {
  return parseSegmentName(name) !== undefined || parseObjectName(name) !== undefined;
}
