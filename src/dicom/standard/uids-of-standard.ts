import { isPlainUid } from './uid-text';
import { uidName } from './uids';

const ROOT = '1.2.840.10008.';
/**
 * PS3.6 Annex A: frames of reference, SOP classes, coding schemes, contexts, applications, mapping resources, MIME types. Only
 * the last number has four digits, such as that of a context: what looks like a year before it is none of the Standard's.
 */
const ARCS = /^(?:1|2|3|4|5|6|7|8|9|15)(?:\.\d{1,3}){0,7}\.\d{1,4}$/;
/** Coding schemes that PS3.6 Table A-1 has under a root of HL7. */
const CODING_SCHEMES = /^2\.16\.840\.1\.113883\.6\.\d{1,4}$/;

/** Is it one that the Standard has given? It names a kind of thing, no instance. */
export function isUidOfStandard(uid: string): boolean {
  if (uidName(uid) !== undefined || CODING_SCHEMES.test(uid)) return true;
  return uid.startsWith(ROOT) && isPlainUid(uid) && ARCS.test(uid.slice(ROOT.length));
}

/**
 * What PS3.6 Annex A names as one thing: frames of reference, colour palettes, services, printers, lists of UIDs and of codes.
 * Whoever numbers patients or days below the root of the Standard makes none of these.
 */
const INSTANCES =
  /^(?:1\.4\.[12]\.\d{1,2}|1\.5\.\d|1\.(?:20\.[12]|40|42)\.1|2\.(?:6\.1|16\.\d{1,2})|5\.1\.1\.(?:16|17)(?:\.376)?\.1|5\.1\.4\.34\.5(?:\.1)?)$/;

/** As one has it that names a single thing, no kind. */
export function isInstanceOfStandard(uid: string): boolean {
  if (uidName(uid) !== undefined) return true;
  return uid.startsWith(ROOT) && INSTANCES.test(uid.slice(ROOT.length));
}
