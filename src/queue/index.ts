export { DiskQueue, type DiskQueueOptions } from './disk-queue';
export type { LockError } from './directory-lock';
export {
  NotSyncable,
  checkSyncing,
  isUnsupported,
  makeDurableDirectory,
  once,
  syncDirectoryNow,
  writeAll,
  writePieces,
  type OnWarning,
} from './durable';
export { MemoryQueue } from './memory-queue';
export { mayHoldObjects } from './object-names';
export type { QueueWarning } from './queue-warning';
export {
  LETTERS,
  MAX_LETTERS,
  QueueRefusal,
  type DeadLetter,
  type DeadLetters,
  type LetterFacts,
  type LetterPage,
  type ObjectContent,
  type ObjectQueue,
  type QueuedObject,
  type QueueWriter,
} from './object-queue';
export { ObjectDamaged } from './object-place';
