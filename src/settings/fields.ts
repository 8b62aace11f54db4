import { checkCharacterSet } from './character-sets';
import {
  accepted,
  checkAeTitle,
  checkAeTitleList,
  checkBindAddress,
  checkFilenameTemplate,
  checkHostList,
  checkKeptJson,
  checkOwnAeTitles,
  checkReplaced,
  checkUidList,
  integerBetween,
  oneOf,
  type Check,
} from './checks';

/**
 * Every property of a `dicom-in` node in the flow JSON: its default, its unit or choices, and its check.
 * The editor's `defaults`, the runtime's parser and the documentation's table all come from here.
 */
interface FieldOf<Kind extends string, Value> {
  kind: Kind;
  /** What a flow means that does not have the property: it never changes. */
  default: Value;
  /** What a node gets that is dropped from the palette, where that is not the default. */
  initial?: Value;
  check: Check;
  /** The name in Integration Soup's DicomReceiverSetting JSON, for fields that it has. */
  soup?: string;
}
export type TextField = FieldOf<'text', string>;
export type NumberField = FieldOf<'number', number>;
export type BooleanField = FieldOf<'boolean', boolean>;
export type ListField = FieldOf<'list', readonly string[]>;
export type ChoiceField<Choice extends string> = FieldOf<'choice', Choice> & { choices: readonly Choice[] };
export type Field = TextField | NumberField | BooleanField | ListField | ChoiceField<string>;

const text = (value: string, check: Check = accepted, soup?: string): TextField =>
  named({ kind: 'text', default: value, check }, soup);
const integer = (value: number, min: number, max: number, soup?: string): NumberField =>
  named({ kind: 'number', default: value, check: integerBetween(min, max) }, soup);
const flag = (value: boolean, soup?: string): BooleanField =>
  named({ kind: 'boolean', default: value, check: accepted }, soup);
const choice = <Choice extends string>(value: Choice, ...others: Choice[]): ChoiceField<Choice> => ({
  kind: 'choice',
  default: value,
  choices: [value, ...others],
  check: oneOf([value, ...others]),
});
/** A field whose value in a node from the palette is another one than in an old flow. */
const startingAs = <F extends Field>(initial: F['default'], field: F): F => ({ ...field, initial });
const guids = (soup: string): ListField => ({ kind: 'list', default: [], check: accepted, soup });

function named<F extends object>(field: F, soup: string | undefined): F & { soup?: string } {
  return soup === undefined ? field : { ...field, soup };
}

const MAX_SECONDS = 86_400;

/** What a node from the palette listens on where the runtime may not use 104: DICOM's registered port beside that. */
export const PORT_WITHOUT_PRIVILEGE = 11_112;

