/** The options of PS3.15 E.3 that are offered, in the order of the letters in `TABLE_E_1_1`. */
export const DEIDENTIFY_OPTIONS = [
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
] as const;

export type DeidentifyOption = (typeof DEIDENTIFY_OPTIONS)[number];

/** A code of CID 7050 (PS3.16) and its meaning. */
export type MethodCode = readonly [value: string, meaning: string];

const BASIC_PROFILE: MethodCode = ['113100', 'Basic Application Confidentiality Profile'];

const OPTION_CODES: Readonly<Record<DeidentifyOption, MethodCode>> = {
  'clean-graphics': ['113103', 'Clean Graphics Option'],
  'clean-structured-content': ['113104', 'Clean Structured Content Option'],
  'clean-descriptors': ['113105', 'Clean Descriptors Option'],
  'retain-full-dates': ['113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
  'retain-modified-dates': ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
  'retain-patient-characteristics': ['113108', 'Retain Patient Characteristics Option'],
  'retain-device': ['113109', 'Retain Device Identity Option'],
  'retain-uids': ['113110', 'Retain UIDs Option'],
  'retain-safe-private': ['113111', 'Retain Safe Private Option'],
  'retain-institution': ['113112', 'Retain Institution Identity Option'],
};

/** What was done, as (0012,0064) says it: the profile first, then the options by their codes. */
export function methodCodes(options: ReadonlySet<DeidentifyOption>): MethodCode[] {
  const codes = DEIDENTIFY_OPTIONS.filter((option) => options.has(option)).map(
    (option) => OPTION_CODES[option],
  );
  return [BASIC_PROFILE, ...codes.sort(([one], [other]) => one.localeCompare(other))];
}

/** (0028,0303): what the dates of the object are now. */
export function temporalInformation(options: ReadonlySet<DeidentifyOption>): string {
  if (options.has('retain-modified-dates')) return 'MODIFIED';
  return options.has('retain-full-dates') ? 'UNMODIFIED' : 'REMOVED';
}
