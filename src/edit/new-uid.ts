import { createHash } from 'node:crypto';
import { uidOfHash } from '../dicom';

/** Keeps these UIDs apart from others that are made of hashes of UIDs. */
const PURPOSE = 'node-red-contrib-dicom new-uid\n';

/**
 * Another UID, which is the same for the same one wherever it is made: on each machine, and in each node. Who knows the
 * first one can calculate the other one: it hides nothing.
 */
export function newUidFor(uid: string): string {
  return uidOfHash(createHash('sha256').update(PURPOSE).update(uid).digest());
}
