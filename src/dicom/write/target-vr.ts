import type { Encoding } from '../read';
import { AMBIGUOUS_VR, Kind, lookUp, tagHex, type Vr, VR } from '../standard';
import { swapUnit } from './byte-order';
import { cannotRecode } from './cannot-recode';

/** A value of an even length that a 16-bit length field can tell. */
const LONGEST_SHORT = 0xfffe;

/**
 * The VR that an element is written with.
 * @param vr as read; none that is ambiguous
 * @param swapped the byte order becomes the other one
 * @throws DicomError where the bytes would be read as something else than before
 */
export function targetVr(tag: number, vr: Vr, length: number, target: Encoding, swapped: boolean): Vr {
  if (isOfFixedWidth(vr) && length % 2 !== 0)
    throw cannotRecode(`(${tagHex(tag)}) is ${vr.name} and has ${length} bytes, and cannot be padded`);
  if (swapped && length % swapUnit(vr) !== 0)
    throw cannotRecode(`(${tagHex(tag)}) is ${vr.name} and has ${length} bytes: no whole number of values`);
  if (!target.explicit) {
    expectSameByDictionary(tag, vr, length);
    return vr;
  }
  // PS3.5 6.2.2: what a 16-bit length cannot tell is UN. So is what a dictionary's VR does not fit.
  const fits = vr.long || length <= LONGEST_SHORT;
  return fits && (!isOfFixedWidth(vr) || length % vr.width === 0) ? vr : VR.UN;
}

function isOfFixedWidth({ kind }: Vr): boolean {
  return kind === Kind.Binary || kind === Kind.Tag;
}

/**
 * In implicit VR everybody reads an attribute as the dictionary has it. What the dictionary does not know is UN then, and
 * its bytes are the same. An attribute that it knows must not become something else.
 */
function expectSameByDictionary(tag: number, vr: Vr, length: number): void {
  const known = lookUp(tag)?.vr;
  if (length === 0 || known === undefined || known === vr) return;
  if (!isReadTheSame(vr, known))
    throw cannotRecode(`(${tagHex(tag)}) is ${vr.name}, and implicit VR would make it ${known.name}`);
}

function isReadTheSame(vr: Vr, known: Vr): boolean {
  if (known.kind === Kind.Sequence) return false;
  if (vr.kind === Kind.Bytes || known.kind === Kind.Bytes) return true;
  // US or SS: Pixel Representation decides, whatever was sent.
  if (known === AMBIGUOUS_VR.xs) return vr === VR.US || vr === VR.SS;
  return isOfFixedWidth(vr) || isOfFixedWidth(known) ? vr === known : true;
}

/**
 * Whether a sequence that is written in implicit VR needs a delimiter, by which alone readers know that it is one.
 * @throws DicomError where the dictionary has the attribute as something else
 */
export function isSequenceOnlyByDelimiter(tag: number): boolean {
  const known = lookUp(tag)?.vr;
  if (known === VR.SQ) return false;
  if (known === undefined || known === VR.UN) return true;
  throw cannotRecode(`(${tagHex(tag)}) is SQ, and implicit VR would make it ${known.name}`);
}
