import { DICOM_STUDY } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not collected, or a study cannot be told of. Each has words in the catalogue, and a code. */
export type StudyFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'bufferOnly'
  | 'objectGone'
  | 'notRead'
  | 'notChanged'
  | 'changesTooLarge'
  | 'notStored'
  | 'badControl'
  | 'notOpen'
  | 'objectsLost'
  | 'stopped';

export class StudyFailed extends Error {
  constructor(
    readonly failure: StudyFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** The failure in Node-RED's language, with its code: `notRead` → `DICOM_STUDY_NOT_READ`. */
export function studyError(text: Text, { failure, values }: StudyFailed): Error & { code: string } {
  const name = `${DICOM_STUDY.type}_${failure.replace(/[A-Z]/g, '_$&')}`;
  const code = name.replaceAll('-', '_').toUpperCase();
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code });
}
