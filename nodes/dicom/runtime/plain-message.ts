import { types } from 'node:util';
import { asError } from '../../../src/basics';
import { byteCount, bytesOf } from '../../runtime/objects';
import { DicomFailed } from './dicom-error';

/** What a message gives to build an object of, as it can be posted to a worker. */
export interface PlainMessage {
  json: unknown;
  /** It refers to values that are elsewhere. */
  hasReferences: boolean;
}

/** Values and keys of a message, and characters of its text, at most. */
const MOST_VALUES = 2_000_000;
const MOST_CHARACTERS = 268_435_456;
/** An object has at most 16 levels of sequences, each of which is two or three here. */
const MOST_LEVELS = 64;
/** Of Buffers together. */
const MOST_BYTES = 536_870_912;

/**
 * Checks what a flow has put into a message before it is copied to another thread: its size, its depth, and that it is data.
 * Time: linear in what is allowed.
 * @throws DicomFailed
 */
export function plainMessage(json: unknown): PlainMessage {
  let values = 0;
  let characters = 0;
  let bytes = 0;
  let hasReferences = false;
  const look = (value: unknown, level: number): unknown => {
    values += 1;
    if (typeof value === 'string') characters += value.length;
    bytes += byteCount(value) ?? 0;
    if (values > MOST_VALUES || characters > MOST_CHARACTERS || bytes > MOST_BYTES) throw tooLarge();
    if (typeof value === 'function' || typeof value === 'symbol')
      throw notData('it has functions, which are no data');
    if (typeof value !== 'object' || value === null) return value;
    const given = bytesOf(value);
    if (given !== undefined) return given;
    if (byteCount(value) !== undefined)
      throw notData('what JSON has made of a Buffer has a member that is no byte');
    if (level >= MOST_LEVELS) throw notData(`it has more than ${MOST_LEVELS} levels`);
    if (ArrayBuffer.isView(value))
      throw notData('it has arrays of numbers, which are no data; give a Buffer');
    const kind = KINDS.find((each) => each.isOf(value));
    if (kind !== undefined) throw notData(`it has a ${kind.name}, which is no data; ${kind.instead}`);
    // What is only said to be there is not looked through.
    if (Array.isArray(value) && value.length > MOST_VALUES) throw tooLarge();
    if (Array.isArray(value)) return Array.from(value, (each) => look(each, level + 1));
    if (Object.hasOwn(value, 'BulkDataURI') || Object.hasOwn(value, 'Length')) hasReferences = true;
    const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, each] of Object.entries(value)) plain[key] = look(each, level + 1);
    return plain;
  };
  try {
    return { json: look(json, 0), hasReferences };
  } catch (error) {
    if (error instanceof DicomFailed) throw error;
    // What is read may be a function of somebody, which has thrown.
    throw notData(`a value cannot be read: ${asError(error).message}`);
  }
}

/** Objects of JavaScript that would be read as empty ones, whichever of Node-RED's contexts they come from. */
const KINDS: readonly { name: string; isOf: (value: unknown) => boolean; instead: string }[] = [
  { name: 'Date', isOf: types.isDate, instead: 'write it as DICOM has it, as 20240131' },
  { name: 'Map', isOf: types.isMap, instead: 'give an object' },
  { name: 'Set', isOf: types.isSet, instead: 'give an array' },
  { name: 'RegExp', isOf: types.isRegExp, instead: 'give a text' },
  { name: 'Promise', isOf: types.isPromise, instead: 'wait for it' },
  { name: 'number, text or boolean as an object', isOf: types.isBoxedPrimitive, instead: 'give its value' },
];

function tooLarge(): DicomFailed {
  return new DicomFailed('tooLarge', { reason: 'it has too many values, or too long ones' });
}

function notData(reason: string): DicomFailed {
  return new DicomFailed('notBuilt', { reason });
}
