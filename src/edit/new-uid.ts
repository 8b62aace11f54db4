import { createHash } from 'node:crypto';

/** Keeps these UIDs apart from others that are made of hashes of UIDs. */
const PURPOSE = 'node-red-contrib-dicom new-uid\n';
const UUID_BYTES = 16;

/**
 * Another UID, which is the same for the same one wherever it is made: on each machine, and in each node. Who knows the
 * first one can calculate the other one: it hides nothing.
 * @returns the root of UIDs that are UUIDs and a UUID of version 8 (PS3.5 B.2, RFC 9562 5.8)
 */
export function newUidFor(uid: string): string {
  const bytes = createHash('sha256').update(PURPOSE).update(uid).digest().subarray(0, UUID_BYTES);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
