export { isText } from './assumed-text';
export { itemOf, itemsOf, numbersOf, textOf, valueOf, valuesOf } from './attributes';
export { numberAt } from './binary-number';
export { DataSet, DataSetBuilder, Element } from './data-set';
export {
  dictionaryVr,
  isNumberForText,
  readByDictionary,
  typedValues,
  typedVr,
  warnOfOtherVr,
} from './dictionary-type';
export { isDate, isDateTime, isTime, movedDate, movedDateTime } from './dates';
export { documentOf, type EncapsulatedDocument, hasDocument, LARGEST_DOCUMENT } from './document';
export { isLutDescriptor } from './lut-descriptor';
export { SAFE_DIGITS } from './numbers';
export { usePlaceholders } from './placeholders';
export { resolveVr } from './resolve-vr';
export { nameText, type Value } from './value';
export { base64, isPlainUid, readStrings, readValues, unpaddedEnd } from './values';
