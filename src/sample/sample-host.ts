import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sampleSettings, type SampleSettings } from './sample';

/** What the thread is given: the whole file, which moves there. */
export interface SampleJob {
  file: Uint8Array<ArrayBuffer>;
  settings: SampleSettings;
  placeholders: boolean;
}

export type SampleProblem =
  | 'notDicom'
  | 'damaged'
  | 'notAnObject'
  | 'messageTooLarge'
  /** It took longer, or more memory, than a sample is worth. */
  | 'tooMuchWork';

/** The message as JSON, or why there is none. Reasons name tags and sizes, never values. */
export type SampleOutcome = { message: string } | { problem: SampleProblem; reason: string };

const TIME_LIMIT_MS = 15_000;
const HEAP_MB = 256;

/** Makes a sample message in its own thread: a deflated or huge object must not keep Node-RED waiting. */
export function convertSampleFile(job: SampleJob): Promise<SampleOutcome> {
  return new Promise((resolve) => {
    const worker = new Worker(join(__dirname, 'sample-worker.js'), {
      name: 'dicom-in:sample',
      workerData: { ...job, settings: sampleSettings(job.settings) } satisfies SampleJob,
      transferList: [job.file.buffer],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const failed = (reason: string): void => resolve({ problem: 'tooMuchWork', reason });
    const deadline = setTimeout(() => {
      failed(`more than ${TIME_LIMIT_MS / 1000} s`);
      void worker.terminate();
    }, TIME_LIMIT_MS);
    worker.once('message', (outcome: SampleOutcome) => resolve(outcome));
    worker.once('error', (error) => failed(error instanceof Error ? error.message : String(error)));
    worker.once('exit', (code) => {
      clearTimeout(deadline);
      failed(`exit code ${code}`);
    });
  });
}
