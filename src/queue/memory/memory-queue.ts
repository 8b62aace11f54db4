import { KEEP_NOTHING } from '../kept-delivered';
import { LocalQueue, type LocalQueueOptions } from '../local-queue';
import { MemoryStorage } from './memory-storage';

export type MemoryQueueOptions = Pick<LocalQueueOptions, 'maxObjects' | 'onLeftover'> &
  Partial<LocalQueueOptions>;

/** A queue in this process's memory: lost when it ends, and so honest only for `queue: memory`. */
export class MemoryQueue extends LocalQueue {
  constructor(options: MemoryQueueOptions) {
    super({ ...KEEP_NOTHING, ...options }, (listener) => new MemoryStorage(listener));
  }
}
