import type { Worker } from 'node:worker_threads';
import type { ReceiverHost } from '../../src/receiver';

/** The thread in which a receiver runs now, to do it harm. */
export function workerOf(host: ReceiverHost): Worker {
  return (host as unknown as { worker: { thread: { worker: Worker } } }).worker.thread.worker;
}
