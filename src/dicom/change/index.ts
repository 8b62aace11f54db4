export {
  applyChanges,
  type AppliedChanges,
  type ChangedUid,
  isUnchangeable,
  notTheObject,
} from './apply-changes';
export { cannotChange, ChangeError } from './change-errors';
export {
  ALL_ITEMS,
  type AttributeName,
  expectSettable,
  formatName,
  formatPath,
  nameKey,
  parsePath,
  PathError,
  type PathStep,
  type RuleStep,
} from './change-path';
export type { Scalar } from './change-tree';
export {
  type ChangeOperation,
  type ChangeValue,
  type DicomChanges,
  MAX_CHANGES_BYTES,
  MAX_OPERATIONS,
  parseChanges,
  plainChanges,
} from './changes';
export { patchedSource, sourceOfPieces, type SourcePiece } from './patched-source';
export { checkOperation } from './check-operation';
export { encodeIdentifier, encodeMatch } from './identifier';
export { valueOfContent } from './edited-content';
export type { Content } from './edited-item';
export { EditedObject, rulePath } from './edited-object';
export type { Action, ChangedAttribute, ChangedItem } from './change-tree';
export { parseItem, parseValue } from './change-value';
export { elementHeader, encodeItem, encodeUtf8Term } from './encode-element';
export { ItemEncoder, NotInCharacterSet } from './item-encoder';
