/** A status with words for the sender's operator: Error Comment (0000,0902), 64 characters at most. */
export interface CommandStatus {
  status: number;
  comment?: string;
  /** Error ID (0000,0903). */
  errorId?: number;
  /** Of an instance that was created without one: the one that it got (PS3.7 10.1.5.1.4). */
  sopInstanceUID?: string;
  /** Of an object: another one has it, whatever the status says to its sender. */
  isKept?: true;
}

/** DIMSE status codes that we send (PS3.7 Annex C; PS3.4 B.2.3, C.4.1.1.4, F.7.2, K.4.1.1.4). */
export const Status = {
  success: 0x0000,
  invalidAttributeValue: 0x0106,
  processingFailure: 0x0110,
  duplicateInstance: 0x0111,
  noSuchInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidObjectInstance: 0x0117,
  noSuchSopClass: 0x0118,
  missingAttribute: 0x0120,
  sopClassNotSupported: 0x0122,
  notAuthorized: 0x0124,
  unrecognizedOperation: 0x0211,
  mistypedArgument: 0x0212,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
  /** To a query: the flow gave no answer in time. Each Cxxx is "unable to process" (PS3.4 C.4.1.1.4). */
  notAnswered: 0xc001,
  cancel: 0xfe00,
  pending: 0xff00,
} as const;

/** A match, or a match for which the peer does not support all optional keys (PS3.4 C.4.1.1.4). */
const PENDING: ReadonlySet<number> = new Set([0xff00, 0xff01]);

/** More responses follow. */
export function isPending(status: number): boolean {
  return PENDING.has(status);
}

/** Error ID of 0110: a performed procedure step that is completed or discontinued is not changed (PS3.4 F.7.2.2.2). */
export const NO_LONGER_UPDATED = 0xa710;

/** Success and the warnings B000 to BFFF mean that the object is kept (PS3.4 B.2.3). */
export function isFailure(status: number): boolean {
  return status !== Status.success && status >> 12 !== 0xb;
}

/** Nobody has the object, as far as the answer says. */
export function isLoss({ status, isKept }: CommandStatus): boolean {
  return isKept !== true && isFailure(status);
}

/** A status as the Standard writes it: A700. */
export function hexStatus(status: number): string {
  return status.toString(16).padStart(4, '0').toUpperCase();
}
