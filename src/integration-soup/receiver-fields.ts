import { DICOM_IN, type DicomInField, type Field } from '../settings';

/** `disabled` is Node-RED's own switch of a node (`d`), not one of its properties. */
export type ReceiverField = DicomInField | 'disabled';
/** Numbers may be text, as a dialog holds them. */
export type ReceiverValue = string | number | boolean | readonly string[];
/** A value for every field that Integration Soup has. */
export type ReceiverValues = ReadonlyMap<ReceiverField, ReceiverValue>;

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

/** A setting, and where a receiver has it. */
export interface Mapping {
  field: ReceiverField;
  path: readonly [string] | readonly [string, string];
  kind: Field['kind'];
  default: ReceiverValue;
}

export const MAPPINGS: readonly Mapping[] = [
  { field: 'disabled', path: ['Disabled'], kind: 'boolean', default: false },
  ...DICOM_IN.names.flatMap((field): Mapping[] => {
    const member = RECEIVER_MEMBERS[field];
    if (member === undefined) return [];
    const [first = '', second] = member.split('.');
    const path: Mapping['path'] = second === undefined ? [first] : [first, second];
    return [{ field, path, kind: DICOM_IN.fields[field].kind, default: DICOM_IN.defaults[field] }];
  }),
];
export const RECEIVER_FIELDS: readonly ReceiverField[] = MAPPINGS.map(({ field }) => field);
