import { DICOM } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why a message is not converted. Each has words in the catalogue, and a code. */
export type DicomFailure =
  | 'settingsInvalid'
  | 'invalid'
  | 'notRead'
  | 'notBuilt'
  | 'notChanged'
  | 'notTheObject'
  | 'objectGone'
  | 'notStored'
  | 'tooLarge'
  | 'busy'
  | 'stopped';

export class DicomFailed extends Error {
  constructor(
    readonly failure: DicomFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** For Catch nodes: `notBuilt` → `DICOM_NOT_BUILT`. */
export function failureCode(failure: DicomFailure): string {
  return `${DICOM.type}_${failure.replace(/[A-Z]/g, '_$&')}`.toUpperCase();
}

/** The failure in Node-RED's language, with its code. */
export function dicomError(text: Text, { failure, values }: DicomFailed): Error & { code: string } {
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code: failureCode(failure) });
}
