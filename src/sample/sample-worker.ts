import { DicomError } from '../dicom';
import { SAMPLE_MESSAGE_LIMIT } from '../settings';
import { serveJob } from '../worker';
import { convertSample, NotAnObject } from './sample';
import type { SampleJob, SampleOutcome } from './sample-host';

/** The entry of a thread that makes one sample message and ends. */
serveJob(outcome);

function outcome({ file, settings, placeholders }: SampleJob): SampleOutcome {
  try {
    const message = JSON.stringify(convertSample(Buffer.from(file.buffer), settings, placeholders));
    if (message.length <= SAMPLE_MESSAGE_LIMIT) return { message };
    return { problem: 'messageTooLarge', reason: String(message.length) };
  } catch (error) {
    if (error instanceof NotAnObject) return { problem: 'notAnObject', reason: error.message };
    if (!(error instanceof DicomError)) throw error;
    return { problem: error.code === 'no-file-meta' ? 'notDicom' : 'damaged', reason: error.message };
  }
}
