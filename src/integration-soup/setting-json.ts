/**
 * One setting of Integration Soup and the values of a dialog, both ways. What is read is kept as it came;
 * what is written is that, with nothing replaced but values that have changed since. So reading and writing back is the
 * identity, whatever else the JSON holds and in whatever form its values came.
 */
import { jsonTree } from './json-parser';
import { printJson } from './json-printer';
import { memberOf, withMember, type JsonNode, type JsonObject } from './json-tree';
import type { Mapping, SettingKind, SettingValue, SettingValues } from './setting-kind';
import { decode, encode, isSame, isString, OPTIONS_TYPE, valueOf } from './setting-values';

/** A part of the JSON that has no meaning here and is kept. */
export interface NotUnderstood {
  /** Such as `MessageTypeOptions.Foo` or `Activities[2]`. */
  path: string;
  reason: 'unknownMember' | 'wrongType' | 'wrongElement' | 'unreadableCallers';
  offset: number;
  /** The beginning of its value. */
  shown: string;
}

export interface ReadSetting<Name extends string = string> {
  values: SettingValues<Name>;
  /** Fields that had their defaults because the JSON does not have them. */
  leftOut: Name[];
  notUnderstood: NotUnderstood[];
}

const MAX_SHOWN = 60;

/** The values in a setting's JSON. */
export function readSetting<Name extends string>(
  kind: SettingKind<Name>,
  setting: JsonObject,
): ReadSetting<Name> {
  const values = new Map<Name, SettingValue>();
  const leftOut: Name[] = [];
  const notUnderstood = unknownMembers(kind, setting);
  for (const mapping of kind.mappings) {
    const node = find(setting, mapping.path);
    values.set(mapping.field, valueOf(mapping, node));
    if (node === undefined) leftOut.push(mapping.field);
    else notUnderstood.push(...wrongTypes(mapping, node));
  }
  notUnderstood.sort((one, other) => one.offset - other.offset);
  return { values, leftOut, notUnderstood };
}

/**
 * The JSON of a setting with these values.
 * @param kept the JSON that was imported; without one it is written anew
 */
export function writeSetting<Name extends string>(
  kind: SettingKind<Name>,
  values: SettingValues<Name>,
  kept: JsonObject = kind.fresh(),
): JsonObject {
  return kind.mappings.reduce((setting, mapping) => {
    const value = values.get(mapping.field);
    const before = find(setting, mapping.path);
    if (value === undefined || isSame(mapping, value, valueOf(mapping, before))) return setting;
    return replace(setting, mapping.path, encode(mapping, value, before));
  }, kept);
}

function find(setting: JsonObject, [first, second]: Mapping['path']): JsonNode | undefined {
  const node = memberOf(setting, first)?.value;
  if (second === undefined) return node;
  return node?.kind === 'object' ? memberOf(node, second)?.value : undefined;
}

function replace(setting: JsonObject, [first, second]: Mapping['path'], value: JsonNode): JsonObject {
  if (second === undefined) return withMember(setting, first, value);
  const node = memberOf(setting, first)?.value;
  const options = node?.kind === 'object' ? node : (jsonTree({ $type: OPTIONS_TYPE }) as JsonObject);
  return withMember(setting, first, withMember(options, second, value));
}

/** Members of the setting, and of its options, that no value is made of. */
function unknownMembers({ mappings, keptMembers }: SettingKind, setting: JsonObject): NotUnderstood[] {
  const found = unknownOf(setting, '', ['$type', ...keptMembers, ...mappings.map(({ path }) => path[0])]);
  const parents = new Set(mappings.filter(({ path }) => path.length > 1).map(({ path }) => path[0]));
  for (const parent of parents) {
    const member = memberOf(setting, parent);
    if (member === undefined) continue;
    const known = mappings.flatMap(({ path: [first, second] }) =>
      first === parent && second ? [second] : [],
    );
    if (member.value.kind === 'object') {
      found.push(...unknownOf(member.value, `${parent}.`, ['$type', ...known]));
    } else if (!isNull(member.value)) {
      found.push({ path: parent, reason: 'wrongType', ...placeAndBeginning(member.value) });
    }
  }
  return found;
}

function unknownOf(object: JsonObject, prefix: string, known: readonly string[]): NotUnderstood[] {
  const understood = new Set(known.map((key) => memberOf(object, key)));
  return object.members
    .filter((member) => !understood.has(member))
    .map(({ key, value }) => ({ path: prefix + key, reason: 'unknownMember', ...placeAndBeginning(value) }));
}

function wrongTypes(mapping: Mapping, node: JsonNode): NotUnderstood[] {
  const path = mapping.path.join('.');
  if (mapping.kind === 'list' && node.kind === 'array') {
    return node.items.flatMap((item, index) =>
      isString(item)
        ? []
        : [{ path: `${path}[${index}]`, reason: 'wrongElement' as const, ...placeAndBeginning(item) }],
    );
  }
  if (decode(mapping, node) !== undefined) return [];
  const reason = mapping.field === 'acceptedCallingAETs' ? 'unreadableCallers' : 'wrongType';
  return [{ path, reason, ...placeAndBeginning(node) }];
}

const isNull = (node: JsonNode): boolean => node.kind === 'literal' && node.value === null;

function placeAndBeginning(node: JsonNode): Pick<NotUnderstood, 'offset' | 'shown'> {
  const text = printJson(node);
  return { offset: node.offset, shown: text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text };
}
