import { isTransferSyntaxOfStandard } from './uids';

/** The parts of a transfer syntax that matter to whoever walks a data set; pixel data is not decoded. */
export interface TransferSyntax {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
}

const EXPLICIT_LITTLE_ENDIAN: TransferSyntax = { explicit: true, bigEndian: false, deflated: false };

export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_VR_BIG_ENDIAN = '1.2.840.10008.1.2.2';

const SPECIAL: ReadonlyMap<string, TransferSyntax> = new Map([
  [IMPLICIT_VR_LITTLE_ENDIAN, { explicit: false, bigEndian: false, deflated: false }],
  // Papyrus 3 Implicit VR Little Endian (retired) and GE's private one with big endian pixel data (DCMTK reads it so).
  ['1.2.840.10008.1.20', { explicit: false, bigEndian: false, deflated: false }],
  ['1.2.840.113619.5.2', { explicit: false, bigEndian: false, deflated: false }],
  [EXPLICIT_VR_BIG_ENDIAN, { explicit: true, bigEndian: true, deflated: false }],
  [DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, { explicit: true, bigEndian: false, deflated: true }],
  // JPIP Referenced Deflate and JPIP HTJ2K Referenced Deflate (PS3.5 A.6, A.11).
  ['1.2.840.10008.1.2.4.95', { explicit: true, bigEndian: false, deflated: true }],
  ['1.2.840.10008.1.2.4.205', { explicit: true, bigEndian: false, deflated: true }],
]);

/** Every other syntax, encapsulated ones and private ones we have not heard of, is explicit VR little endian (PS3.5 A.4). */
export function transferSyntax(uid: string): TransferSyntax {
  return SPECIAL.get(uid) ?? EXPLICIT_LITTLE_ENDIAN;
}

/** Is it one of the Standard, or a private one that is known here? What stands in an object's file meta information may be anything. */
export function isKnownTransferSyntax(uid: string): boolean {
  return SPECIAL.has(uid) || isTransferSyntaxOfStandard(uid);
}
