/** Why a data set could not be understood. Each code is documented in docs/message-format.md. */
export type DicomErrorCode =
  | 'empty-data-set'
  | 'ends-inside-element'
  | 'ends-inside-sequence'
  | 'overruns-item'
  | 'overruns-sequence'
  | 'unexpected-tag-in-sequence'
  | 'unexpected-tag-in-fragments'
  | 'undefined-length-not-allowed'
  | 'unknown-structure'
  | 'nested-too-deep'
  | 'too-many-elements'
  | 'inflate-failed'
  | 'inflate-too-large'
  | 'no-file-meta'
  | 'file-meta-broken'
  | 'read-failed'
  | 'cannot-recode'
  | 'changes-invalid'
  | 'cannot-change'
  | 'cannot-build'
  | 'not-the-object'
  | 'query-invalid';

/**
 * The one error that src/dicom throws on account of its input. The text names tags and offsets, never values,
 * so that it may be logged and sent to the peer as an Error Comment.
 */
export class DicomError extends Error {
  override readonly name = 'DicomError';
  constructor(
    readonly code: DicomErrorCode,
    text: string,
    options?: ErrorOptions,
  ) {
    super(text, options);
  }
}
