import { randomUUID } from 'node:crypto';

const UUID_BYTES = 16;
/** Of the bytes of a UUID that say how it was made (RFC 9562 4). */
const VERSION_8 = 0x80;
const VARIANT = 0x80;

/** A UID that nobody else has: the root of UIDs that are UUIDs, and a random UUID (PS3.5 B.2). */
export function newUid(): string {
  return uidOf(randomUUID().replaceAll('-', ''));
}

/**
 * The UID that is always the same for the same hash: a UUID of version 8 (PS3.5 B.2, RFC 9562 5.8).
 * @param hash at least 16 bytes, which it may change
 */
export function uidOfHash(hash: Buffer): string {
  const uuid = hash.subarray(0, UUID_BYTES);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | VERSION_8, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | VARIANT, 8);
  return uidOf(uuid.toString('hex'));
}

function uidOf(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid}`)}`;
}
