export { DiskQueue, type DiskQueueOptions } from './disk-queue';
export { MAX_LETTERS, type LetterPage } from './dead-letters';
export {
  CLAIMS,
  FolderQueue,
  FolderShared,
  isSameFile,
  openRegular,
  type FileFacts,
  type FolderFile,
  type FolderQueueOptions,
} from './folder';
export { FreeSpace } from './free-space';
export { remoteHandle, serveHandle, type OpenedObject } from './handle-port';
export type { KeepLimits } from './kept-delivered';
export { MemoryQueue } from './memory';
export { HANDLE_BLOCK_BYTES, ObjectGone, QUEUE_BUSY, QueueBusy, type ObjectHandle } from './object-handle';
export { acknowledgeIdOf, isAcknowledgeId, isNameOf, sequenceOf } from './object-id';
export { mayHoldObjects } from './object-names';
export { ObjectDamaged } from './object-damaged';
export {
  QueueRefusal,
  type ObjectContent,
  type ObjectFacts,
  type ObjectQueue,
  type QueuedObject,
  type QueueWriter,
  type Unparked,
} from './object-queue';
export { ownerNode } from './parking';
export {
  DatabaseUnusable,
  isPlainName,
  numberIn,
  PostgresQueue,
  SharedState,
  type DatabaseConfig,
  type PostgresQueueOptions,
  type QueueState,
  type SharedPlace,
  type SharedStateOptions,
} from './postgres';
