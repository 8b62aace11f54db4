import { DICOM_EDIT } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not changed. Each has words in the catalogue, and a code. */
export type EditFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notRead'
  | 'noValue'
  | 'notChanged'
  | 'notStored'
  | 'tooLarge'
  | 'busy'
  | 'stopped';

export class EditFailed extends Error {
  constructor(
    readonly failure: EditFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** For Catch nodes: `notChanged` → `DICOM_EDIT_NOT_CHANGED`. */
export function failureCode(failure: EditFailure): string {
  return `${DICOM_EDIT.type}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
}

/** The failure in Node-RED's language, with its code. */
export function editError(text: Text, { failure, values }: EditFailed): Error & { code: string } {
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code: failureCode(failure) });
}
