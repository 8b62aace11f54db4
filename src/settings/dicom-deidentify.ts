import { checkDirectory } from './checks/directory';
import { checkFilenameTemplate } from './checks/filename-template';
import { checkUidList } from './checks/uids';
import { splitList } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import { someOf, text } from './fields';
import { finding, type Finding, type Problem } from './finding';

/** Every property of a `dicom-deidentify` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** Options of PS3.15 E.3. */
  options: someOf(
    'retain-uids',
    'retain-device',
    'retain-institution',
    'retain-patient-characteristics',
    'retain-full-dates',
    'retain-modified-dates',
    'retain-safe-private',
    'clean-descriptors',
    'clean-structured-content',
    'clean-graphics',
  ),
  /** A comma list: what may stay in text that is cleaned. */
  allowedWords: text(''),
  /** A comma list of SOP Class UIDs, which are passed if Burned In Annotation says NO. */
  alsoPass: text('', checkUidList),
  /** `hmac`: made of the Patient ID; `msg.NAME`: the message has it; `flow.NAME`, `global.NAME`: looked up there by the Patient ID. */
  pseudonym: text('hmac', checkPseudonym),
  /** Empty: below `<userDir>/dicom/<node id>`. */
  directory: text('', checkDirectory),
  filenameTemplate: text(
    '{PatientID}/{StudyInstanceUID}/{SeriesInstanceUID}/{SOPInstanceUID}.dcm',
    checkFilenameTemplate,
  ),
  /** A comma list of properties of the message that the new message has, too. */
  keepProperties: text('', checkKept),
};

export type DicomDeidentifyField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-deidentify` node, typed and checked. */
export type DicomDeidentifySettings = SettingsOf<typeof FIELDS>;

/** What Node-RED keeps encrypted. */
export const DEIDENTIFY_CREDENTIALS = { secret: { type: 'password' } } as const;
/** Bytes of a secret, at least. */
const LEAST_SECRET = 16;

export function checkSecret(secret: string): Finding<'secretMissing' | 'secretTooShort'>[] {
  if (secret === '') return [finding('secretMissing')];
  const isLong = new TextEncoder().encode(secret).length >= LEAST_SECRET;
  return isLong ? [] : [finding('secretTooShort', { least: LEAST_SECRET })];
}

export const DICOM_DEIDENTIFY = define('dicom-deidentify', FIELDS, {
  together: checkTogether,
  migrations: [],
});
/** What can be wrong with the settings of a `dicom-deidentify` node. */
export type DicomDeidentifyProblem = ReturnType<typeof DICOM_DEIDENTIFY.parse>['problems'][number];

/** Where a pseudonym comes from, by the setting. */
export type PseudonymSource =
  { kind: 'hmac' } | { kind: 'msg'; property: string } | { kind: 'flow' | 'global'; property: string };

const PSEUDONYM = /^(msg|flow|global)\.([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)$/;

/** Undefined: it is none of them. */
export function pseudonymSource(setting: string): PseudonymSource | undefined {
  if (setting.trim() === 'hmac' || setting.trim() === '') return { kind: 'hmac' };
  const [, kind, property] = PSEUDONYM.exec(setting.trim()) ?? [];
  return kind === undefined || property === undefined
    ? undefined
    : { kind: kind as 'msg' | 'flow' | 'global', property };
}

function checkPseudonym(value: string): Finding<'notAPseudonym'>[] {
  return pseudonymSource(value) === undefined ? [finding('notAPseudonym', { value })] : [];
}

/** What is about the object is what the new object says. */
const OF_THE_OBJECT = ['payload', 'topic', 'dicom', 'filename', '_msgid'];

function checkKept(value: string): Finding<'notKept'>[] {
  return splitList(value)
    .filter((name) => OF_THE_OBJECT.includes(name) || !/^[A-Za-z_$][\w$]*$/.test(name))
    .map((name) => finding('notKept', { value: name }));
}

function checkTogether({
  options,
}: DicomDeidentifySettings): Problem<DicomDeidentifyField, 'twoKindsOfDates'>[] {
  const isBoth = options.includes('retain-full-dates') && options.includes('retain-modified-dates');
  return isBoth ? [{ field: 'options', ...finding('twoKindsOfDates') }] : [];
}
