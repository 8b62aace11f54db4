/** Why an object is kept back: nobody can exclude that it says whose it is. docs/deidentification.md lists them. */
export type KeptBackReason =
  | 'burned-in'
  | 'sop-class'
  | 'secondary-image'
  | 'converted-image'
  | 'structured-report'
  | 'report-text'
  | 'patient-id'
  | 'pseudonym'
  | 'sop-instance-uid'
  | 'embedded-overlay'
  | 'pixel-data'
  | 'transfer-syntax'
  | 'code-stream'
  | 'too-long'
  | 'unreadable';

/** The object is not passed on. The text names attributes, never a value. */
export class KeptBack extends Error {
  override readonly name = 'KeptBack';
  constructor(
    readonly reason: KeptBackReason,
    text: string,
    options?: ErrorOptions,
  ) {
    super(text, options);
  }
}
