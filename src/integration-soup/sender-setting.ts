import { jsonTree } from './json-parser';
import type { JsonObject } from './json-tree';
import type { Mapping, SettingKind } from './setting-kind';
import { NO_GUID } from './setting-values';

/** Of a `dicom-out` node and its peer. `disabled` is Node-RED's own switch of a node. */
export type SenderField =
  'disabled' | 'name' | 'host' | 'port' | 'callingAET' | 'calledAET' | 'responseTimeoutSeconds';

/** The members of a DicomSenderSetting that settings of a peer stand for. */
export const SENDER_PEER_MEMBERS = {
  host: 'RemoteHost',
  port: 'RemotePort',
  callingAET: 'OurAET',
  calledAET: 'RemoteAET',
  responseTimeoutSeconds: 'TimeoutSeconds',
} as const;

const MAPPINGS: readonly Mapping<SenderField>[] = [
  { field: 'disabled', path: ['Disabled'], kind: 'boolean', default: false },
  { field: 'name', path: ['Name'], kind: 'text', default: '' },
  { field: 'host', path: [SENDER_PEER_MEMBERS.host], kind: 'text', default: '127.0.0.1' },
  { field: 'port', path: [SENDER_PEER_MEMBERS.port], kind: 'number', default: 104 },
  { field: 'callingAET', path: [SENDER_PEER_MEMBERS.callingAET], kind: 'text', default: 'HL7SOUP_SCU' },
  { field: 'calledAET', path: [SENDER_PEER_MEMBERS.calledAET], kind: 'text', default: 'ANY_SCP' },
  {
    field: 'responseTimeoutSeconds',
    path: [SENDER_PEER_MEMBERS.responseTimeoutSeconds],
    kind: 'number',
    default: 30,
  },
];

const newSender = (): JsonObject =>
  jsonTree({
    $type: 'HL7Soup.Functions.Settings.Senders.DicomSenderSetting, HL7SoupWorkflow',
    Id: NO_GUID,
    Name: '',
    Disabled: false,
    RemoteHost: '127.0.0.1',
    RemotePort: 104,
    OurAET: 'HL7SOUP_SCU',
    RemoteAET: 'ANY_SCP',
    TimeoutSeconds: 30,
    MessageType: 16,
    MessageTypeOptions: null,
    MessageTemplate: '',
    Filters: NO_GUID,
    Transformers: NO_GUID,
    TransformersNotAvailable: false,
    Version: 3,
  }) as JsonObject;

/** An activity that sends an object by C-STORE: what a `dicom-out` node is, with its peer. */
export const SENDER_SETTING: SettingKind<SenderField> = {
  className: 'DicomSenderSetting',
  mappings: MAPPINGS,
  // What a flow does with the object before, and what only Integration Soup goes by.
  keptMembers: [
    'Id',
    'MessageType',
    'MessageTypeOptions',
    'MessageTemplate',
    'Filters',
    'Transformers',
    'TransformersNotAvailable',
    'Version',
  ],
  fresh: newSender,
  place: (values) => `${String(values.get('host'))}:${String(values.get('port'))}`,
};
