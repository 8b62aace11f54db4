import type { NodeAPI } from 'node-red';
import { type DicomChanges, DicomError } from '../../../src/dicom';
import { hasFailed } from '../../../src/edit';
import { payloadOf } from '../../../src/message';
import { DICOM_IN, type DicomStudySettings } from '../../../src/settings';
import { seriesFields, studyFields, type StudyObject } from '../../../src/study';
import { isUnheard } from '../../../src/worker';
import { despiteOthers, editWorkerOf } from '../../runtime/edit-worker';
import {
  givenObject,
  type GivenObject,
  type MessageObject,
  type ObjectMessage,
  objectOf,
} from '../../runtime/objects';
import { StudyFailed } from './study-error';

/** What a message tells of its object. */
export interface Sections {
  CommonFields: Record<string, unknown>;
  /** By keyword. */
  Tags: Record<string, unknown>;
}

/** Characters of what groups are told apart by. */
const LONGEST_KEY = 1_024;
const LONGEST_TEXT = 4_096;

/**
 * What is known of the object of a message. Where the message does not have what is needed, the object is read.
 * @throws StudyFailed; DicomError; what a queue that cannot be asked throws
 */
export async function factsOf(
  RED: NodeAPI,
  { groupBy, expected }: Pick<DicomStudySettings, 'groupBy' | 'expected'>,
  message: ObjectMessage,
  changes: DicomChanges | undefined,
): Promise<StudyObject> {
  const needsTags = expected === 'object';
  let sections = sectionsIn(message.payload);
  const isKnown = (keyword: string): boolean => valueIn(sections, keyword) !== undefined;
  const grouping = groupBy === 'study' || groupBy === 'series' ? [] : [groupBy];
  const hasUids = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].every(isKnown);
  const hasTags = Object.keys(sections.Tags).length > 0;
  // One that it does not have is not in its Tags either.
  const hasGrouping = grouping.every((keyword) => isKnown(keyword) || hasTags);
  if (!hasUids || !hasGrouping || (needsTags && !hasTags))
    sections = await despiteOthers(() => readSections(RED, message, needsTags || !hasGrouping));
  return objectFrom(sections, groupBy, needsTags, message, changes);
}

function objectFrom(
  sections: Sections,
  groupBy: string,
  counts: boolean,
  message: ObjectMessage,
  changes: DicomChanges | undefined,
): StudyObject {
  const text = (keyword: string): string => textOf(valueIn(sections, keyword));
  const dicom: Record<string, unknown> = { ...message.dicom };
  const [studyInstanceUID, seriesInstanceUID] = [text('StudyInstanceUID'), text('SeriesInstanceUID')];
  const sopInstanceUID = textIn(dicom['sopInstanceUID']) ?? text('SOPInstanceUID');
  if (studyInstanceUID === '' || sopInstanceUID === '')
    throw new StudyFailed('notRead', { reason: 'it has no Study or SOP Instance UID' });
  const { CommonFields } = sections;
  const instanceNumber = valueIn(sections, 'InstanceNumber');
  const counted = counts ? countIn(sections, groupBy) : undefined;
  const { size } = dicom;
  return {
    key: keyOf(groupBy, text, studyInstanceUID, seriesInstanceUID),
    studyInstanceUID,
    seriesInstanceUID,
    sopInstanceUID,
    study: studyFields(CommonFields),
    series: seriesFields(CommonFields),
    ...defined({
      sopClassUID: textIn(dicom['sopClassUID']) ?? (text('SOPClassUID') || undefined),
      transferSyntaxUID: textIn(dicom['transferSyntaxUID']),
      size: typeof size === 'number' ? size : undefined,
      instanceNumber: typeof instanceNumber === 'number' ? instanceNumber : undefined,
      queueId: textIn(dicom['queueId']),
      acknowledgeId: textIn(dicom['acknowledgeId']),
      filename: textIn(message.filename),
      file: textIn(dicom['file']),
      changes,
      receivedAt: textIn(dicom['receivedAt']),
      callingAET: textIn(dicom['callingAET']),
      associationId: textIn(dicom['associationId']),
      counted,
    }),
    // A file in a folder may have been written long before it was put there.
    isReceived: dicom['sourceFile'] === undefined,
    isRedelivered: dicom['redelivered'] !== undefined && dicom['redelivered'] !== 0,
  };
}

