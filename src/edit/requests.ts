import type { MessagePort } from 'node:worker_threads';
import type { PayloadSettings } from '../message';
import type { BuildTask, BuiltMessage } from './build';
import type { Given } from './given';
import type { ReadMessage, ReadTask } from './read';

/** Why there is no result. Errors lose their codes between threads, so it goes as data. */
export interface EditFailure {
  failure: {
    /** A `DicomErrorCode`, `damaged`, or the system's code, such as `ENOENT`. */
    code: string;
    /** For an operator: without values of the object. */
    text: string;
  };
}

/** A message that names no place: `payload`, `topic`, and what `msg.dicom` can say of an object that nobody sent. */
export interface MadeMessage {
  /** As JSON, which crosses to the main thread at the least cost. */
  json: string;
}

/**
 * What may be done to an object in its worker, by name. Each takes the object as the first argument, and as the second the
 * port to its queue, where it lies in one.
 */
export interface EditRequests {
  /** Its message. */
  parse(
    given: Given,
    port: MessagePort | undefined,
    payload: PayloadSettings,
  ): Promise<MadeMessage | EditFailure>;
  /** Its message, where it came as bytes or as a file. */
  read(given: Given, port: MessagePort | undefined, task: ReadTask): Promise<ReadMessage | EditFailure>;
  /** A new object; nothing is given where nothing of an object is needed. */
  build(
    given: Given | undefined,
    port: MessagePort | undefined,
    task: BuildTask,
  ): Promise<BuiltMessage | EditFailure>;
}
