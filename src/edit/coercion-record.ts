import {
  type AttributeName,
  ChangeError,
  type ChangeValue,
  checkOperation,
  type ConversionWarning,
  EditedObject,
  formatName,
  lookUp,
  parsePath,
  type ParsedDataSet,
  tagHex,
} from '../dicom';
import type { DicomEditSettings } from '../settings';
import { dateTimeOf } from './rule-value';

/** What the record of a change says beside the change (PS3.3 C.12.1.1.9). */
export interface CoercionRecord {
  /** Reason for the Attribute Modification (0400,0565). */
  readonly reason: Exclude<DicomEditSettings['coercionRecord'], 'none'>;
  /** Modifying System (0400,0563). */
  readonly system: string;
  /** Source of Previous Values (0400,0564); empty: it is not known. */
  readonly source: string;
  /** Attribute Modification DateTime (0400,0562), in milliseconds since 1970. */
  readonly at: number;
}

const RECORDS = 'OriginalAttributesSequence';

/**
 * Adds an item to Original Attributes Sequence (0400,0561) with the former values of all that operations change at the top
 * level of an object: of what is in a sequence, the whole sequence. What was not there is in it without a value.
 * @param object to which the operations were applied; the record is added to them
 * @returns a warning for each attribute whose former value cannot be recorded
 */
export function addCoercionRecord(
  { root }: ParsedDataSet,
  object: EditedObject,
  { reason, system, source, at }: CoercionRecord,
): ConversionWarning[] {
  const warnings: ConversionWarning[] = [];
  const former = new EditedObject(root);
  const modified: Record<string, ChangeValue> = {};
  for (const name of object.changed) {
    const path = [{ name, item: undefined }];
    const isThere = former.get(path) !== undefined;
    const isKnown = name.creator === undefined && lookUp(name.tag) !== undefined;
    const value = isThere ? former.value(path) : null;
    const isRecorded = value !== undefined && (!isThere || fits(name, value));
    // What PS3.6 does not know cannot be without a value, as that says the VR.
    if (isRecorded ? isThere || isKnown : isKnown) modified[formatName(name)] = isRecorded ? value : null;
    if (!isRecorded) warnings.push(notRecorded(name));
  }
  const index = object.count(parsePath(RECORDS));
  const put = (attribute: string, value: ChangeValue): void =>
    object.set(parsePath(`${RECORDS}[${index}].${attribute}`), value);
  put('AttributeModificationDateTime', dateTimeOf(at));
  put('ModifiedAttributesSequence', [modified]);
  put('ModifyingSystem', system);
  put('SourceOfPreviousValues', source === '' ? null : source);
  put('ReasonForTheAttributeModification', reason);
  return warnings;
}

/** What was sent need not be valid. */
function fits(name: AttributeName, value: ChangeValue): boolean {
  try {
    checkOperation({ op: 'set', path: formatName(name), value });
    return true;
  } catch (error) {
    if (error instanceof ChangeError) return false;
    throw error;
  }
}

function notRecorded({ tag }: AttributeName): ConversionWarning {
  return {
    code: 'not-recorded',
    path: tagHex(tag),
    text: 'its former value is not in Original Attributes Sequence, as it is too long or not valid',
  };
}
