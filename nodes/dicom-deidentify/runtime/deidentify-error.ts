import { DICOM_DEIDENTIFY } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why an object is not de-identified, although it is not kept back. Each has words in the catalogue, and a code. */
export type DeidentifyFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notChanged'
  | 'notRead'
  | 'busy'
  | 'stopped';

export class DeidentifyFailed extends NodeFailed<DeidentifyFailure> {}

export const DEIDENTIFY_ERRORS = nodeErrors<DeidentifyFailure>(DICOM_DEIDENTIFY.type);

/** The failure in Node-RED's language, with its code. */
export const deidentifyError = DEIDENTIFY_ERRORS.errorOf;

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
