import { lookUp, tagHex, VR } from '../standard';
import { invalidChanges, type Place } from './change-errors';
import {
  type AttributeName,
  expectSettable,
  nameKey,
  parsePath,
  PathError,
  type PathStep,
} from './change-path';
import type { Action, ChangedItem } from './change-tree';
import { isObject, MAX_LEVELS, ownMembers, parseValue } from './change-value';

/** `msg.dicom.changes`: what an object becomes on its way. docs/message-format.md describes it. */
export interface DicomChanges {
  version: 1;
  /** The object that they are for, as it lies there: its SOP Instance UID, and the bytes of its data set. */
  of: { sopInstanceUID: string; size: number };
  operations: ChangeOperation[];
}

/** A result, not a rule: an absolute path, and what is there afterwards. */
export type ChangeOperation =
  { op: 'set'; path: string; value: ChangeValue } | { op: 'remove'; path: string };

/** As `Tags` has the attribute, in either layout. */
export type ChangeValue = string | number | null | ChangeValue[] | { [key: string]: ChangeValue };

/** Changes that have been checked. */
export interface ParsedChanges {
  readonly of: DicomChanges['of'];
  /** Of the data set. */
  readonly root: ChangedItem;
}

const VERSION = 1;
export const MAX_OPERATIONS = 10_000;
/** Of all of it as JSON. */
export const MAX_CHANGES_BYTES = 1_048_576;
/** Arrays and objects within each other: of a sequence, in the longest form, four for each level. */
const MOST_NESTED = 8 * MAX_LEVELS;
/** Longer ones than the Standard has are found. */
const LONGEST_UID = 1_024;

/**
 * Checks changes that come from a message, and so from anywhere.
 * @throws DicomError `changes-invalid`, which names the operation and what is to be done
 */
export function parseChanges(json: unknown): ParsedChanges {
  expectSize(json);
  const { version, of, operations } = membersOf(json, ['version', 'of', 'operations'], undefined);
  if (version !== VERSION)
    throw invalidChanges(
      undefined,
      `version ${VERSION} is understood; another one is of a later version of this package`,
    );
  if (!Array.isArray(operations)) throw invalidChanges(undefined, 'operations is an array');
  if (operations.length > MAX_OPERATIONS)
    throw invalidChanges(undefined, `at most ${MAX_OPERATIONS} operations are possible`);
  const root: ChangedItem = new Map();
  for (let index = 0; index < operations.length; index += 1) addOperation(root, operations[index], index);
  return { of: parseOf(of), root };
}

/** The same as plain data of its own, as it can be posted to another thread. @throws as `parseChanges` */
export function plainChanges(json: unknown): DicomChanges {
  parseChanges(json);
  return JSON.parse(JSON.stringify(json)) as DicomChanges;
}

function parseOf(json: unknown): DicomChanges['of'] {
  const { sopInstanceUID, size } = membersOf(json, ['sopInstanceUID', 'size'], undefined);
  if (
    typeof sopInstanceUID !== 'string' ||
    sopInstanceUID.length > LONGEST_UID ||
    !Number.isSafeInteger(size)
  )
    throw invalidChanges(undefined, 'of tells the object: { sopInstanceUID, size }, as msg.dicom has them');
  return { sopInstanceUID, size: Number(size) };
}

function addOperation(root: ChangedItem, json: unknown, index: number): void {
  const unnamed = { operation: index, path: '' };
  const operation = membersOf(json, ['op', 'path', 'value'], unnamed);
  const { op, path } = operation;
  if (typeof path !== 'string') throw invalidChanges(unnamed, 'path is a text');
  const place = { operation: index, path };
  if (op !== 'set' && op !== 'remove') throw invalidChanges(place, "op is 'set' or 'remove'");
  if ((op === 'set') !== Object.hasOwn(operation, 'value'))
    throw invalidChanges(place, "'set' has a value (null: an empty one), 'remove' has none");
  const steps = stepsOf(path, place, op === 'set');
  const last = steps.at(-1);
  if (last === undefined) return;
  if (op === 'remove') {
    put(root, steps, last.name, { kind: 'remove' }, place);
    return;
  }
  const { name, action } = parseValue(last.name, operation['value'], place, steps.length);
  put(root, steps, name, action, place);
}

