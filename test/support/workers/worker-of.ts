import type { Worker } from 'node:worker_threads';
import type { ReceiverHost } from '../../../src/receiver';
import type { SenderHost } from '../../../src/sender';

/** The thread in which a receiver, or the sender, runs now, to do it harm. */
export function workerOf(host: ReceiverHost | SenderHost): Worker {
  const worker = runningWorkerOf(host);
  if (worker === undefined) throw new Error('no worker runs');
  return worker;
}

export function runningWorkerOf(host: ReceiverHost | SenderHost): Worker | undefined {
  return (host as unknown as { worker?: { thread?: { worker: Worker } } }).worker?.thread?.worker;
}
