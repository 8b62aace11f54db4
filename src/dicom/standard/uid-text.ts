/** The most characters that a UID may have (PS3.5 9.1). */
export const MAX_UID_LENGTH = 64;

/** Numeric components only (PS3.5 9.1), leading zeros allowed: nobody can have defined any other UID. */
export function isPlainUid(uid: string): boolean {
  return uid.length <= MAX_UID_LENGTH && /^\d+(\.\d+)*$/.test(uid);
}

/** A SOP class by its UID, also where that was sent with a dot at the end. */
export function knownClass(uid: string): string {
  return uid.endsWith('.') ? uid.slice(0, -1) : uid;
}
