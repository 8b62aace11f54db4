import { type Vr, VR } from '../standard';
import { textProblem } from './text-rules';

/** VRs whose keys may be ranges (PS3.4 C.2.2.2.5). */
const RANGES: ReadonlySet<Vr> = new Set([VR.DA, VR.TM, VR.DT]);
/** Longer than two ends of any range. */
const LONGEST_RANGE = 64;
/** VRs in which `*` and `?` are wild cards (PS3.4 C.2.2.2.4). */
const WILD: ReadonlySet<Vr> = new Set([VR.AE, VR.CS, VR.LO, VR.LT, VR.PN, VR.SH, VR.ST, VR.UC, VR.UR, VR.UT]);

/** What is wrong with the text of a key of a query, in words that follow its VR's name; undefined: nothing. */
export function keyProblem(vr: Vr, text: string): string | undefined {
  if (RANGES.has(vr) && isRange(vr, text)) return undefined;
  // A letter is what each VR may have that has wild cards.
  return textProblem(vr, WILD.has(vr) ? text.replaceAll(/[*?]/g, 'A') : text);
}

/** One end may be missing. A hyphen may also begin the time zone of a date and time. */
function isRange(vr: Vr, text: string): boolean {
  if (text.length > LONGEST_RANGE || text === '-') return false;
  for (let at = text.indexOf('-'); at >= 0; at = text.indexOf('-', at + 1)) {
    const ends = [text.slice(0, at), text.slice(at + 1)];
    if (ends.every((end) => textProblem(vr, end) === undefined)) return true;
  }
  return false;
}
