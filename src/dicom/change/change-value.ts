import { AMBIGUOUS_VR, isPrivateCreator, Kind, lookUp, type Vr, VR, vrOfName } from '../standard';
import { invalidChanges, type Place } from './change-errors';
import { type AttributeName, expectSettable, nameKey, ofCreator, parseName, PathError } from './change-path';
import type { Action, ChangedItem, Scalar } from './change-tree';

/** Sequences within each other, at most. */
export const MAX_LEVELS = 16;

type JsonObject = Partial<Record<string, unknown>>;

/** Bytes are none: each would be a member. */
export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !ArrayBuffer.isView(json);
}

/** What it has itself, in an object that has nothing else. */
export function ownMembers(json: JsonObject): Partial<Record<string, unknown>> {
  return Object.assign(Object.create(null) as object, json);
}

/** What a value becomes that is more than JSON, or less; undefined: it is JSON. */
export type Special = (json: unknown, tag: number) => Action | undefined;

interface Parsed {
  readonly name: AttributeName;
  readonly action: Action;
}

/**
 * The value of an attribute, as `Tags` has it: plain, or `{ vr, Value }`, `{ vr, InlineBinary }`, with its PrivateCreator where
 * it has one.
 * @param level from 1 on, which is outside of all sequences
 * @throws DicomError
 */
export function parseValue(
  name: AttributeName,
  json: unknown,
  place: Place,
  level: number,
  special?: Special,
): Parsed {
  const found = special?.(json, name.tag);
  if (found !== undefined) return { name, action: found };
  if (level > MAX_LEVELS + 1)
    throw invalidChanges(place, `at most ${MAX_LEVELS} levels of sequences are possible`);
  const known = name.creator === undefined ? lookUp(name.tag)?.vr : undefined;
  if (!isObject(json) || !Object.hasOwn(json, 'vr'))
    return { name, action: plainAction(known, json, place, level, special) };
  const model = ownMembers(json);
  const full = withCreator(name, model, place);
  const vr = givenVr(model, full.creator === undefined ? known : undefined, place);
  return { name: full, action: modelAction(vr, model, place, level, special) };
}

function withCreator(name: AttributeName, json: JsonObject, place: Place): AttributeName {
  const creator = json['PrivateCreator'];
  if (creator === undefined) return name;
  const isNone = typeof creator !== 'string' || (name.creator === undefined && isPrivateCreator(name.tag));
  if (isNone) throw invalidChanges(place, 'PrivateCreator is a text, and goes with a private attribute');
  const found = attempt(() => ofCreator(name.tag, creator), place);
  if (name.creator !== undefined && name.creator !== found.creator)
    throw invalidChanges(place, 'PrivateCreator is another one than the path has');
  return found;
}

/** @param known what the dictionary has: it decides, where it does not leave a choice */
function givenVr(json: JsonObject, known: Vr | undefined, place: Place): Vr {
  const name = json['vr'];
  const vr = typeof name === 'string' ? vrOfName(name) : undefined;
  if (vr === undefined) throw invalidChanges(place, 'vr is one of PS3.5 6.2, as "LO"');
  if (known !== undefined && known !== vr && CHOICES.get(known)?.includes(vr) !== true)
    throw invalidChanges(place, `PS3.6 has it as ${VR_TEXT.get(known) ?? known.name}; leave vr out`);
  return vr;
}

/** VRs that PS3.6 leaves open. */
const CHOICES: ReadonlyMap<Vr, readonly Vr[]> = new Map<Vr, readonly Vr[]>([
  [AMBIGUOUS_VR.xs, [VR.US, VR.SS]],
  [AMBIGUOUS_VR.ox, [VR.OB, VR.OW]],
  [AMBIGUOUS_VR.lt, [VR.US, VR.SS, VR.OW]],
]);
const VR_TEXT: ReadonlyMap<Vr, string> = new Map<Vr, string>(
  [...CHOICES].map(([vr, choices]) => [vr, choices.map(({ name }) => name).join(' or ')]),
);

const MODEL_MEMBERS = ['vr', 'Value', 'InlineBinary', 'PrivateCreator'];

