import { createHmac } from 'node:crypto';
import { isPlainUid, uidName } from '../standard';

/** Whom an object is of: Patient ID, and who gave it. */
export interface PatientIdentity {
  readonly id: string;
  readonly issuer: string;
}

/** A secret has at least this many bytes. */
export const LEAST_SECRET_BYTES = 16;

const MOST_DAYS = 3_650;
const UUID_BYTES = 16;
const VERSION_8 = 0x80;
const VARIANT = 0x80;
/** Of 16 times 5 bits. */
const PSEUDONYM_BYTES = 10;
const FINGERPRINT_DIGITS = 12;

/**
 * Replaces identifiers by others that only the secret leads to: the same for the same, on every machine that has the secret,
 * and without a list that could be lost or stolen.
 */
export class Identifiers {
  readonly #uids = new Map<string, string>();

  /** @param secret at least `LEAST_SECRET_BYTES` */
  constructor(private readonly secret: Buffer) {
    if (secret.length < LEAST_SECRET_BYTES)
      throw new RangeError(`a secret has at least ${LEAST_SECRET_BYTES} bytes`);
  }

  #hmac(...texts: string[]): Buffer {
    return createHmac('sha256', this.secret).update(texts.join('\0'), 'utf8').digest();
  }

  /**
   * `2.25.` and a UUID (PS3.5 B.2) of version 8 (RFC 9562 5.8), made of HMAC-SHA-256. UIDs of the Standard stay.
   * @param uid without padding
   * @param ofInstance it is of an attribute that names one thing, and no kind: only a few of those are the Standard's
   */
  uid(uid: string, ofInstance = false): string {
    if (ofInstance ? isInstanceOfStandard(uid) : isOfStandard(uid)) return uid;
    let other = this.#uids.get(uid);
    if (other === undefined) {
      const uuid = this.#hmac(uid).subarray(0, UUID_BYTES);
      uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | VERSION_8, 6);
      uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | VARIANT, 8);
      other = `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`;
      if (this.#uids.size >= MOST_REMEMBERED) this.#uids.clear();
      if (uid.length <= LONGEST_REMEMBERED) this.#uids.set(uid, other);
    }
    return other;
  }

  /** Days by which all dates of a patient move: −1 to −3650. */
  days({ id, issuer }: PatientIdentity): number {
    return -1 - (this.#hmac('days', issuer, id).readUInt32BE(0) % MOST_DAYS);
  }

  /** 16 letters and digits. */
  pseudonym({ id, issuer }: PatientIdentity): string {
    return base32(this.#hmac('patient', issuer, id).subarray(0, PSEUDONYM_BYTES));
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

const ROOT = '1.2.840.10008.';
/**
 * PS3.6 Annex A: frames of reference, SOP classes, coding schemes, contexts, applications, mapping resources, MIME types. Only
 * the last number has four digits, such as that of a context: what looks like a year before it is none of the Standard's.
 */
const ARCS = /^(?:1|2|3|4|5|6|7|8|9|15)(?:\.\d{1,3}){0,7}\.\d{1,4}$/;
/** Coding schemes that PS3.6 Table A-1 has under a root of HL7. */
const CODING_SCHEMES = /^2\.16\.840\.1\.113883\.6\.\d{1,4}$/;

/** Is it one that the Standard has given? It names a kind of thing, no instance. */
function isOfStandard(uid: string): boolean {
  if (uidName(uid) !== undefined || CODING_SCHEMES.test(uid)) return true;
  return uid.startsWith(ROOT) && isPlainUid(uid) && ARCS.test(uid.slice(ROOT.length));
}

/**
 * What PS3.6 Annex A names as one thing: frames of reference, colour palettes, services, printers, lists of UIDs and of codes.
 * Whoever numbers patients or days below the root of the Standard makes none of these.
 */
const INSTANCES =
  /^(?:1\.4\.[12]\.\d{1,2}|1\.5\.\d|1\.(?:20\.[12]|40|42)\.1|2\.(?:6\.1|16\.\d{1,2})|5\.1\.1\.(?:16|17)(?:\.376)?\.1|5\.1\.4\.34\.5(?:\.1)?)$/;

function isInstanceOfStandard(uid: string): boolean {
  if (uidName(uid) !== undefined) return true;
  return uid.startsWith(ROOT) && INSTANCES.test(uid.slice(ROOT.length));
}
