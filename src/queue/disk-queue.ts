import { type DiskFiles, realFiles } from '../basics';
import { DiskStorage, type DiskStorageOptions } from './disk-storage';
import { KEEP_NOTHING } from './kept-delivered';
import { LocalQueue, type LocalQueueOptions } from './local-queue';

export type DiskQueueOptions = DiskStorageOptions &
  Pick<LocalQueueOptions, 'maxObjects' | 'onLeftover' | 'studyOf'> &
  Partial<LocalQueueOptions>;

/** A queue in a directory. Only one process, and one queue of it, has it at a time. */
export class DiskQueue extends LocalQueue {
  constructor(options: DiskQueueOptions, files: DiskFiles = realFiles) {
    super({ ...KEEP_NOTHING, ...options }, (listener) => new DiskStorage(options, files, listener));
  }
}
