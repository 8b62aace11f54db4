import { splitList } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, integer, text } from './fields';
import { finding, type Finding, type Problem } from './finding';

const MAX_SECONDS = 86_400;
const MAX_CEILING_SECONDS = 2_592_000;
const MOST_EXPECTED = 1_000_000;

/** Every property of a `dicom-study` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** `study`, `series`, or the keyword of an attribute. */
  groupBy: text('study', checkGroupBy),

  // Triggers; 0: not so
  idleSeconds: integer(60, 0, MAX_SECONDS),
  associationEndSeconds: integer(5, 0, MAX_SECONDS),
  ceilingSeconds: integer(0, 0, MAX_CEILING_SECONDS),
  /** A number; `object`: what objects say themselves; empty: only what messages say. */
  expected: text('', checkExpected),
  /** Comma list of modalities or series descriptions. */
  requiredModalities: text(''),

  /** When an object is acknowledged: when the flow acknowledges the message that lists it, or when that has been sent. */
  acknowledge: choice('downstream', 'fired'),
};

export type DicomStudyField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-study` node, typed and checked. */
export type DicomStudySettings = SettingsOf<typeof FIELDS>;

export const DICOM_STUDY = define('dicom-study', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-study` node. */
export type DicomStudyProblem = ReturnType<typeof DICOM_STUDY.parse>['problems'][number];

const KEYWORD = /^[A-Z][A-Za-z0-9]{1,63}$/;

function checkGroupBy(value: string): Finding<'notAGroup'>[] {
  const by = value.trim();
  return by === 'study' || by === 'series' || isKeyword(by) ? [] : [notAGroup(by)];
}

/** Whether it may be the keyword of an attribute; only who has the dictionary knows whether there is one. */
export function isKeyword(groupBy: string): boolean {
  return KEYWORD.test(groupBy);
}

export function notAGroup(groupBy: string): Finding<'notAGroup'> {
  return finding('notAGroup', { value: groupBy });
}

function checkExpected(value: string): Finding<'notExpected'>[] {
  const expected = value.trim();
  const isNumber = /^\d{1,7}$/.test(expected) && Number(expected) >= 1 && Number(expected) <= MOST_EXPECTED;
  return expected === '' || expected === 'object' || isNumber
    ? []
    : [finding('notExpected', { value: expected, max: MOST_EXPECTED })];
}

function checkTogether(settings: DicomStudySettings): Problem<DicomStudyField, 'noTrigger'>[] {
  const { idleSeconds, associationEndSeconds, ceilingSeconds, expected, requiredModalities } = settings;
  const isTriggered =
    idleSeconds + associationEndSeconds + ceilingSeconds > 0 ||
    expected !== '' ||
    splitList(requiredModalities).length > 0;
  return isTriggered ? [] : [{ field: 'idleSeconds', ...finding('noTrigger', {}, 'warning') }];
}
