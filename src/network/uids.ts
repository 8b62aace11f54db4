import { MAX_LENGTH } from './wire-text';

/** UIDs of PS3.6 Annex A that the upper layer itself needs. */
export const VERIFICATION_SOP_CLASS = '1.2.840.10008.1.1';
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
/** Implicit VR Little Endian, which every SCP supports (PS3.5 10.1). */
export const DEFAULT_TRANSFER_SYNTAX = '1.2.840.10008.1.2';

/** Numeric components only (PS3.5 9.1), leading zeros allowed: anything else is no UID that somebody may have defined. */
export function isPlainUid(uid: string): boolean {
  return uid.length <= MAX_LENGTH.uid && /^\d+(\.\d+)*$/.test(uid);
}

/** A SOP class by its UID, also where that was sent with a dot at the end. */
export function knownClass(uid: string): string {
  return uid.endsWith('.') ? uid.slice(0, -1) : uid;
}
