import { isObjectId } from './object-id';

export const OBJECT_SUFFIX = '.dcm';
export const PART_SUFFIX = '.part';
/** Not `.log`: those are deleted by what tidies up old logs. */
const SEGMENT_SUFFIX = '.queue';
const SEGMENT_NAME = new RegExp(`^\\d{13}-\\d{10}-([0-9a-f]{16})\\${SEGMENT_SUFFIX}$`);
/** Behind the name of a segment that is kept because a part of it could not be read. */
export const DAMAGED_SUFFIX = '.damaged';

/** Behind the name of what was a segment, and is to be written over. */
export const SPARE_SUFFIX = '.spare';

/** For what an earlier run left that holds nothing: an object that was just coming, or a spare. */
export function isRemains(name: string): boolean {
  return name.endsWith(PART_SUFFIX) || name.endsWith(SEGMENT_SUFFIX + SPARE_SUFFIX);
}

/** `<id>.dcm`, or `<id>~3.dcm` once the object has been handed over three times: the count outlives a crash. */
export function objectName(id: string, deliveries: number): string {
  return deliveries === 0 ? id + OBJECT_SUFFIX : `${id}~${deliveries}${OBJECT_SUFFIX}`;
}

/** What a file name in the queue's directory says; undefined for a file that is none of ours. */
export function parseObjectName(name: string): { id: string; deliveries: number } | undefined {
  if (!name.endsWith(OBJECT_SUFFIX)) return undefined;
  const [id = '', count = '0', ...rest] = name.slice(0, -OBJECT_SUFFIX.length).split('~');
  if (!isObjectId(id) || !/^\d{1,9}$/.test(count) || rest.length > 0) return undefined;
  return { id, deliveries: Number(count) };
}

/** `<sequence>-<marker>.queue`: it sorts by age, and whatever is damaged in the file, its marker is known. */
export function segmentName(sequence: string, marker: Buffer): string {
  return `${sequence}-${marker.toString('hex')}${SEGMENT_SUFFIX}`;
}

/** The marker of a segment of the log; undefined for a file that is none. */
export function markerInName(name: string): Buffer | undefined {
  const marker = SEGMENT_NAME.exec(name)?.[1];
  return marker === undefined ? undefined : Buffer.from(marker, 'hex');
}

/** For a file in a queue's folder, or below it: an object, or a part of the log, which is deleted when it is empty. */
export function mayHoldObjects(path: string): boolean {
  return [OBJECT_SUFFIX, SEGMENT_SUFFIX, DAMAGED_SUFFIX].some((suffix) => path.endsWith(suffix));
}

/** For an object or a segment: its name begins with one of a sequence. */
export function isOurs(name: string): boolean {
  return SEGMENT_NAME.test(name) || parseObjectName(name) !== undefined;
}
