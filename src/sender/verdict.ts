/** What an attempt to send an object means for it. */
export type Verdict =
  /** They have it. `warning`: and say that something about it is not as it should be. */
  | { kind: 'sent'; warning: boolean }
  /** It may be tried again, and goes on failing only when it is given up. */
  | { kind: 'again' }
  /** It may be tried a few times. */
  | { kind: 'few' }
  /** No further try changes that. */
  | { kind: 'final' };

/** Statuses that say Success with a reservation, beside Bxxx (PS3.7 C.4, PS3.4 B.2.3). */
const WARNINGS = new Set([0x0001, 0x0107, 0x0116]);
/** An object of that instance UID is there already (PS3.7 C.5.6). */
const DUPLICATE = 0x0111;
/** Processing failure and resource limitation (PS3.7 C.5.20, C.5.21), beside A7xx. */
const TRANSIENT = new Set([0x0110, 0x0213]);
/** What they say of the object, its class, or our right to send it, beside A9xx: it will say the same next time. */
const FINAL = new Set([0x0117, 0x0118, 0x0119, 0x0122, 0x0124, 0x0211, 0x0212]);

/**
 * What a status in a C-STORE response means for the object.
 * @param isChanged what was sent is not what is known by its instance UID: a peer that has that keeps its own
 */
export function verdictOfStatus(status: number, isChanged: boolean): Verdict {
  if (status === 0) return { kind: 'sent', warning: false };
  if (WARNINGS.has(status) || status >> 12 === 0xb) return { kind: 'sent', warning: true };
  if (status === DUPLICATE) return isChanged ? { kind: 'final' } : { kind: 'sent', warning: true };
  if (TRANSIENT.has(status) || status >> 8 === 0xa7) return { kind: 'again' };
  if (FINAL.has(status) || status >> 8 === 0xa9) return { kind: 'final' };
  return { kind: 'few' };
}
