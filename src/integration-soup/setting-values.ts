/** Values of settings, and their form in JSON. */
import { isEnvironmentReference, splitList } from '../settings';
import type { JsonNode, JsonString } from './json-tree';
import type { Mapping, SettingValue } from './setting-kind';

export const OPTIONS_TYPE = 'HL7Soup.Workflow.MessageTypeOptions.DicomMessageTypeOptions, HL7SoupWorkflow';
export const NO_GUID = '00000000-0000-0000-0000-000000000000';
const GUIDS: readonly string[] = ['settingId', 'filters', 'variableTransformers', 'transformers'];
/** Integration Soup's message types: some write the enum's number, some its name. */
const MESSAGE_TYPES: ReadonlyMap<string, number> = new Map([
  ['Unknown', 0],
  ['HL7V2', 1],
  ['XML', 4],
  ['CSV', 5],
  ['SQL', 6],
  ['JSON', 11],
  ['Text', 13],
  ['Binary', 14],
  ['DICOM', 16],
]);

/** Whether two values of a field mean the same; line ends are what a browser's inputs make of them. */
export function isSame({ field, kind }: Mapping, one: SettingValue, other: SettingValue): boolean {
  const plain = (value: SettingValue): string => {
    if (kind === 'list') return splitList(joined(value)).join();
    const text = joined(value);
    if (kind === 'number') return text.trim();
    if (field === 'receivedMessageTemplate') return text.replace(/\r\n?/g, '\n');
    const line = text.replace(/[\r\n]/g, '');
    return GUIDS.includes(field) && line === NO_GUID ? '' : line;
  };
  return plain(one) === plain(other);
}

const joined = (value: SettingValue): string => (typeof value === 'object' ? value.join() : String(value));

/** What a setting's JSON says about a value. */
export function valueOf(mapping: Mapping, node: JsonNode | undefined): SettingValue {
  if (node === undefined) return mapping.default;
  // A list of callers that cannot be read must not become one that lets everybody in.
  return decode(mapping, node) ?? (mapping.field === 'acceptedCallingAETs' ? '' : mapping.default);
}

/** Undefined: not understood. */
export function decode(mapping: Mapping, node: JsonNode): SettingValue | undefined {
  switch (mapping.kind) {
    case 'number':
      return numberOf(mapping, node);
    case 'boolean':
      return booleanOf(node);
    case 'list':
      if (node.kind === 'array') return node.items.filter(isString).map(({ value }) => value);
      return node.kind === 'literal' && node.value === null ? [] : undefined;
    case 'text':
    case 'choice':
    case 'node':
      if (node.kind === 'object' || node.kind === 'array') return undefined;
      return node.kind === 'number' ? node.text : String(node.value ?? '');
    case 'rows':
      // Integration Soup has none.
      return undefined;
  }
}

function numberOf({ field }: Mapping, node: JsonNode): string | number | undefined {
  if (node.kind !== 'number' && node.kind !== 'string') return undefined;
  const text = node.kind === 'number' ? node.text : node.value.trim();
  if (isEnvironmentReference(text)) return text;
  const named = field === 'messageType' ? messageTypeOf(text) : undefined;
  const number = named ?? (node.kind === 'number' || /^[+-]?\d+$/.test(text) ? Number(text) : NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}

function messageTypeOf(name: string): number | undefined {
  return [...MESSAGE_TYPES].find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}

function booleanOf(node: JsonNode): boolean | undefined {
  if (node.kind === 'object' || node.kind === 'array') return undefined;
  const text = (node.kind === 'number' ? node.text : String(node.value)).trim().toLowerCase();
  if (node.kind === 'number') return text === '1' ? true : text === '0' ? false : undefined;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

export const isString = (node: JsonNode): node is JsonString => node.kind === 'string';
const string = (value: string): JsonNode => ({ kind: 'string', value, offset: 0 });

/** A new value in the form that the old one had. */
export function encode(
  { field, kind }: Mapping,
  value: SettingValue,
  before: JsonNode | undefined,
): JsonNode {
  switch (kind) {
    case 'number':
      return encodeNumber(field, joined(value).trim(), before);
    case 'boolean': {
      const flag = value === true || value === 'true';
      if (before?.kind === 'number') return { kind: 'number', text: flag ? '1' : '0', offset: 0 };
      if (before?.kind !== 'string') return { kind: 'literal', value: flag, offset: 0 };
      const word = String(flag);
      return string(/^\s*[TF]/.test(before.value) ? word[0]?.toUpperCase() + word.slice(1) : word);
    }
    case 'list':
      return encodeList(typeof value === 'object' ? value : splitList(String(value)), before);
    case 'text':
    case 'choice':
    case 'node':
    case 'rows':
      return string(joined(value));
  }
}

function encodeNumber(field: string, text: string, before: JsonNode | undefined): JsonNode {
  // `${NAME}` and anything else that is not a number can only be text.
  if (!/^[+-]?\d+$/.test(text)) return string(text);
  const number = String(Number(text));
  if (before?.kind !== 'string') return { kind: 'number', text: number, offset: 0 };
  const hadName = field === 'messageType' && messageTypeOf(before.value.trim()) !== undefined;
  const name = [...MESSAGE_TYPES].find(([, code]) => String(code) === number)?.[0];
  return string(hadName && name !== undefined ? name : number);
}

/** Elements that are no strings stay where they are; the strings take the places between them. */
function encodeList(values: readonly string[], before: JsonNode | undefined): JsonNode {
  const items: JsonNode[] = values.map(string);
  const old = before?.kind === 'array' ? before.items : [];
  old.forEach((item, index) => {
    if (!isString(item)) items.splice(index, 0, item);
  });
  return { kind: 'array', items, offset: 0 };
}
