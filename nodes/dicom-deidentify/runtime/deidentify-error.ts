import { isSystemCode } from '../../../src/basics';
import { isNameRefused } from '../../../src/message';
import { DICOM_DEIDENTIFY } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

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

export class DeidentifyFailed extends NodeFailed<DeidentifyFailure> {
  /** @param isForGood the object, or what its message says of it, is the reason: it will be the next time, too */
  constructor(
    failure: DeidentifyFailure,
    values: Record<string, string | number> = {},
    readonly isForGood = false,
  ) {
    super(failure, values);
  }
}

export const DEIDENTIFY_ERRORS = nodeErrors<DeidentifyFailure>(DICOM_DEIDENTIFY.type);

/** The failure in Node-RED's language, with its code. */
export const deidentifyError = DEIDENTIFY_ERRORS.errorOf;

/** What the worker says, by its code. */
const BY_CODE: Readonly<Record<string, DeidentifyFailure>> = {
  'not-the-object': 'notTheObject',
  'changes-invalid': 'notChanged',
  'cannot-change': 'notChanged',
};

/** The disk is the reason, which may have room again: it is tried again. All else is so the next time, too, as is a name that cannot be. */
const MAY_PASS: ReadonlySet<string> = new Set(['read-failed', 'not-placed']);

/**
 * As an error of the node.
 * @param isQueued the object is in a queue; any other is a file of somebody else
 */
export function failureOfCode(
  { code, text }: { code: string; text: string },
  isQueued: boolean,
): DeidentifyFailed {
  const isForGood = isSystemCode(code) ? isNameRefused(code) : !MAY_PASS.has(code);
  // The queue has let the object go.
  const failure = isQueued && code === 'ENOENT' ? 'objectGone' : (BY_CODE[code] ?? 'notRead');
  return new DeidentifyFailed(failure, { reason: text }, isForGood);
}
