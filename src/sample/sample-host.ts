import { join } from 'node:path';
import { JobFailed, JobOutdated, runJob } from '../worker';
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
  | 'tooMuchWork'
  /** The package was updated while Node-RED was running. */
  | 'outdated';

/** The message as JSON, or why there is none. Reasons name tags and sizes, never values. */
export type SampleOutcome = { message: string } | { problem: SampleProblem; reason: string };

const HEAP_MB = 256;
const TIME_LIMIT_MS = 15_000;

/** Makes a sample message in its own thread: a deflated or huge object must not keep Node-RED waiting. */
export async function convertSampleFile(job: SampleJob): Promise<SampleOutcome> {
  const choice = { file: join(__dirname, 'sample-worker.js'), name: 'dicom-in:sample', heapMB: HEAP_MB };
  const given: SampleJob = { ...job, settings: sampleSettings(job.settings) };
  try {
    return await runJob<SampleJob, SampleOutcome>(choice, given, {
      timeMs: TIME_LIMIT_MS,
      transfer: [job.file.buffer],
    });
  } catch (error) {
    if (error instanceof JobOutdated) return { problem: 'outdated', reason: error.message };
    if (error instanceof JobFailed) return { problem: 'tooMuchWork', reason: error.message };
    throw error;
  }
}