export const FIELDS = {
  name: text('', accepted, 'Name'),

  // Listener
  /** A node from the palette has PORT_WITHOUT_PRIVILEGE where the runtime may not use 104. */
  port: integer(104, 1, 65_535, 'Port'),
  bindAddress: text('', checkBindAddress),
  ourAET: text('HL7SOUP_SCP', checkAeTitle, 'OurAET'),
  /** Id of a core `tls-config` node; empty: clear text. */
  tls: text(''),
  requireClientCertificate: flag(false),

  // Access
  acceptedCallingAETs: text('*', checkAeTitleList, 'AcceptedCallingAETs'),
  checkCalledAET: flag(false),
  /** Further AE titles of ours, on the same port. */
  alsoCalledAETs: text('', checkOwnAeTitles),
  allowedHosts: text('', checkHostList),

  // Limits. Seconds, bytes, megabytes (10^6 bytes) as the names say.
  associationTimeoutSeconds: integer(30, 1, MAX_SECONDS, 'AssociationTimeoutSeconds'),
  idleTimeoutSeconds: integer(60, 1, MAX_SECONDS),
  maxAssociations: integer(50, 1, 10_000),
  maxPduLength: integer(262_144, 4_096, 16_777_216),
  /** 0: no limit. */
  maxObjectSizeMB: integer(0, 0, 1_000_000),

  // What is accepted
  acceptUnknownSopClasses: flag(true),
  transferSyntaxes: text('', checkUidList),

  // Message
  includeCommonFieldsNode: flag(true, 'MessageTypeOptions.IncludeCommonFieldsNode'),
  includeReportNode: flag(true, 'MessageTypeOptions.IncludeReportNode'),
  includeTagsNode: flag(true, 'MessageTypeOptions.IncludeTagsNode'),
  tagsFormat: choice('keyword', 'dicom-json'),
  output: choice('none', 'buffer', 'file'),
  directory: text('', checkReplaced),
  filenameTemplate: text(
    '{StudyInstanceUID}/{SeriesInstanceUID}/{SOPInstanceUID}.dcm',
    checkFilenameTemplate,
  ),
  /** What happens when a file of that name is there: another name, replace it, or keep it if it is the same object. */
  collision: startingAs('skip-identical', choice('keep-both', 'overwrite', 'skip-identical')),
  /** An object that cannot be put in place for so long becomes a dead letter; 0: it is tried for ever. */
  placeForHours: integer(24, 0, 8_760),
  /** `msg.dicom.document`: the document of an object that encapsulates one. */
  document: flag(true),
  /** Attributes without a value are left out of CommonFields and of Tags in the keyword layout. */
  leaveOutEmpty: flag(false),
  /** Used where an object declares no character set, and where the declared one cannot be. */
  defaultCharacterSet: text('ISO_IR 100', checkCharacterSet),
  /** Larger messages (10^6 bytes of JSON), or ones of more values and keys, have references in Tags. */
  maxMessageMB: integer(2, 1, 1_000),
  maxMessageElements: integer(25_000, 100, 10_000_000),
  addIncomingMessageToCurrentTab: flag(false, 'AddIncomingMessageToCurrentTab'),
  emitEvents: flag(false),

  // Delivery
  queue: choice('disk-synced', 'disk', 'memory'),
  /** Empty: `<userDir>/dicom/<node id>`. */
  queueDirectory: text('', checkReplaced),
  /** The queue's lock holds on one machine only: on a file system that others may share, somebody has to say that none does. */
  onlyThisMachine: startingAs<BooleanField>(false, flag(true)),
  maxQueued: integer(10_000, 1, 10_000_000),
  /** Below so much free space (10^6 bytes) on the queue's disk nothing is accepted; 0: no check. */
  minFreeDiskMB: integer(512, 0, 1_000_000_000),
  respond: choice('received', 'processed'),
  responseTimeoutSeconds: integer(30, 1, MAX_SECONDS),
  acknowledge: flag(false),
  /** Messages that the flow may hold unacknowledged at a time. */
  maxInFlight: integer(16, 1, 1_000),
  acknowledgeTimeoutSeconds: integer(300, 1, MAX_SECONDS),
  /** How often an object is delivered at most before it becomes a dead letter. */
  maxDeliveries: integer(5, 1, 1_000),
  /** How often Node-RED or the receiver may end while it has an object, before that becomes a dead letter. */
  maxCrashes: integer(10, 1, 1_000),

  // Sample, and what is kept for import and export only
  receivedMessageTemplate: text('', accepted, 'ReceivedMessageTemplate'),
  messageType: integer(11, 0, 1_000, 'MessageType'),
  filters: text('', accepted, 'Filters'),
  variableTransformers: text('', accepted, 'VariableTransformers'),
  transformers: text('', accepted, 'Transformers'),
  activities: guids('Activities'),
  workflowPatternName: text('', accepted, 'WorkflowPatternName'),
  settingId: text('', accepted, 'Id'),
  /** The imported receiver as JSON text: text, because an object's keys could be anything. */
  imported: text('', checkKeptJson),
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;

type ValueOf<F> =
  F extends ChoiceField<infer Choice>
    ? Choice
    : F extends TextField
      ? string
      : F extends NumberField
        ? number
        : F extends BooleanField
          ? boolean
          : readonly string[];

/** The settings of a `dicom-in` node, typed and checked. */
export type DicomInSettings = { -readonly [Name in FieldName]: ValueOf<(typeof FIELDS)[Name]> };

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

export const DEFAULTS = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, FIELDS[name].default]),
) as DicomInSettings;
