/**
 * One DicomReceiverSetting of Integration Soup and the settings of a node, both ways. What is read is kept as it came;
 * what is written is that, with nothing replaced but values that have changed since. So reading and writing back is the
 * identity, whatever else the JSON holds and in whatever form its values came.
 */
import { DICOM_IN, isEnvironmentReference, splitList, type DicomInField, type Field } from '../settings';
import {
  jsonTree,
  memberOf,
  printJson,
  withMember,
  type JsonNode,
  type JsonObject,
  type JsonString,
} from './json-tree';

/** `disabled` is Node-RED's own switch of a node (`d`), not one of its properties. */
export type ReceiverField = DicomInField | 'disabled';
/** Numbers may be text, as a dialog holds them. */
export type ReceiverValue = string | number | boolean | readonly string[];
/** A value for every field that Integration Soup has. */
export type ReceiverValues = ReadonlyMap<ReceiverField, ReceiverValue>;

/** A part of the JSON that has no meaning here and is kept. */
export interface NotUnderstood {
  /** Such as `MessageTypeOptions.Foo` or `Activities[2]`. */
  path: string;
  reason: 'unknownMember' | 'wrongType' | 'wrongElement' | 'unreadableCallers';
  offset: number;
  /** The beginning of its value. */
  shown: string;
}

export interface ReadReceiver {
  values: ReceiverValues;
  /** Fields that had their defaults because the JSON does not have them. */
  leftOut: ReceiverField[];
  notUnderstood: NotUnderstood[];
}

/** The members of a DicomReceiverSetting that settings stand for. */
export const RECEIVER_MEMBERS: Readonly<Partial<Record<DicomInField, string>>> = {
  name: 'Name',
  port: 'Port',
  ourAET: 'OurAET',
  acceptedCallingAETs: 'AcceptedCallingAETs',
  associationTimeoutSeconds: 'AssociationTimeoutSeconds',
  includeCommonFieldsNode: 'MessageTypeOptions.IncludeCommonFieldsNode',
  includeReportNode: 'MessageTypeOptions.IncludeReportNode',
  includeTagsNode: 'MessageTypeOptions.IncludeTagsNode',
  addIncomingMessageToCurrentTab: 'AddIncomingMessageToCurrentTab',
  receivedMessageTemplate: 'ReceivedMessageTemplate',
  messageType: 'MessageType',
  filters: 'Filters',
  variableTransformers: 'VariableTransformers',
  transformers: 'Transformers',
  activities: 'Activities',
  workflowPatternName: 'WorkflowPatternName',
  settingId: 'Id',
};

interface Mapping {
  field: ReceiverField;
  path: readonly [string] | readonly [string, string];
  kind: Field['kind'];
  default: ReceiverValue;
}

const OPTIONS_TYPE = 'HL7Soup.Workflow.MessageTypeOptions.DicomMessageTypeOptions, HL7SoupWorkflow';
const RECEIVER_TYPE = 'HL7Soup.Functions.Settings.Receivers.DicomReceiverSetting, HL7SoupWorkflow';
const NO_GUID = '00000000-0000-0000-0000-000000000000';
const GUIDS: readonly ReceiverField[] = ['settingId', 'filters', 'variableTransformers', 'transformers'];
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
const MAX_SHOWN = 60;
const DEFAULTS = DICOM_IN.defaults;

const MAPPINGS: readonly Mapping[] = [
  { field: 'disabled', path: ['Disabled'], kind: 'boolean', default: false },
  ...DICOM_IN.names.flatMap((field): Mapping[] => {
    const member = RECEIVER_MEMBERS[field];
    if (member === undefined) return [];
    const [first = '', second] = member.split('.');
    const path: Mapping['path'] = second === undefined ? [first] : [first, second];
    return [{ field, path, kind: DICOM_IN.fields[field].kind, default: DEFAULTS[field] }];
  }),
];
export const RECEIVER_FIELDS: readonly ReceiverField[] = MAPPINGS.map(({ field }) => field);

/** What Integration Soup itself would write for a new receiver. */
const NEW_RECEIVER = jsonTree({
  $type: RECEIVER_TYPE,
  Id: NO_GUID,
  Name: '',
  WorkflowPatternName: '',
  Disabled: false,
  Port: DEFAULTS.port,
  OurAET: DEFAULTS.ourAET,
  AcceptedCallingAETs: DEFAULTS.acceptedCallingAETs,
  AssociationTimeoutSeconds: DEFAULTS.associationTimeoutSeconds,
  MessageType: DEFAULTS.messageType,
  MessageTypeOptions: {
    $type: OPTIONS_TYPE,
    IncludeCommonFieldsNode: true,
    IncludeReportNode: true,
    IncludeTagsNode: true,
  },
  ReceivedMessageTemplate: '',
  Filters: NO_GUID,
  VariableTransformers: NO_GUID,
  Transformers: NO_GUID,
  Activities: [],
  AddIncomingMessageToCurrentTab: DEFAULTS.addIncomingMessageToCurrentTab,
}) as JsonObject;

