import { join, resolve } from 'node:path';
import type { NodeAPI } from 'node-red';

/**
 * Where a node keeps objects: as set, or `<userDir>/dicom/<node id>`. An imported flow may carry any text as an id, so it is
 * made a plain file name.
 */
export function nodeDirectory({ settings }: Pick<NodeAPI, 'settings'>, nodeId: string, set: string): string {
  if (set !== '') return resolve(set);
  return join(settings.userDir ?? process.cwd(), 'dicom', nodeId.replace(/[^A-Za-z0-9_-]/g, '_'));
}
