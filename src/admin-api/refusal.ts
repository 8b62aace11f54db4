/** Somebody or something that was turned away, in words for the operator who looks for the reason. */
export interface Refusal {
  /** ISO 8601 */
  at: string;
  event: string;
  remoteAddress: string;
  /** Printable; absent where no association was asked for. */
  callingAET?: string;
  calledAET?: string;
  /** `result/source/reason` of a rejection, `source/reason` of an abort, a status in hexadecimal. */
  code?: string;
  text: string;
}
