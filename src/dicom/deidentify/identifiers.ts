import { createHmac } from 'node:crypto';
import { isInstanceOfStandard, isUidOfStandard, uidOfHash } from '../standard';

/** Whom an object is of: Patient ID, and who gave it. */
export interface PatientIdentity {
  readonly id: string;
  readonly issuer: string;
}

/** A secret has at least this many bytes. */
const LEAST_SECRET_BYTES = 16;

const MOST_DAYS = 3_650;
/** Of 16 times 5 bits. */
const PSEUDONYM_BYTES = 10;
const FINGERPRINT_DIGITS = 12;

/**
 * Replaces identifiers by others that only the secret leads to: the same for the same, on every machine that has the secret,
 * and without a list that could be lost or stolen.
 */
export class Identifiers {
  readonly #uids = new Map<string, string>();
  /** The patient whose object was last: the next one is nearly always theirs, too. */
  #last: (PatientIdentity & { readonly days: number; readonly pseudonym: string }) | undefined;

  /** @param secret at least `LEAST_SECRET_BYTES` */
  constructor(private readonly secret: Buffer) {
    if (secret.length < LEAST_SECRET_BYTES)
      throw new RangeError(`a secret has at least ${LEAST_SECRET_BYTES} bytes`);
  }

  #hmac(...texts: string[]): Buffer {
    return createHmac('sha256', this.secret).update(texts.join('\0'), 'utf8').digest();
  }

  /**
   * Made of HMAC-SHA-256, by `uidOfHash`. UIDs of the Standard stay.
   * @param uid without padding
   * @param ofInstance it is of an attribute that names one thing, and no kind: only a few of those are the Standard's
   */
  uid(uid: string, ofInstance = false): string {
    if (ofInstance ? isInstanceOfStandard(uid) : isUidOfStandard(uid)) return uid;
    let other = this.#uids.get(uid);
    if (other === undefined) {
      other = uidOfHash(this.#hmac(uid));
      if (this.#uids.size >= MOST_REMEMBERED) this.#uids.clear();
      if (uid.length <= LONGEST_REMEMBERED) this.#uids.set(uid, other);
    }
    return other;
  }

  /** Days by which all dates of a patient move: −1 to −3650. */
  days(patient: PatientIdentity): number {
    return this.#ofPatient(patient).days;
  }

  /** 16 letters and digits. */
  pseudonym(patient: PatientIdentity): string {
    return this.#ofPatient(patient).pseudonym;
  }

  #ofPatient({ id, issuer }: PatientIdentity): { readonly days: number; readonly pseudonym: string } {
    const last = this.#last;
    if (last?.id === id && last.issuer === issuer) return last;
    const days = -1 - (this.#hmac('days', issuer, id).readUInt32BE(0) % MOST_DAYS);
    const pseudonym = base32(this.#hmac('patient', issuer, id).subarray(0, PSEUDONYM_BYTES));
    this.#last = { id, issuer, days, pseudonym };
    return this.#last;
  }

  /** By which two machines can see that they have the same secret. It does not lead to the secret. */
  get fingerprint(): string {
    return this.#hmac('fingerprint').toString('hex').slice(0, FINGERPRINT_DIGITS);
  }
}

/** Of UIDs: those of a study, of which one node sees several at a time. */
const MOST_REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 128;

/** Without letters and digits that look alike. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

function base32(bytes: Buffer): string {
  let bits = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let left = bytes.length * 8; left > 0; left -= 5) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}