/** What is undefined is left out. */
function defined<T extends object>(facts: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

/** Without a value of the attribute that objects are grouped by, an object is grouped by its study. */
function keyOf(groupBy: string, text: (keyword: string) => string, study: string, series: string): string {
  if (groupBy === 'study') return keyFrom(study);
  if (groupBy === 'series') return keyFrom(series || study);
  return keyFrom(text(groupBy) || study);
}

/** By which a group is known whose objects have this value. Empty: they have none. */
export const keyFrom = (value: unknown): string => textOf(oneValue(value)).slice(0, LONGEST_KEY);

const textOf = (value: string | number | undefined): string => String(value ?? '').trim();

/**
 * Of how many objects the group consists, by an object of it: PS3.3 C.7.6.16 and others have these attributes; the series' own
 * (PS3.3 C.7.6.1, C.8.9.4, C.7.6.18.1) say it of images with one frame.
 */
function countIn(sections: Sections, groupBy: string): number | undefined {
  const number = (keyword: string): number | undefined => {
    const value = Number(valueIn(sections, keyword));
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const product = (one: string, other: string): number | undefined => {
    const [a, b] = [number(one), number(other)];
    return a === undefined || b === undefined ? undefined : a * b;
  };
  if (groupBy === 'study') return number('NumberOfStudyRelatedInstances');
  if (groupBy !== 'series') return undefined;
  const related = number('NumberOfSeriesRelatedInstances');
  if (related !== undefined || (number('NumberOfFrames') ?? 1) > 1) return related;
  return (
    product('ImagesInAcquisition', 'NumberOfTemporalPositions') ??
    product('NumberOfSlices', 'NumberOfTimeSlices') ??
    number('CardiacNumberOfImages') ??
    number('ImagesInAcquisition')
  );
}

function sectionsIn(payload: unknown): Sections {
  const { CommonFields, Tags } = asRecord(payload);
  const tags = asRecord(Tags);
  // In the other layout they are found by their numbers.
  return { CommonFields: asRecord(CommonFields), Tags: 'SOPInstanceUID' in tags ? tags : {} };
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** One value; several are one text. Undefined: it is not there. */
function valueIn({ CommonFields, Tags }: Sections, keyword: string): string | number | undefined {
  const holder = [CommonFields, Tags].find((each) => Object.hasOwn(each, keyword));
  return oneValue(holder?.[keyword]);
}

/** As `valueIn`, of a value. */
function oneValue(value: unknown): string | number | undefined {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map((each) => String(each)).join('\\');
  const name = asRecord(value)['Alphabetic'];
  return typeof name === 'string' ? name : undefined;
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT ? value : undefined;

/** @throws StudyFailed where its queue does not give it; DicomError where the pending changes are none; as `givenObject` */
async function opened(object: MessageObject, message: ObjectMessage): Promise<GivenObject> {
  try {
    return await givenObject(object, message);
  } catch (error) {
    if (error instanceof DicomError || isUnheard(error)) throw error;
    // A queue that does not wait for the flow need not have it any more; there may be its file.
    const file = objectOf({ ...message, dicom: { ...message.dicom, queueId: undefined } }, 'message');
    if (file === undefined) throw new StudyFailed('objectGone');
    return givenObject(file, message);
  }
}

/** With pending changes. @throws StudyFailed; what a queue that cannot be asked throws */
async function readSections(RED: NodeAPI, message: ObjectMessage, withTags: boolean): Promise<Sections> {
  const object = objectOf(message, 'message');
  if (object === undefined) throw new StudyFailed('noObject');
  const { given, port } = await opened(object, message);
  const settings = payloadOf({
    ...DICOM_IN.defaults,
    includeCommonFieldsNode: true,
    includeReportNode: false,
    includeTagsNode: withTags,
    tagsFormat: 'keyword',
  });
  try {
    const made = await editWorkerOf(RED).ask('parse', given, port, settings);
    if (hasFailed(made)) throw readFailure(made.failure, port !== undefined);
    return sectionsIn((JSON.parse(made.json) as { payload?: unknown }).payload);
  } finally {
    port?.close();
  }
}

/** @param isQueued the object is in a queue, which may have let it go; any other is a file of somebody else */
function readFailure({ code, text }: { code: string; text: string }, isQueued: boolean): StudyFailed {
  if (isQueued && code === 'ENOENT') return new StudyFailed('objectGone');
  return new StudyFailed('notRead', { reason: text });
}
