import { DICOM_IN, type DicomInField } from '../settings';
import { jsonTree } from './json-parser';
import type { JsonObject } from './json-tree';
import type { Mapping, SettingKind } from './setting-kind';
import { NO_GUID, OPTIONS_TYPE } from './setting-values';

/** `disabled` is Node-RED's own switch of a node (`d`), not one of its properties. */
export type ReceiverField = DicomInField | 'disabled';
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

const MAPPINGS: readonly Mapping<ReceiverField>[] = [
  { field: 'disabled', path: ['Disabled'], kind: 'boolean', default: false },
  ...DICOM_IN.names.flatMap((field): Mapping<ReceiverField>[] => {
    const member = RECEIVER_MEMBERS[field];
    if (member === undefined) return [];
    const [first = '', second] = member.split('.');
    const path: Mapping['path'] = second === undefined ? [first] : [first, second];
    return [{ field, path, kind: DICOM_IN.fields[field].kind, default: DICOM_IN.defaults[field] }];
  }),
];

const DEFAULTS = DICOM_IN.defaults;

const newReceiver = (): JsonObject =>
  jsonTree({
    $type: 'HL7Soup.Functions.Settings.Receivers.DicomReceiverSetting, HL7SoupWorkflow',
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

/** A listener for C-STORE: what a `dicom-in` node is. */
export const RECEIVER_SETTING: SettingKind<ReceiverField> = {
  className: 'DicomReceiverSetting',
  mappings: MAPPINGS,
  keptMembers: [],
  fresh: newReceiver,
  place: (values) => `:${String(values.get('port'))}`,
};
