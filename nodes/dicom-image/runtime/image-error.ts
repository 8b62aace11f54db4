import { DICOM_IMAGE } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why there is no picture. Each has words in the catalogue, and a code. */
export type ImageFailure =
  | 'settingsInvalid'
  | 'notUnderstood'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notChanged'
  | 'notRead'
  | 'noPicture'
  | 'tooMuchWork'
  | 'busy'
  | 'stopped';

export class ImageFailed extends Error {
  constructor(
    readonly failure: ImageFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** For Catch nodes: `noPicture` → `DICOM_IMAGE_NO_PICTURE`. */
export function failureCode(failure: ImageFailure): string {
  return `${DICOM_IMAGE.type}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
}

/** The failure in Node-RED's language, with its code. */
export function imageError(text: Text, { failure, values }: ImageFailed): Error & { code: string } {
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code: failureCode(failure) });
}
