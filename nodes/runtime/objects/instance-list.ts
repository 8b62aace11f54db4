import { isAbsolute } from 'node:path';
import { byteCount } from './message-bytes';
import { jsonWeight, type ObjectMessage } from './message-object';

/** Of one list: more than a study has. */
const MOST_INSTANCES = 20_000;
/** Characters of a path, or of a name in a queue. */
const MOST_TEXT = 4_096;
/** What an entry weighs with its outcome, beside its texts and changes. */
const ENTRY_BYTES = 512;

/** One instance of a message's list. */
export interface ListedInstance {
  /** Where the list has it: its outcome is put there. */
  entry: Entry;
  /** The message that would have it alone. */
  message: ObjectMessage;
}

/** As `dicom-study` has it, and whoever else makes such a list. */
export interface Entry {
  SOPInstanceUID: string;
  SOPClassUID?: unknown;
  transferSyntaxUID?: unknown;
  size?: unknown;
  filename?: unknown;
  file?: unknown;
  queueId?: unknown;
  acknowledgeId?: unknown;
  receivedAt?: unknown;
  changes?: unknown;
  sent?: unknown;
  stored?: unknown;
  error?: unknown;
}

/** Something is wrong with a list; the message says what. */
export class ListInvalid extends Error {
  override readonly name = 'ListInvalid';
}

/**
 * The instances in `msg.payload.series[].instances[]`. Undefined: the message has no such list, or names an object itself.
 * @throws ListInvalid
 */
export function instancesOf(message: ObjectMessage): ListedInstance[] | undefined {
  const { dicom } = message;
  if (byteCount(dicom?.object) !== undefined || typeof dicom?.queueId === 'string') return undefined;
  const series = listIn(message.payload, 'series');
  if (series?.some((each) => listIn(each, 'instances') !== undefined) !== true) return undefined;
  if (series.length > MOST_INSTANCES) throw invalid(`it has more than ${MOST_INSTANCES} series`);
  const entries: Entry[] = [];
  const names = new Set<unknown>();
  series.forEach((each, at) => {
    const instances = listIn(each, 'instances');
    if (instances === undefined) throw invalid(`series[${at}] has no list of instances`);
    if (entries.length + instances.length > MOST_INSTANCES)
      throw invalid(`it has more than ${MOST_INSTANCES} instances`);
    instances.forEach((instance, index) => {
      const problem = problemOf(instance, names);
      if (problem !== undefined) throw invalid(`series[${at}].instances[${index}] ${problem}`);
      entries.push(instance as Entry);
    });
  });
  if (entries.length === 0) throw invalid('it is empty');
  return entries.map((entry) => ({ entry, message: messageOf(entry, message) }));
}

/** Bytes that a list keeps in memory while it waits. Operations that the changes of several instances share are there once. */
export function weightOfList(instances: readonly ListedInstance[]): number {
  const changes = new Set(instances.map(({ entry }) => operationsIn(entry.changes)));
  const ofChanges = [...changes].map(jsonWeight);
  const ofEntries = instances.map(({ entry }) => {
    const { filename, file, queueId, acknowledgeId } = entry;
    return [filename, file, queueId, acknowledgeId].reduce<number>(
      (total, text) => total + (typeof text === 'string' ? text.length : 0),
      ENTRY_BYTES,
    );
  });
  return [...ofChanges, ...ofEntries].reduce((total, bytes) => total + bytes, 0);
}

function operationsIn(changes: unknown): unknown {
  const isObject = typeof changes === 'object' && changes !== null;
  return isObject && 'operations' in changes ? changes.operations : changes;
}

/** @param names in queues of the instances before it */
function problemOf(instance: unknown, names: Set<unknown>): string | undefined {
  if (typeof instance !== 'object' || instance === null) return 'is not an object';
  const { SOPInstanceUID, filename, file, queueId, acknowledgeId } = instance as Partial<Entry>;
  if (!isUidText(SOPInstanceUID)) return 'has no SOPInstanceUID';
  return (
    pathProblem('filename', filename) ??
    pathProblem('file', file) ??
    nameProblem('queueId', queueId, names) ??
    nameProblem('acknowledgeId', acknowledgeId, names) ??
    (filename === undefined && file === undefined && queueId === undefined
      ? 'names no object: queueId, filename or file is needed'
      : undefined)
  );
}

function pathProblem(name: string, path: unknown): string | undefined {
  return path === undefined || (isText(path) && isAbsolute(path))
    ? undefined
    : `has no absolute path as ${name}`;
}

function nameProblem(key: string, name: unknown, names: Set<unknown>): string | undefined {
  if (name === undefined) return undefined;
  if (!isText(name)) return `has no text as ${key}`;
  if (names.has(name)) return `has the same ${key} as one before it`;
  names.add(name);
  return undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MOST_TEXT;

/** Of 64 characters at most (PS3.5 9.1); equipment has others than digits and dots in them, too. */
const isUidText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 64;

/**
 * The members of an array that is a value's own member of this name: `undefined` where there is none, and of an array that is
 * longer than a list may be, or only says so, one more than that.
 */
function listIn(value: unknown, name: string): unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const list = (value as Record<string, unknown>)[name];
  return Array.isArray(list) ? Array.from(list.slice(0, MOST_INSTANCES + 1)) : undefined;
}

const invalid = (reason: string): ListInvalid => new ListInvalid(reason);

function messageOf(entry: Entry, message: ObjectMessage): ObjectMessage {
  const { topic, _msgid } = message as ObjectMessage & { topic?: unknown };
  const { SOPInstanceUID: sopInstanceUID, SOPClassUID, transferSyntaxUID, size, receivedAt } = entry;
  const { filename, file, queueId, acknowledgeId, changes } = entry;
  // One by one: lists are long, and to filter what is not there costs ten times as much.
  const dicom: ObjectMessage['dicom'] & Record<string, unknown> = { sopInstanceUID };
  if (isUidText(SOPClassUID)) dicom['sopClassUID'] = SOPClassUID;
  if (isUidText(transferSyntaxUID)) dicom['transferSyntaxUID'] = transferSyntaxUID;
  if (typeof size === 'number') dicom['size'] = size;
  if (isText(receivedAt)) dicom.receivedAt = receivedAt;
  if (file !== undefined) dicom.file = file;
  if (queueId !== undefined) dicom.queueId = queueId;
  if (acknowledgeId !== undefined) dicom.acknowledgeId = acknowledgeId;
  if (changes !== undefined) dicom.changes = changes;
  return {
    _msgid,
    ...(topic !== undefined && { topic }),
    ...(filename !== undefined && { filename }),
    dicom,
  };
}
