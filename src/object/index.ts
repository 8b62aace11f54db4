export { changeableOf, withChanges } from './changed-object';
export { contentSource } from './content-source';
export type { FileEnvelope, ObjectEnvelope } from './envelope';
export { expected } from './expected';
export { fileHead, type HeadOf, receivedHead } from './file-head';
export { classFacts, dataSetFacts } from './letter-facts';
export {
  encodeHead,
  LATER_VERSION,
  NewerEnvelope,
  type ObjectHead,
  type ObjectNote,
  readHead,
} from './object-head';
export { compared, openBytes, openFile, openHandle, type OutgoingObject } from './outgoing-object';
export { NOT_AS_ANNOUNCED, type ObjectUids } from './object-uids';
export { whileFetching } from './partial-copy';
export { PATIENT_BYTES, patientIn, type Patient } from './patient';
export { ObjectChanged } from './file-bytes';
export { SpareMemory } from './spare-memory';
export { studyOf } from './study-of';
export { whole } from './whole';
export { framesOf, type FrameFragments, type FrameOptions } from './encapsulated-frames';
