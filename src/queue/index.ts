export { DiskQueue } from './disk-queue';
export { MemoryQueue } from './memory-queue';
export {
  QueueRefusal,
  type ObjectContent,
  type ObjectQueue,
  type QueuedObject,
  type QueueWriter,
} from './object-queue';