/** PS3.18 F.2.2 */
function modelAction(vr: Vr, json: JsonObject, place: Place, level: number, special?: Special): Action {
  if (Object.keys(json).some((key) => !MODEL_MEMBERS.includes(key)))
    throw invalidChanges(
      place,
      'a value is { vr, Value } or { vr, InlineBinary }; a reference to bulk data is none',
    );
  const { Value: values, InlineBinary: binary } = json;
  if (binary !== undefined) {
    if (vr.kind !== Kind.Bytes || values !== undefined)
      throw invalidChanges(place, 'InlineBinary goes with OB, OD, OF, OL, OV, OW and UN, without Value');
    return { kind: 'set', value: { vr, bytes: base64(binary, place) } };
  }
  if (values !== undefined && !Array.isArray(values)) throw invalidChanges(place, 'Value is an array');
  return plainAction(vr, values ?? null, place, level, special);
}

function plainAction(
  vr: Vr | undefined,
  json: unknown,
  place: Place,
  level: number,
  special?: Special,
): Action {
  if (vr?.kind === Kind.Sequence)
    return { kind: 'items', fresh: true, items: parseItems(json, place, level, special) };
  if (isBinary(vr, json)) {
    const bytes = json === null ? NO_BYTES : base64(json, place);
    return { kind: 'set', value: { vr, bytes } };
  }
  const values = json === null ? [] : Array.isArray(json) ? (json as unknown[]) : [json];
  return { kind: 'set', value: { vr, values: values.map((each) => parseScalar(each, vr, place)) } };
}

const NO_BYTES = Buffer.alloc(0);

/** Lookup table data is numbers or bytes. */
function isBinary(vr: Vr | undefined, json: unknown): boolean {
  return vr?.kind === Kind.Bytes && (vr !== AMBIGUOUS_VR.lt || typeof json === 'string');
}

function parseItems(json: unknown, place: Place, level: number, special?: Special): Map<number, ChangedItem> {
  const items = new Map<number, ChangedItem>();
  if (json === null) return items;
  if (!Array.isArray(json))
    throw invalidChanges(place, 'a sequence is an array of objects, one for each item');
  for (let index = 0; index < json.length; index += 1) {
    const within = { ...place, path: `${place.path}[${index}]` };
    items.set(index, parseItem(json[index], within, level, special));
  }
  return items;
}

/**
 * The attributes of an item or of a data set, by keyword, tag, or private creator.
 * @param level 0: of a data set
 * @throws DicomError
 */
export function parseItem(json: unknown, place: Place, level: number, special?: Special): ChangedItem {
  if (!isObject(json)) throw invalidChanges(place, 'an item is an object with its attributes');
  const item: ChangedItem = new Map();
  for (const key of Object.keys(json)) {
    const within = { ...place, path: place.path === '' ? key : `${place.path}.${key}` };
    const parsed = attempt(() => parseName(key), within);
    // An object that is made of the message of another one has what that has.
    if (special === undefined) attempt(() => expectSettable(parsed), within);
    const { name, action } = parseValue(parsed, json[key], within, level + 1, special);
    if (item.has(nameKey(name))) throw invalidChanges(within, 'the item has it twice');
    item.set(nameKey(name), { name, place: within, action });
  }
  return item;
}

function parseScalar(json: unknown, vr: Vr | undefined, place: Place): Scalar {
  if (json === null || typeof json === 'string' || typeof json === 'number') return json;
  if (isObject(json) && vr?.kind === Kind.Name) return nameOf(json, place);
  throw invalidChanges(
    place,
    vr === undefined
      ? 'an attribute that PS3.6 does not know says its vr: { "vr": "LO", "Value": ["…"] }'
      : `a value of ${vr.name} is a text, a number or null`,
  );
}

const NAME_GROUPS = ['Alphabetic', 'Ideographic', 'Phonetic'];

function nameOf(json: JsonObject, place: Place): string {
  const own = ownMembers(json);
  const groups = NAME_GROUPS.map((group) => own[group] ?? '').filter((group) => typeof group === 'string');
  const isName =
    groups.length === NAME_GROUPS.length &&
    Object.keys(json).every((key) => NAME_GROUPS.includes(key)) &&
    !groups.some((group) => group.includes('='));
  if (!isName)
    throw invalidChanges(place, 'a name is a text, or an object with Alphabetic, Ideographic, Phonetic');
  while (groups.at(-1) === '') groups.pop();
  return groups.join('=');
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function base64(json: unknown, place: Place): Buffer {
  if (typeof json !== 'string' || json.length % 4 !== 0 || !BASE64.test(json))
    throw invalidChanges(place, 'bytes are a text in base64');
  return Buffer.from(json, 'base64');
}

function attempt<T>(parse: () => T, place: Place): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PathError) throw invalidChanges(place, error.message);
    throw error;
  }
}
