import type { DicomChanges } from '../dicom';
import type { Firing } from './group';
import type { Fields, ObjectRecord } from './records';
import type { Placed } from './study-store';

/** An instance as a message lists it. */
export interface ListedObject {
  SOPInstanceUID: string;
  SOPClassUID?: string;
  transferSyntaxUID?: string;
  /** Bytes of the data set. */
  size?: number;
  filename?: string;
  file?: string;
  queueId?: string;
  acknowledgeId?: string;
  changes?: DicomChanges;
  InstanceNumber?: number;
}

/** A series as a message lists it. */
export interface ListedSeries extends Record<string, unknown> {
  SeriesInstanceUID: string;
  instances: ListedObject[];
}

/** `msg.payload` of a firing. */
export interface StudyPayload extends Record<string, unknown> {
  StudyInstanceUID: string;
  series: ListedSeries[];
}

/** The objects of a firing. */
export interface Listing {
  payload: StudyPayload;
  /** Names in their queues of all that is held for it; those of objects that others have replaced, too. */
  held: string[];
  /** Listed, and of those how many had been listed before. */
  added: number;
  resent: number;
  bytes: number;
  /** ISO 8601; undefined: no object says when it came. */
  first?: string;
  last?: string;
  callingAETs: string[];
}

/** The name by which its queue knows an object; undefined: it is in none. */
export const nameOf = ({ q, a }: Pick<ObjectRecord, 'q' | 'a'>): string | undefined => q ?? a;

interface Entry {
  record: ObjectRecord;
  study: string;
  isResent: boolean;
}

/** Of an object that came more than once, the last one is listed. @param records of the firing */
export async function listingOf(
  records: AsyncIterable<Placed[]>,
  { lost, resent }: Pick<Firing, 'lost' | 'resent'>,
): Promise<Listing> {
  const entries = new Map<string, Entry>();
  const held = new Set<string>();
  const operations = new Map<number, DicomChanges['operations']>();
  const series = new Map<string, Fields>();
  let [study, fields]: [string, Fields] = ['', {}];
  for await (const some of records)
    for (const { at, record } of some) {
      if ('study' in record) fields = { ...record.study, ...withValues(fields) };
      else if ('series' in record) series.set(record.series, record.fields);
      else if ('operations' in record) operations.set(record.number, record.operations);
      else if ('i' in record) {
        study = record.st ?? study;
        const name = nameOf(record);
        if (name !== undefined && lost.has(name)) continue;
        if (name !== undefined) held.add(name);
        const before = entries.get(record.i);
        const isResent = before?.isResent ?? (record.r === 1 || resent.has(at));
        entries.set(record.i, { record, study, isResent });
      }
    }
  const all = [...entries.values()];
  const times = all.flatMap(({ record }) => record.at ?? []).sort();
  const [first, last] = [times[0], times.at(-1)];
  return {
    payload: payloadOf(all, fields, series, operations),
    held: [...held],
    added: all.length,
    resent: all.filter(({ isResent }) => isResent).length,
    bytes: all.reduce((total, { record }) => total + (record.b ?? 0), 0),
    ...(first !== undefined && { first }),
    ...(last !== undefined && { last }),
    callingAETs: [...new Set(all.flatMap(({ record }) => record.ae ?? []))],
  };
}

const withValues = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

function payloadOf(
  entries: readonly Entry[],
  fields: Fields,
  series: ReadonlyMap<string, Fields>,
  operations: ReadonlyMap<number, DicomChanges['operations']>,
): StudyPayload {
  const listable = entries.map(({ record, study }) => ({
    study,
    series: record.s,
    fields: series.get(record.s) ?? {},
    instance: listedObject(record, operations),
  }));
  return listInstances(listable, fields);
}

/** An instance, with what is said of its series. */
export interface Listable {
  /** Study and Series Instance UID */
  study: string;
  series: string;
  fields: Fields;
  instance: ListedObject;
}

/** `msg.payload` with a list of instances, series and instances in the order of their numbers. @param fields of the study */
export function listInstances(all: readonly Listable[], fields: Fields): StudyPayload {
  const studies = new Set(all.map(({ study }) => study));
  const bySeries = new Map<string, ListedSeries>();
  for (const { study, series, fields: ofSeries, instance } of all) {
    // Where objects of several studies have been collected, each series says of which it is.
    const ofStudy = studies.size > 1 ? { StudyInstanceUID: study } : {};
    const listed = bySeries.get(series) ?? {
      ...ofSeries,
      SeriesInstanceUID: series,
      ...ofStudy,
      instances: [],
    };
    listed.instances.push(instance);
    bySeries.set(series, listed);
  }
  for (const { instances } of bySeries.values()) instances.sort(inOrder);
  const [study = ''] = studies;
  return { ...fields, StudyInstanceUID: study, series: [...bySeries.values()].sort(bySeriesNumber) };
}

function listedObject(
  { i, c, x, b, f, p, q, a, o, of, n }: ObjectRecord,
  operations: ReadonlyMap<number, DicomChanges['operations']>,
): ListedObject {
  const own = o === undefined ? undefined : operations.get(o);
  return {
    SOPInstanceUID: i,
    ...(c !== undefined && { SOPClassUID: c }),
    ...(x !== undefined && { transferSyntaxUID: x }),
    ...(b !== undefined && { size: b }),
    ...(f !== undefined && { filename: f }),
    ...(p !== undefined && { file: p }),
    ...(q !== undefined && { queueId: q }),
    ...(a !== undefined && { acknowledgeId: a }),
    ...(own !== undefined && of !== undefined && { changes: { version: 1, of, operations: own } }),
    ...(n !== undefined && { InstanceNumber: n }),
  };
}

function inOrder(one: ListedObject, other: ListedObject): number {
  const [number, otherNumber] = [one, other].map((each) => each.InstanceNumber ?? Number.MAX_SAFE_INTEGER);
  return (number ?? 0) - (otherNumber ?? 0) || (one.SOPInstanceUID < other.SOPInstanceUID ? -1 : 1);
}

function bySeriesNumber(one: ListedSeries, other: ListedSeries): number {
  return numberOf(one) - numberOf(other) || (one.SeriesInstanceUID < other.SeriesInstanceUID ? -1 : 1);
}

const numberOf = ({ SeriesNumber: number }: ListedSeries): number =>
  typeof number === 'number' ? number : Number.MAX_SAFE_INTEGER;
