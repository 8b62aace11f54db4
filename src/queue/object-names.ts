import { isObjectId } from './object-id';

export const OBJECT_SUFFIX = '.dcm';
export const PART_SUFFIX = '.part';

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
