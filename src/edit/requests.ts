import type { MessagePort } from 'node:worker_threads';
import type { DeidentifyOption } from '../dicom';
import type { PayloadSettings } from '../message';
import type { EditedMessage, EditTask, Unchanged } from './edit';
import type { BuildTask, BuiltMessage } from './build';
import type { Given } from './given';
import type { MadeMessage } from './made-message';
import type { ReadMessage, ReadTask } from './read';

/** Why there is no result. Errors lose their codes between threads, so it goes as data. */
export interface EditFailure {
  failure: {
    /** A `DicomErrorCode`, `damaged`, `not-placed`, `name-refused`, or the system's code, such as `ENOENT`. */
    code: string;
    /** For an operator: without values of the object. */
    text: string;
  };
}

/** How an object is de-identified. */
export interface DeidentifyHow {
  options: readonly DeidentifyOption[];
  /** At least 16 bytes as UTF-8. */
  secret: string;
  allowedWords: readonly string[];
  /** SOP Class UIDs. */
  alsoPass: readonly string[];
  /** Undefined: it is made of the Patient ID. */
  pseudonym: string | undefined;
  payload: PayloadSettings;
  /** Where the new object goes, unless the given one is in memory. */
  output: { directory: string; filenameTemplate: string };
  /** Where an object of no queue goes that is kept back; undefined: its queue has it. */
  keptBackDirectory: string | undefined;
}

/** Of the new object, which is in memory or in a file. */
export type DeidentifiedMessage = MadeMessage & ({ object: Uint8Array } | { filename: string });

/** It cannot be excluded that the object says whose it is. */
export interface KeptBackObject {
  keptBack: {
    /** A `KeptBackReason`. */
    reason: string;
    /** For an operator: without values of the object. */
    text: string;
    /** Where the identified object is, unless its queue has it. */
    filename?: string;
  };
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
  /** Another one that says of nobody that it is theirs. */
  deidentify(
    given: Given,
    port: MessagePort | undefined,
    how: DeidentifyHow,
  ): Promise<DeidentifiedMessage | KeptBackObject | EditFailure>;
  /** What rules make of it. */
  edit(
    given: Given,
    port: MessagePort | undefined,
    task: EditTask,
  ): Promise<EditedMessage | Unchanged | EditFailure>;
  /** Its message, where it came as bytes or as a file. */
  read(given: Given, port: MessagePort | undefined, task: ReadTask): Promise<ReadMessage | EditFailure>;
  /** A new object; nothing is given where nothing of an object is needed. */
  build(
    given: Given | undefined,
    port: MessagePort | undefined,
    task: BuildTask,
  ): Promise<BuiltMessage | EditFailure>;
}
