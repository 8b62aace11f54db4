import type { LogRecord } from './records';

type Found = Readonly<Record<string, unknown>>;
type Is = (value: unknown) => boolean;

const isText: Is = (value) => typeof value === 'string';
const isNumber: Is = (value) => Number.isFinite(value);
const isFields: Is = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts: Is = (value) => Array.isArray(value) && value.every(isText);
const isTrue: Is = (value) => value === true;
const isStatus: Is = (value) => isFields(value) && isNumber((value as Found)['status']);
const isChanged: Is = (value) => isFields(value) && isText((value as Found)['sopInstanceUID']);
const orNone =
  (is: Is): Is =>
  (value) =>
    value === undefined || is(value);

/** What the members of each kind of record must be, by the member that tells which kind it is; those of most records first. */
const KINDS: readonly (readonly [kind: string, members: readonly (readonly [string, Is])[]])[] = [
  [
    'i',
    [
      ...['i', 's'].map((name) => [name, isText] as const),
      ...['st', 'c', 'x', 'q', 'f', 'p', 'a', 'at', 'ae', 'as'].map(
        (name) => [name, orNone(isText)] as const,
      ),
      ...['b', 'n', 'o', 'e'].map((name) => [name, orNone(isNumber)] as const),
      ['of', orNone(isChanged)],
      ['t', isNumber],
    ],
  ],
  [
    'series',
    [
      ['series', isText],
      ['fields', isFields],
    ],
  ],
  ['study', [['study', isFields]]],
  [
    'operations',
    [
      ['operations', Array.isArray],
      ['number', isNumber],
    ],
  ],
  [
    'expect',
    [
      ['expect', isNumber],
      ['instances', orNone(isTexts)],
    ],
  ],
  ['extend', [['extend', isNumber]]],
  [
    'fired',
    [
      ['fired', Number.isSafeInteger],
      ['reason', isText],
      ['at', isText],
    ],
  ],
  [
    'acknowledged',
    [
      ['acknowledged', isNumber],
      ['status', isStatus],
    ],
  ],
  ['released', [['released', isNumber]]],
  [
    'known',
    [
      ['known', Number.isSafeInteger],
      ['since', isText],
    ],
  ],
  ['uids', [['uids', isText]]],
  ['present', [['present', isTexts]]],
  [
    'lost',
    [
      ['lost', isText],
      ['of', isNumber],
    ],
  ],
  ['fire', [['fire', isTrue]]],
  ['forget', [['forget', isStatus]]],
];

/**
 * The record that a line of a log is. Undefined: it is none, because a disk has spoilt it. The head of a log of another version is
 * one, whatever else it has.
 */
export function recordIn(line: string): LogRecord | undefined {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isFields(found) && isRecord(found as Found) ? (found as LogRecord) : undefined;
}

function isRecord(found: Found): boolean {
  if (Object.hasOwn(found, 'group')) return isHead(found);
  const members = KINDS.find(([kind]) => Object.hasOwn(found, kind))?.[1];
  return members?.every(([name, is]) => is(found[name])) === true;
}

const isHead = ({ group, key, by, version }: Found): boolean =>
  isText(group) && (version !== 1 || (isText(key) && isText(by)));
