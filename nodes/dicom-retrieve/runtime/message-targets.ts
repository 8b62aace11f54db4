import type { NodeMessage } from 'node-red';
import type { RetrieveTarget } from '../../../src/retrieve';
import { RetrieveFailed } from './retrieve-error';

export type RetrieveMessage = NodeMessage & Record<string, unknown>;

type Level = 'STUDY' | 'SERIES' | 'IMAGE';
type Keys = Readonly<Record<string, unknown>>;

const MOST_MATCHES = 10_000;
/** Far below what a message may carry, far above any study. */
const MOST_UIDS = 100_000;
const UID = /^[0-9.]{1,64}$/;

const UNIQUE = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'];
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Of one study, or one series where objects are named. */
interface Gathered {
  studyInstanceUID: string;
  patientID: string | undefined;
  series: Set<string>;
  objects: Set<string>;
  sopClasses: Set<string>;
  modalities: Set<string>;
}

/**
 * What a message wants: `msg.retrieve`, or else `msg.payload`: a Study Instance UID, an object of keywords, as a match of
 * dicom-query is, or an array of these. Empty, as with an empty list of UIDs: nothing.
 * @throws RetrieveFailed where that cannot be understood
 */
export function targetsOf({ retrieve, payload }: RetrieveMessage): RetrieveTarget[] {
  const wanted: unknown = retrieve ?? payload;
  const matches = Array.isArray(wanted) ? (wanted as unknown[]) : [wanted];
  if (matches.length > MOST_MATCHES) throw wrong(`at most ${MOST_MATCHES} matches at a time`);
  const gathered = new Map<string, Gathered>();
  let count = 0;
  for (const match of matches) {
    const keys = keysOf(match);
    // Of a list that a flow has filtered nothing may be left. That is not all of the study.
    if (UNIQUE.some((keyword) => isEmptyList(keys[keyword]))) continue;
    for (const keyword of UNIQUE) expectTexts(keys, keyword);
    const level = levelOf(keys);
    const studies = uidsOf(keys, 'StudyInstanceUID');
    const series = level === 'STUDY' ? [] : uidsOf(keys, 'SeriesInstanceUID');
    const objects = level === 'IMAGE' ? uidsOf(keys, 'SOPInstanceUID') : [];
    if (studies.length === 0) throw wrong('StudyInstanceUID is missing');
    if (studies.length > 1 && level !== 'STUDY') throw wrong('a series is in one study');
    if (level !== 'STUDY' && series.length === 0) throw wrong('SeriesInstanceUID is missing');
    if (level === 'IMAGE' && series.length > 1) throw wrong('objects are in one series');
    count += studies.length + series.length + objects.length;
    if (count > MOST_UIDS) throw wrong(`at most ${MOST_UIDS} UIDs at a time`);
    for (const study of studies) {
      const name = [study, level, ...(level === 'IMAGE' ? series : [])].join(' ');
      const into = gathered.get(name) ?? nothingYet(study, textsOf(keys, 'PatientID')[0]);
      gathered.set(name, into);
      for (const uid of series) into.series.add(uid);
      for (const uid of objects) into.objects.add(uid);
      for (const uid of [...textsOf(keys, 'SOPClassesInStudy'), ...textsOf(keys, 'SOPClassUID')])
        if (UID.test(uid)) into.sopClasses.add(uid);
      for (const modality of [...textsOf(keys, 'ModalitiesInStudy'), ...textsOf(keys, 'Modality')])
        into.modalities.add(modality);
    }
  }
  return [...gathered.values()].map((each) => ({
    studyInstanceUID: each.studyInstanceUID,
    ...(each.patientID !== undefined && { patientID: each.patientID }),
    seriesInstanceUIDs: [...each.series],
    sopInstanceUIDs: [...each.objects],
    sopClassUIDs: [...each.sopClasses],
    modalities: [...each.modalities],
  }));
}

const nothingYet = (studyInstanceUID: string, patientID: string | undefined): Gathered => ({
  studyInstanceUID,
  patientID,
  series: new Set(),
  objects: new Set(),
  sopClasses: new Set(),
  modalities: new Set(),
});

function keysOf(match: unknown): Keys {
  if (typeof match === 'string') return { StudyInstanceUID: match.trim() };
  if (typeof match !== 'object' || match === null || Array.isArray(match) || Buffer.isBuffer(match))
    throw wrong('a Study Instance UID, a match or an array of these is expected');
  // The message of a received object.
  const { Tags, CommonFields } = match as { Tags?: unknown; CommonFields?: unknown };
  const [inner = match] = [Tags, CommonFields].filter((each) => typeof each === 'object' && each !== null);
  return inner as Keys;
}

function levelOf(keys: Keys): Level {
  const [named] = textsOf(keys, 'QueryRetrieveLevel');
  if (named === 'STUDY' || named === 'SERIES' || named === 'IMAGE') return named;
  if (named !== undefined) throw wrong('QueryRetrieveLevel is STUDY, SERIES or IMAGE');
  if (textsOf(keys, 'SOPInstanceUID').length > 0) return 'IMAGE';
  return textsOf(keys, 'SeriesInstanceUID').length > 0 ? 'SERIES' : 'STUDY';
}

function uidsOf(keys: Keys, keyword: string): string[] {
  const uids = textsOf(keys, keyword);
  if (uids.some((uid) => !UID.test(uid))) throw wrong(`${keyword} is not a UID`);
  return uids;
}

/** What a list does not say would otherwise be left out: with nothing else in it, that would be all of the study. @throws RetrieveFailed */
function expectTexts(keys: Keys, keyword: string): void {
  const given = keys[keyword];
  if (Array.isArray(given) && textsOf(keys, keyword).length < given.length)
    throw wrong(`${keyword} has a member that is not a UID`);
}

/** One value or several. */
function textsOf(keys: Keys, keyword: string): string[] {
  const given = keys[keyword];
  // Also one that only says that it is long.
  if (Array.isArray(given) && given.length > MOST_UIDS)
    throw wrong(`${keyword} has more than ${MOST_UIDS} values`);
  return [given]
    .flat()
    .filter((each): each is string => typeof each === 'string')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function wrong(reason: string): RetrieveFailed {
  return new RetrieveFailed('uidsInvalid', { reason });
}