/** The settings that a receiver's JSON stands for. */
export function readReceiver(receiver: JsonObject): ReadReceiver {
  const values = new Map<ReceiverField, ReceiverValue>();
  const leftOut: ReceiverField[] = [];
  const notUnderstood = unknownMembers(receiver);
  for (const mapping of MAPPINGS) {
    const node = find(receiver, mapping.path);
    values.set(mapping.field, valueOf(mapping, node));
    if (node === undefined) leftOut.push(mapping.field);
    else notUnderstood.push(...wrongTypes(mapping, node));
  }
  notUnderstood.sort((one, other) => one.offset - other.offset);
  return { values, leftOut, notUnderstood };
}

/**
 * The JSON of a receiver with these settings.
 * @param kept the JSON that was imported; without one it is written anew
 */
export function writeReceiver(values: ReceiverValues, kept: JsonObject = NEW_RECEIVER): JsonObject {
  return MAPPINGS.reduce((receiver, mapping) => {
    const value = values.get(mapping.field);
    const before = find(receiver, mapping.path);
    if (value === undefined || isSame(mapping, value, valueOf(mapping, before))) return receiver;
    return replace(receiver, mapping.path, encode(mapping, value, before));
  }, kept);
}

/** Whether two values of a field mean the same; line ends are what a browser's inputs make of them. */
function isSame({ field, kind }: Mapping, one: ReceiverValue, other: ReceiverValue): boolean {
  const plain = (value: ReceiverValue): string => {
    if (kind === 'list') return splitList(joined(value)).join();
    const text = joined(value);
    if (kind === 'number') return text.trim();
    if (field === 'receivedMessageTemplate') return text.replace(/\r\n?/g, '\n');
    const line = text.replace(/[\r\n]/g, '');
    return GUIDS.includes(field) && line === NO_GUID ? '' : line;
  };
  return plain(one) === plain(other);
}

const joined = (value: ReceiverValue): string => (typeof value === 'object' ? value.join() : String(value));

function find(receiver: JsonObject, [first, second]: Mapping['path']): JsonNode | undefined {
  const node = memberOf(receiver, first)?.value;
  if (second === undefined) return node;
  return node?.kind === 'object' ? memberOf(node, second)?.value : undefined;
}

function replace(receiver: JsonObject, [first, second]: Mapping['path'], value: JsonNode): JsonObject {
  if (second === undefined) return withMember(receiver, first, value);
  const node = memberOf(receiver, first)?.value;
  const options = node?.kind === 'object' ? node : (jsonTree({ $type: OPTIONS_TYPE }) as JsonObject);
  return withMember(receiver, first, withMember(options, second, value));
}

function valueOf(mapping: Mapping, node: JsonNode | undefined): ReceiverValue {
  if (node === undefined) return mapping.default;
  // A list of callers that cannot be read must not become one that lets everybody in.
  return decode(mapping, node) ?? (mapping.field === 'acceptedCallingAETs' ? '' : mapping.default);
}

/** Undefined: not understood. */
function decode(mapping: Mapping, node: JsonNode): ReceiverValue | undefined {
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

const isString = (node: JsonNode): node is JsonString => node.kind === 'string';
const string = (value: string): JsonNode => ({ kind: 'string', value, offset: 0 });

/** A new value in the form that the old one had. */
function encode({ field, kind }: Mapping, value: ReceiverValue, before: JsonNode | undefined): JsonNode {
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
      return string(joined(value));
  }
}

function encodeNumber(field: ReceiverField, text: string, before: JsonNode | undefined): JsonNode {
  // `${NAME}` and what else is no number can only be text.
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

/** Members of the receiver, and of its options, that no setting is made of. */
function unknownMembers(receiver: JsonObject): NotUnderstood[] {
  const found = unknownOf(receiver, '', ['$type', ...MAPPINGS.map(({ path }) => path[0])]);
  const parents = new Set(MAPPINGS.filter(({ path }) => path.length > 1).map(({ path }) => path[0]));
  for (const parent of parents) {
    const member = memberOf(receiver, parent);
    if (member === undefined) continue;
    const known = MAPPINGS.flatMap(({ path: [first, second] }) =>
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
