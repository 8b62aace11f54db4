export { MemoryQueue } from './memory-queue';
