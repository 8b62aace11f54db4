import { asciiJson, remembered } from '../../basics';
import { type DataSet, type Element, readValues } from '../data-set';
import { BINARY_INLINE_LIMIT } from '../limits';
import { Kind, type Vr } from '../standard';
import { asciiBytes, CODE, type JsonText } from '../text';
import { writeBulkData, writeInlineBinary, type TagsOptions } from './bulk-data';
import { GIVEN_UP, writePlainValues } from './plain-values';

const { OPEN_BRACKET, CLOSE_BRACKET, CLOSE_BRACE } = CODE;

const VALUE = asciiBytes(',"Value":');
/** An LO (PS3.5 Table 6.2-1) has no more; what is longer comes from somebody who means us no good, and is not kept. */
const LONGEST_CREATOR = 64;
const makeCreatorText = (creator: string): Uint8Array =>
  asciiBytes(`,"PrivateCreator":${asciiJson(creator)}`);
const knownCreatorText = remembered(makeCreatorText);

/** An attribute has two members as a rule: its VR, and its values or what takes their place; keys count, too. */
const MEMBERS = 4;

/** Writes an item of a sequence. */
export type ItemWriter = (out: JsonText, item: DataSet, options: TagsOptions) => void;

/** An attribute that says of itself what it is, as in the DICOM JSON Model (PS3.18 F.2.2). */
export function writeAttribute(
  out: JsonText,
  dataSet: DataSet,
  element: Element,
  vr: Vr,
  options: TagsOptions,
  writeItem: ItemWriter,
  privateCreator?: string,
): void {
  out.copy(vr.json);
  out.elements += MEMBERS;
  if (vr.kind === Kind.Sequence) writeItems(out, element.items ?? [], options, writeItem);
  else if (element.length > 0) writeContent(out, dataSet, element, vr, options);
  if (privateCreator !== undefined) out.copy(creatorText(privateCreator));
  out.byte(CLOSE_BRACE);
}

function creatorText(creator: string): Uint8Array {
  return creator.length > LONGEST_CREATOR ? makeCreatorText(creator) : knownCreatorText(creator);
}

function writeContent(out: JsonText, dataSet: DataSet, element: Element, vr: Vr, options: TagsOptions): void {
  // What was sent as text may be bytes by the dictionary, and have been read as far as a text is.
  const isLong = vr.kind === Kind.Bytes && element.length > BINARY_INLINE_LIMIT;
  if (element.bytes === undefined || isLong) writeBulkData(out, dataSet, element, vr, options);
  else if (vr.kind === Kind.Bytes) writeInlineBinary(out, element, vr, element.bytes);
  else writeValue(out, dataSet, element, vr);
}

function writeItems(
  out: JsonText,
  items: readonly DataSet[],
  options: TagsOptions,
  writeItem: ItemWriter,
): void {
  if (items.length === 0) return;
  out.copy(VALUE);
  out.array(items, (item) => writeItem(out, item, options));
}

/** The member `Value`, where there is any. */
function writeValue(out: JsonText, dataSet: DataSet, element: Element, vr: Vr): void {
  const before = out.length;
  out.copy(VALUE);
  out.byte(OPEN_BRACKET);
  const count = writePlainValues(out, dataSet, element, vr);
  if (count > 0) {
    out.byte(CLOSE_BRACKET);
    return;
  }
  out.cut(before);
  const values = count === GIVEN_UP ? readValues(dataSet, element, vr) : [];
  if (values.length === 0) return;
  out.copy(VALUE);
  out.value(values);
}
