export {
  applyChanges,
  type AppliedChanges,
  type ApplyOptions,
  type ChangedUid,
  isUnchangeable,
  notTheObject,
} from './apply-changes';
export type { Splice } from './change-writer';
export {
  type ChangeOperation,
  type ChangeValue,
  type DicomChanges,
  MAX_CHANGES_BYTES,
  MAX_OPERATIONS,
  parseChanges,
  type ParsedChanges,
  plainChanges,
} from './changes';
export { patchedSource } from './patched-source';
export type { AttributeName } from './change-path';
export { addsTo, type Action, type ChangedAttribute, type ChangedItem } from './change-tree';
export { parseItem, parseValue, type Special } from './change-value';
export { elementHeader, encodeItem, encodeUtf8Term } from './encode-element';
export { ItemEncoder, NotInCharacterSet } from './item-encoder';
export { segmentedSource, type Segment } from './patched-source';
