import { DICOM_DEIDENTIFY } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not de-identified, although it is not kept back. Each has words in the catalogue, and a code. */
export type DeidentifyFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'listInvalid'
  | 'instancesFailed'
  | 'objectGone'
  | 'notTheObject'
  | 'notChanged'
  | 'notRead'
  | 'busy'
  | 'stopped';

export class DeidentifyFailed extends Error {
  constructor(
    readonly failure: DeidentifyFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** What the worker says, by its code. */
const BY_CODE: Readonly<Record<string, DeidentifyFailure>> = {
  'not-the-object': 'notTheObject',
  'changes-invalid': 'notChanged',
  'cannot-change': 'notChanged',
  ENOENT: 'objectGone',
  EGONE: 'objectGone',
};

/** The system's words name the file, which may be named after a patient: its code is enough. */
export function failureOfCode({ code, text }: { code: string; text: string }): DeidentifyFailed {
  const reason = /^E[A-Z0-9]+$/.test(code) ? code : text;
  return new DeidentifyFailed(BY_CODE[code] ?? 'notRead', { reason });
}

/** The failure in Node-RED's language, with its code: `notRead` → `DICOM_DEIDENTIFY_NOT_READ`. */
export function deidentifyError(text: Text, { failure, values }: DeidentifyFailed): Error & { code: string } {
  const name = `${DICOM_DEIDENTIFY.type}_${failure.replace(/[A-Z]/g, '_$&')}`;
  const code = name.replaceAll('-', '_').toUpperCase();
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code });
}
