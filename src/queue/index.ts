export { DiskQueue, type DiskQueueOptions } from './disk-queue';
export { MemoryQueue } from './memory';
export { mayHoldObjects } from './object-names';
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
