/**
 * One DicomReceiverSetting of Integration Soup and the settings of a node, both ways. What is read is kept as it came;
 * what is written is that, with nothing replaced but values that have changed since. So reading and writing back is the
 * identity, whatever else the JSON holds and in whatever form its values came.
 */
import { DICOM_IN } from '../settings';
import { jsonTree } from './json-parser';
import { printJson } from './json-printer';
import { memberOf, withMember, type JsonNode, type JsonObject } from './json-tree';
import {
  MAPPINGS,
  type Mapping,
  type ReceiverField,
  type ReceiverValue,
  type ReceiverValues,
} from './receiver-fields';
import { decode, encode, isSame, isString, NO_GUID, valueOf } from './receiver-values';

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

const OPTIONS_TYPE = 'HL7Soup.Workflow.MessageTypeOptions.DicomMessageTypeOptions, HL7SoupWorkflow';
const RECEIVER_TYPE = 'HL7Soup.Functions.Settings.Receivers.DicomReceiverSetting, HL7SoupWorkflow';
const MAX_SHOWN = 60;
const DEFAULTS = DICOM_IN.defaults;

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

/** The settings in a receiver's JSON. */
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
