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
    if (value instanceof Uint8Array) bytes += value.length;
    if (values > MOST_VALUES || characters > MOST_CHARACTERS || bytes > MOST_BYTES) throw tooLarge();
    if (typeof value === 'function' || typeof value === 'symbol')
      throw notData('it has functions, which are no data');
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (level >= MOST_LEVELS) throw notData(`it has more than ${MOST_LEVELS} levels`);
    if (ArrayBuffer.isView(value))
      throw notData('it has arrays of numbers, which are no data; give a Buffer');
    // What is only said to be there is not looked through.
    if (Array.isArray(value) && value.length > MOST_VALUES) throw tooLarge();
    if (Array.isArray(value)) return Array.from(value, (each) => look(each, level + 1));
    if (Object.hasOwn(value, 'BulkDataURI') || Object.hasOwn(value, 'Length')) hasReferences = true;
    const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, each] of Object.entries(value)) plain[key] = look(each, level + 1);
    return plain;
  };
  return { json: look(json, 0), hasReferences };
}

function tooLarge(): DicomFailed {
  return new DicomFailed('tooLarge', { reason: 'it has too many values, or too long ones' });
}

function notData(reason: string): DicomFailed {
  return new DicomFailed('notBuilt', { reason });
}