function stepsOf(path: string, place: Place, isSet: boolean): PathStep[] {
  try {
    const steps = parsePath(path);
    // The last one is the attribute.
    if (steps.length > MAX_LEVELS + 1)
      throw invalidChanges(place, `at most ${MAX_LEVELS} levels of sequences are possible`);
    if (isSet) for (const { name } of steps) expectSettable(name);
    for (const { name, item } of steps)
      if (item !== undefined && name.creator === undefined) expectSequence(name.tag, place);
    return steps;
  } catch (error) {
    if (error instanceof PathError) throw invalidChanges(place, error.message);
    throw error;
  }
}

function expectSequence(tag: number, place: Place): void {
  const known = lookUp(tag)?.vr;
  if (known !== undefined && known !== VR.SQ)
    throw invalidChanges(place, `(${tagHex(tag)}) is no sequence, and has no items`);
}

/** Puts an action where the path says. The later operation counts. */
function put(
  root: ChangedItem,
  steps: readonly PathStep[],
  name: AttributeName,
  action: Action,
  place: Place,
): void {
  let item = root;
  for (const step of steps.slice(0, -1)) {
    const within = itemWithin(item, step, action.kind === 'remove', place);
    if (within === undefined) return;
    item = within;
  }
  item.set(nameKey(name), { name, place, action });
}

/** Undefined: there is no such item after the operations before, and one that removes makes none. */
function itemWithin(
  around: ChangedItem,
  { name, item = 0 }: PathStep,
  removes: boolean,
  place: Place,
): ChangedItem | undefined {
  const key = nameKey(name);
  const before = around.get(key)?.action;
  if (before?.kind === 'set') throw invalidChanges(place, 'an operation before has made it no sequence');
  const isGone = before?.kind === 'remove';
  if (removes && isGone) return undefined;
  let items = before?.kind === 'items' ? before.items : undefined;
  if (items === undefined) {
    items = new Map();
    around.set(key, { name, place, action: { kind: 'items', fresh: isGone, items } });
  }
  let within = items.get(item);
  if (within === undefined) {
    if (removes && before?.kind === 'items' && before.fresh) return undefined;
    within = new Map();
    items.set(item, within);
  }
  return within;
}

/** The members of an object that has no others. @throws DicomError */
function membersOf(
  json: unknown,
  names: readonly string[],
  place: Place | undefined,
): Partial<Record<string, unknown>> {
  if (!isObject(json)) throw invalidChanges(place, `an object with ${names.join(', ')} is expected`);
  const other = Object.keys(json).find((key) => !names.includes(key));
  if (other !== undefined)
    throw invalidChanges(place, `there is a member besides ${names.join(', ')}; check their spelling`);
  return ownMembers(json);
}

/** What is larger is not looked at. @throws DicomError */
function expectSize(json: unknown): void {
  let left = MAX_CHANGES_BYTES;
  const spend = (bytes: number): void => {
    left -= bytes;
    if (left < 0)
      throw invalidChanges(
        undefined,
        `they have more than ${MAX_CHANGES_BYTES} bytes; send a new object instead`,
      );
  };
  const measure = (value: unknown, depth: number): void => {
    if (depth > MOST_NESTED) throw invalidChanges(undefined, `at most ${MAX_LEVELS} levels are possible`);
    if (typeof value === 'string') {
      spend(value.length);
      spend(Buffer.byteLength(value) - value.length + 3);
    } else if (Array.isArray(value)) {
      spend(2);
      for (const each of value as unknown[]) measure(each, depth + 1);
    } else if (ArrayBuffer.isView(value)) {
      // Each of its bytes would be a member.
      throw invalidChanges(
        undefined,
        depth === 0
          ? 'they are an object, and not bytes: parse them as JSON first'
          : 'a value is a Buffer or an array of numbers: give bytes as a text in base64',
      );
    } else if (isObject(value)) {
      spend(2);
      for (const key of Object.keys(value)) {
        spend(key.length + 3);
        measure(value[key], depth + 1);
      }
    } else {
      spend(typeof value === 'number' ? String(value).length + 1 : 4);
    }
  };
  measure(json, 0);
}
