import { isEnvironmentReference } from './checks/environment';
import { checkStatus, parseStatus } from './checks/statuses';
import { type ChoiceProblem, oneOf } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, text } from './fields';
import { finding, type Finding, type Problem } from './finding';

/** The answers that the dialog offers: DIMSE statuses as four hexadecimal digits, or `custom`. */
const RESPONSE_STATUSES = ['0000', 'B000', 'B006', 'B007', 'A700', 'A900', 'C000', 'custom'] as const;

/** What an Error Comment (0000,0902) holds. */
const MAX_COMMENT_LENGTH = 64;

/** Every property of a `dicom-response` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** An environment variable may be any status. */
  status: { ...choice<string>(...RESPONSE_STATUSES), check: checkAnswer, digits: 4 },
  /** Four hexadecimal digits; used where `status` is `custom`, and not in the way where it is not. */
  customStatus: { ...text(''), digits: 4 },
  /** Error Comment (0000,0902) for statuses that are not success; what is too long is cut off. */
  errorComment: text('', checkComment),
};

export type DicomResponseField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-response` node, typed and checked. */
export type DicomResponseSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomResponseField, 'required' | 'notAStatus'>;

export const DICOM_RESPONSE = define('dicom-response', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-response` node. */
export type DicomResponseProblem = ReturnType<typeof DICOM_RESPONSE.parse>['problems'][number];

function checkTogether({ status, customStatus }: DicomResponseSettings): TogetherProblem[] {
  if (status !== 'custom' || isEnvironmentReference(customStatus)) return [];
  const found = customStatus === '' ? [finding('required')] : checkStatus(customStatus);
  return found.map((one) => ({ ...one, field: 'customStatus' as const }));
}

function checkAnswer(value: string): Finding<ChoiceProblem>[] {
  return parseStatus(value) === undefined ? oneOf(RESPONSE_STATUSES)(value) : [];
}

function checkComment(value: string): Finding<'commentTooLong'>[] {
  const isTooLong = value.trim().length > MAX_COMMENT_LENGTH;
  return isTooLong ? [finding('commentTooLong', { max: MAX_COMMENT_LENGTH }, 'warning')] : [];
}
