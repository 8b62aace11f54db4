export { type Compression, compressionOf } from './compression';
export { knownAttributes, lookUp, tagOfKeyword } from './dictionary';
export { allowsCount } from './multiplicity';
export { newUid, uidOfHash } from './new-uid';
export { isPrivate, isPrivateCreator, TAG, tagHex, tagOf } from './tags';
export {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  isKnownTransferSyntax,
  transferSyntax,
  type TransferSyntax,
} from './transfer-syntax';
export { isStorageSopClass, uidName } from './uids';
export { isInstanceOfStandard, isUidOfStandard } from './uids-of-standard';
export { AMBIGUOUS_VR, isUpperCase, Kind, type Vr, VR, vrOfBytes, vrOfName } from './vr';
export { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './implementation';
export { isAcceptableInstanceUid, isPlainUid, knownClass, MAX_UID_LENGTH } from './uid-text';
