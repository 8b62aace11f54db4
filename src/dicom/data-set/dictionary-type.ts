import { AMBIGUOUS_VR, Kind, lookUp, type Vr, VR } from '../standard';
import type { DataSet, Element } from './data-set';
import { resolveVr } from './resolve-vr';
import type { PersonName, Value } from './value';
import { readValues } from './values';

/**
 * A VR that is not the dictionary's would change the type of an attribute from one sender to the next: a name that is a
 * string, an identifier that has lost its zeros. So what the dictionary knows is read as what it says, wherever the bytes
 * allow.
 */

const TEXTS: ReadonlySet<Kind> = new Set([
  Kind.Text,
  Kind.LongText,
  Kind.Name,
  Kind.Code,
  Kind.Uid,
  Kind.Uri,
  Kind.Decimal,
  Kind.Integer,
]);
const isText = ({ kind }: Vr): boolean => TEXTS.has(kind);
const isNumberText = ({ kind }: Vr): boolean => kind === Kind.Decimal || kind === Kind.Integer;

/** VRs that PS3.6 leaves open. */
const COMPATIBLE: ReadonlyMap<Vr, readonly Vr[]> = new Map<Vr, readonly Vr[]>([
  [AMBIGUOUS_VR.xs, [VR.US, VR.SS]],
  [AMBIGUOUS_VR.ox, [VR.OB, VR.OW]],
  [AMBIGUOUS_VR.lt, [VR.US, VR.SS, VR.OW]],
]);

/** Warns if the VR sent differs from the dictionary. UN names no VR, so it is read with the VR of the dictionary. */
export function warnOfOtherVr(dataSet: DataSet, element: Element, known: Vr | undefined): void {
  const { vr: sent, tag, length } = element;
  if (known === undefined || sent === known || sent === VR.UN || length === 0) return;
  if (COMPATIBLE.get(sent) !== undefined || COMPATIBLE.get(known)?.includes(sent) === true) return;
  dataSet.warn(
    'vr-not-as-in-dictionary',
    tag,
    `sent as ${sent.name}, which the dictionary has as ${known.name}`,
  );
}

/** The VR to read an attribute of the dictionary by. */
export function dictionaryVr(dataSet: DataSet, element: Element, known: Vr): Vr {
  const sent = resolveVr(dataSet, element);
  if (sent === known || COMPATIBLE.get(known)?.includes(sent) === true) return sent;
  warnOfOtherVr(dataSet, element, known);
  if (known === VR.SQ) return element.items === undefined ? sent : known;
  const wanted =
    known === AMBIGUOUS_VR.xs
      ? dataSet.pixelsSigned
        ? VR.SS
        : VR.US
      : (COMPATIBLE.get(known)?.at(-1) ?? known);
  return isReadable(element, sent, wanted)
    ? wanted
    : sent.kind === Kind.Bytes || !isText(sent)
      ? sent
      : asNumber(sent, wanted);
}

/** Text where the dictionary has binary numbers: the numbers that it spells. */
function asNumber(sent: Vr, wanted: Vr): Vr {
  return wanted.kind === Kind.Binary ? VR.DS : sent;
}

/** Do the bytes allow it? Numbers remain those that were sent. */
function isReadable(element: Element, sent: Vr, wanted: Vr): boolean {
  if (wanted.kind === Kind.Bytes) return sent.kind !== Kind.Sequence;
  if (isText(wanted)) return isText(sent) || (sent.kind === Kind.Bytes && looksLikeText(element));
  const fits = element.length % wanted.width === 0;
  if (wanted.kind === Kind.Tag) return fits && (sent.kind === Kind.Bytes || sent.kind === Kind.Binary);
  return fits && (sent.kind === Kind.Bytes || sent.kind === Kind.Tag);
}

const FIRST_PRINTABLE = 0x20;
/** PS3.5 6.1.3: what a text has of controls; and the NUL that pads. */
const CONTROLS: ReadonlySet<number> = new Set([0, 0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

function looksLikeText({ bytes, start, length }: Element): boolean {
  if (bytes === undefined) return true;
  for (let at = start; at < start + length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < FIRST_PRINTABLE && !CONTROLS.has(byte)) return false;
  }
  return true;
}

/** Is it a number that the dictionary has as text? An identifier stays one. */
export function isNumberForText(vr: Vr, known: Vr): boolean {
  return (vr.kind === Kind.Binary || vr.kind === Kind.Tag) && isText(known) && !isNumberText(known);
}

/** The values of an attribute, of the type that the dictionary says. `vr`: what `dictionaryVr` found. */
export function readByDictionary(dataSet: DataSet, element: Element, vr: Vr, known: Vr): Value[] {
  const values = readValues(dataSet, element, vr);
  if (!isNumberForText(vr, known)) return values;
  return values.map((value) => (value === null ? null : textOrName(String(value as string | number), known)));
}

function textOrName(text: string, known: Vr): string | PersonName {
  return known.kind === Kind.Name ? { Alphabetic: text } : text;
}

/** The same for an attribute that may not be the dictionary's. */
export function typedVr(dataSet: DataSet, element: Element): Vr {
  const known = lookUp(element.tag)?.vr;
  if (known === undefined || known === element.vr) return resolveVr(dataSet, element);
  return dictionaryVr(dataSet, element, known);
}

/** @param vr what `typedVr` found */
export function typedValues(dataSet: DataSet, element: Element, vr: Vr): Value[] {
  return readByDictionary(dataSet, element, vr, lookUp(element.tag)?.vr ?? vr);
}
