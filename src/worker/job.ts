import { parentPort, Worker, workerData } from 'node:worker_threads';
import { asError } from '../basics';
import { PROTOCOL } from './protocol';
import type { WorkerChoice } from './worker-thread';

/** What a thread is given that does one job and ends. */
interface JobStart<Job> {
  protocol: number;
  job: Job;
}

interface JobResult<Result> {
  protocol: number;
  result: Result;
}

export interface JobLimits {
  timeMs: number;
  /** Memory that moves to the thread with the job. */
  transfer?: ArrayBuffer[];
}

/** There is no result: it took longer, or more memory, than it may, or its thread broke. The text says which. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

/** The thread's file is of another version of this package than the code that started it: nothing was done. */
export class JobOutdated extends Error {
  override readonly name = 'JobOutdated';
}

/** Does one job in its own thread, which ends with the job. @throws JobFailed, JobOutdated */
export function runJob<Job, Result>(
  { file, name, heapMB }: WorkerChoice,
  job: Job,
  { timeMs, transfer = [] }: JobLimits,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const start: JobStart<Job> = { protocol: PROTOCOL, job };
    const worker = new Worker(file, {
      name,
      workerData: start,
      transferList: transfer,
      resourceLimits: { maxOldGenerationSizeMb: heapMB },
    });
    const failed = (reason: string): void => reject(new JobFailed(reason));
    const deadline = setTimeout(() => {
      failed(`more than ${timeMs / 1_000} s`);
      void worker.terminate();
    }, timeMs);
    worker.once('message', (message: Partial<JobResult<Result>> | null | undefined) => {
      const { protocol, result } = message ?? {};
      if (protocol === PROTOCOL) resolve(result as Result);
      else {
        reject(new JobOutdated('the package was updated while Node-RED was running: restart Node-RED'));
        void worker.terminate();
      }
    });
    worker.once('error', (error) => failed(asError(error).message));
    worker.once('exit', (code) => {
      clearTimeout(deadline);
      failed(`exit code ${code}`);
    });
  });
}

/** The thread's side, called once by its entry. Where the other side is of another protocol, nothing is done. */
export function serveJob<Job, Result>(work: (job: Job) => Result): void {
  if (parentPort === null) throw new Error('a job is started as a thread, by runJob');
  const { protocol, job } = workerData as Partial<JobStart<Job>>;
  const isSame = protocol === PROTOCOL;
  parentPort.postMessage({ protocol: PROTOCOL, ...(isSame && { result: work(job as Job) }) });
}
