import { QueueRefusal } from './object-queue';

const SENTENCES: Record<string, string> = {
  ENOSPC: 'the disk of the queue is full: free some space on it',
  EDQUOT: 'the disk quota of the queue is used up: raise it, or free space',
  EROFS: 'the disk of the queue is read-only: mount it writable',
  EACCES: 'the queue directory may not be written to',
  ENOENT: 'the queue directory is gone: create it again',
  EMFILE: 'too many files are open: raise the limit of open files',
};

/** Why the queue takes nothing, where the system says no: its disk is full, read-only, gone. */
export function refusal(error: unknown): QueueRefusal {
  if (error instanceof QueueRefusal) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  return new QueueRefusal(code, SENTENCES[code] ?? `the object cannot be stored (${code})`);
}

/** @throws QueueRefusal for whatever the operation throws */
export function refusing<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw refusal(error);
  }
}
