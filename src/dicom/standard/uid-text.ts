/** The most characters that a UID may have (PS3.5 9.1). */
export const MAX_UID_LENGTH = 64;

/** Numeric components only (PS3.5 9.1), leading zeros allowed: nobody can have defined any other UID. */
export function isPlainUid(uid: string): boolean {
  return uid.length <= MAX_UID_LENGTH && /^\d+(\.\d+)*$/.test(uid);
}

/**
 * UIDs as they are found in the wild. By the Standard they are digits and dots (PS3.5 9.1); anonymisers write letters and
 * hyphens, and some devices a dot at the end, two in a row, or a space inside. It is the data set that says which object
 * this is, so all of these are taken. What could mean something to a path, a log or a shell is not, nor what is too long.
 */
export function isAcceptableInstanceUid(uid: string): boolean {
  return uid.length <= MAX_UID_LENGTH && /^[0-9A-Za-z. -]*$/.test(uid) && /[0-9A-Za-z]/.test(uid);
}

/** A SOP class by its UID, also where that was sent with a dot at the end. */
export function knownClass(uid: string): string {
  return uid.endsWith('.') ? uid.slice(0, -1) : uid;
}
