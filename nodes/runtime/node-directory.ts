import { join, resolve } from 'node:path';
import type { NodeAPI } from 'node-red';

/** Where the package keeps what is its own. */
export function dicomDirectory({ settings }: Pick<NodeAPI, 'settings'>): string {
  return join(settings.userDir ?? process.cwd(), 'dicom');
}

/**
 * Where a node keeps objects: as set, or `<userDir>/dicom/<node id>`. An imported flow may carry any text as an id, so it is
 * made a plain file name.
 */
export function nodeDirectory(RED: Pick<NodeAPI, 'settings'>, nodeId: string, set: string): string {
  if (set !== '') return resolve(set);
  return join(dicomDirectory(RED), nodeId.replace(/[^A-Za-z0-9_-]/g, '_'));
}
