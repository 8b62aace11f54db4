import { checkProperty } from './checks/property';
import { emptyOr } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, flag, integer, text } from './fields';
import { finding, type Finding, type Problem } from './finding';

/** Every property of a `dicom-image` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** Of the message, which gets the picture. */
  property: text('payload', checkProperty),
  format: choice('png', 'jpeg', 'data-url'),
  /** `first`, `middle`, `all`, or a number from 1 on. */
  frame: text('first', emptyOr(checkFrame)),
  /** Pixels; 0: as the frame is. */
  longestEdge: integer(512, 0, 8_192),
  /** Which values of a grey image are shown. */
  window: choice('object', 'percentile', 'given'),
  windowCenter: text('', emptyOr(checkNumber)),
  windowWidth: text('', emptyOr(checkWidth)),
  overlays: flag(false),
};

export type DicomImageField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-image` node, typed and checked. */
export type DicomImageSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomImageField, 'required'>;

export const DICOM_IMAGE = define('dicom-image', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-image` node. */
export type DicomImageProblem = ReturnType<typeof DICOM_IMAGE.parse>['problems'][number];

const FRAME_WORDS = ['first', 'middle', 'all'] as const;
const FRAME_NUMBER = /^[1-9]\d{0,8}$/;

/** The frames that a setting that has been checked means. */
export function frameOf(setting: string): (typeof FRAME_WORDS)[number] | number {
  return FRAME_WORDS.find((word) => word === setting) ?? Number(setting);
}

function checkFrame(value: string): Finding<'notAFrame'>[] {
  const frame = value.trim();
  const isOne = FRAME_NUMBER.test(frame) || FRAME_WORDS.some((word) => word === frame);
  return isOne ? [] : [finding('notAFrame', { value: frame })];
}

const LONGEST_NUMBER = 32;

function checkNumber(value: string): Finding<'notANumber'>[] {
  const isNumber = value.length <= LONGEST_NUMBER && Number.isFinite(Number(value));
  return isNumber ? [] : [finding('notANumber', { value: value.slice(0, LONGEST_NUMBER) })];
}

function checkWidth(value: string): Finding<'notANumber' | 'notAWidth'>[] {
  const problems = checkNumber(value);
  return problems.length > 0 || Number(value) > 0 ? problems : [finding('notAWidth', { value })];
}

function checkTogether({
  property,
  frame,
  window,
  windowCenter,
  windowWidth,
}: DicomImageSettings): TogetherProblem[] {
  const needed: [DicomImageField, string][] = [
    ['property', property],
    ['frame', frame],
  ];
  if (window === 'given') needed.push(['windowCenter', windowCenter], ['windowWidth', windowWidth]);
  return needed.filter(([, value]) => value === '').map(([field]) => ({ field, ...finding('required') }));
}
