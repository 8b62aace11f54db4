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
export { patchedSource, sourceOfPieces, type SourcePiece } from './patched-source';
