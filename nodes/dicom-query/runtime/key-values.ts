import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { asError } from '../../../src/basics';
import { DicomError, encodeIdentifier } from '../../../src/dicom';
import { mergeKeys, type Keys } from '../../../src/query';
import { daysRange, type QueryKey } from '../../../src/settings';
import { QueryFailed } from './query-error';

export type QueryMessage = NodeMessage & Record<string, unknown>;

/** Of JSON text. */
const LONGEST_KEYS = 262_144;
/** Sequences within each other. */
const DEEPEST = 16;
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/**
 * The keys of a query: those of the node, with their values for this message, and `msg.query` over them.
 * @returns JSON of an object of keywords
 * @throws QueryFailed
 */
export async function keysOf(
  RED: NodeAPI,
  node: Node,
  keys: readonly QueryKey[],
  message: QueryMessage,
): Promise<string> {
  let all: Keys = {};
  for (const key of keys) all = mergeKeys(all, nested(key.path, await valueOf(RED, node, key, message)));
  const json = jsonOf(mergeKeys(all, given(message)));
  if (json.length > LONGEST_KEYS) throw wrong(`keys have at most ${LONGEST_KEYS} characters`);
  return json;
}

/** What is wrong with the names of these keys, or with the values that they have without a message; undefined: nothing. */
export function faultOf(keys: readonly QueryKey[]): QueryFailed | undefined {
  try {
    const all = keys.reduce<Keys>((some, key) => mergeKeys(some, nested(key.path, fixedValue(key))), {});
    encodeIdentifier(all, EXPLICIT_LITTLE_ENDIAN);
    return undefined;
  } catch (error) {
    if (error instanceof QueryFailed) return error;
    if (error instanceof DicomError) return wrong(error.message);
    throw error;
  }
}

/** Null: a message says it, or it need not match. */
function fixedValue({ value, valueType }: QueryKey): string | null {
  if (valueType === 'str') return value;
  return valueType === 'days' ? (daysRange(value, new Date()) ?? null) : null;
}

function given({ query }: QueryMessage): Keys {
  if (query === undefined || query === null) return {};
  if (typeof query !== 'object' || Array.isArray(query) || Buffer.isBuffer(query))
    throw wrong('msg.query is an object of keywords');
  return query as Keys;
}

function jsonOf(keys: Keys): string {
  try {
    return JSON.stringify(keys, keyValue);
  } catch (error) {
    if (error instanceof QueryFailed) throw error;
    // Circles, and numbers that JSON does not have.
    throw wrong(asError(error).message);
  }
}

/** What JSON leaves out, or makes null of, would match everything: it is an error. @throws QueryFailed */
function keyValue(keyword: string, value: unknown): unknown {
  const isNumber = typeof value !== 'number' || Number.isFinite(value);
  if (isNumber && value !== undefined && typeof value !== 'function' && typeof value !== 'symbol')
    return value;
  const given = typeof value === 'number' ? String(value) : typeof value;
  throw wrong(`${keyword} has the value ${given}; null asks for it to be returned only`);
}

/** Nothing where a value is wanted would match everything: it is an error. */
async function valueOf(RED: NodeAPI, node: Node, key: QueryKey, message: QueryMessage): Promise<unknown> {
  const { path, value, valueType } = key;
  if (valueType === 'return' || valueType === 'str' || valueType === 'days') return fixedValue(key);
  let found: unknown;
  try {
    found = await evaluated(RED, node, key, message);
  } catch (error) {
    throw new QueryFailed('noValue', { path, reason: asError(error).message });
  }
  if (found === undefined || found === null || found === '')
    throw new QueryFailed('noValue', { path, reason: `${valueType}.${value}` });
  return found;
}

function evaluated(
  RED: NodeAPI,
  node: Node,
  { value, valueType }: QueryKey,
  message: QueryMessage,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, valueType, node, message, (error, result: unknown) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error);
    });
  });
}

/** `A[0].B` and `A.B` → { A: [{ B: value }] } */
function nested(path: string, value: unknown): Keys {
  const names = path.split('.');
  if (names.length > DEEPEST) throw wrong(`${path}: at most ${DEEPEST} levels of sequences are possible`);
  return names
    .map((name) => (name.endsWith('[0]') ? name.slice(0, -'[0]'.length) : name).trim())
    .reduceRight<unknown>((inner, name, at) => {
      const keys = Object.fromEntries([[name, inner]]);
      return at === 0 ? keys : [keys];
    }, value) as Keys;
}

function wrong(reason: string): QueryFailed {
  return new QueryFailed('keysInvalid', { reason });
}
