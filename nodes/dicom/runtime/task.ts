import { isAbsolute } from 'node:path';
import { type DicomChanges, isIngredient, type Recipe } from '../../../src/dicom';
import type { DicomSettings } from '../../../src/settings';
import { bytesIn, changesOf, type ObjectMessage } from '../../runtime/objects';

/** What is to be done with a message. */
export type NodeTask =
  /** It has nothing where something would be converted. */
  | { kind: 'nothing' }
  /** It has what can be converted neither way. */
  | { kind: 'neither' }
  | { kind: 'read'; place: { kind: 'bytes'; bytes: Buffer } | { kind: 'file'; path: string } }
  | { kind: 'changed'; changes: DicomChanges }
  | { kind: 'attributes'; attributes: object }
  | { kind: 'recipe'; recipe: Recipe; ingredient: Buffer };

/** No system takes a longer path. */
const LONGEST_PATH = 4_096;
const PREFIX_AT = 128;
const PREFIX = 'DICM';

/**
 * Decides by what the message has, as json and xml do.
 * @param value of the property that is converted
 * @throws DicomError `changes-invalid`
 */
export function taskOf(
  { action, recipe, acceptHeadless }: DicomSettings,
  message: ObjectMessage,
  value: unknown,
): NodeTask {
  const builds = action !== 'parse';
  const changes = builds ? changesOf(message) : undefined;
  if (changes !== undefined) return { kind: 'changed', changes };
  if (value === undefined || value === null) return { kind: 'nothing' };
  const bytes = bytesIn(value);
  if (typeof value === 'string' || bytes !== undefined) {
    if (bytes !== undefined && isObject(bytes))
      return action === 'build' ? { kind: 'neither' } : { kind: 'read', place: { kind: 'bytes', bytes } };
    // Before paths: base64 text of every JPEG begins with a slash.
    if (bytes !== undefined && builds && recipe !== 'none' && isIngredient(recipe, bytes))
      return { kind: 'recipe', recipe, ingredient: bytes };
    if (typeof value === 'string' && action !== 'build' && isPath(value))
      return { kind: 'read', place: { kind: 'file', path: value } };
    if (bytes === undefined) return { kind: 'neither' };
    const mayBeHeadless = action === 'parse' || acceptHeadless;
    return mayBeHeadless && action !== 'build'
      ? { kind: 'read', place: { kind: 'bytes', bytes } }
      : { kind: 'neither' };
  }
  return builds && isAttributes(value) ? { kind: 'attributes', attributes: value } : { kind: 'neither' };
}

function isObject(bytes: Buffer): boolean {
  return bytes.toString('latin1', PREFIX_AT, PREFIX_AT + PREFIX.length) === PREFIX;
}

function isPath(text: string): boolean {
  return text.length <= LONGEST_PATH && isAbsolute(text) && !text.includes('\0');
}

function isAttributes(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}
