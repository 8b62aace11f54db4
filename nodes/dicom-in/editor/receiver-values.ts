import {
  RECEIVER_SETTING,
  type ReceiverField,
  type SettingValue,
  type SettingValues,
} from '../../../src/integration-soup';
import { DICOM_IN, splitList } from '../../../src/settings';
import type { ImportingForm } from '../../editor/import-export';
import { form, text } from './form';

/** Fields that only name settings of Integration Soup, which a flow must do instead. */
const LINKS = ['filters', 'variableTransformers', 'transformers', 'activities'] as const;
/** Of which an import says at once what is wrong. */
const CHECKED = [
  'port',
  'ourAET',
  'acceptedCallingAETs',
  'associationTimeoutSeconds',
  'messageType',
] as const;

/** Node-RED's own switch of a node, at the dialog's foot. */
const disabledSwitch = (): JQuery => $('#node-input-node-disabled');

/** The dialog as imports and exports want it. */
export const receiverForm: ImportingForm<ReceiverField> = {
  kind: RECEIVER_SETTING,
  texts: form.texts,
  get dialog() {
    return form.dialog;
  },
  input: (name) => form.fields.input(name),
  values: receiverValues,
  enter: enterReceiverValues,
  remarks: (node) =>
    CHECKED.flatMap((field) =>
      form.remarksInDialog(node, field).map((remark) => ({ label: text(`label.${field}`), remark })),
    ),
  notes: ({ values }) => {
    const links = LINKS.filter((field) => isLink(values.get(field))).map((field) => text(`label.${field}`));
    return [
      ...(values.get('disabled') === true ? [text('importExport.disabled')] : []),
      ...(links.length > 0 ? [`${text('importExport.linksOnly')} ${links.join(', ')}`] : []),
    ];
  },
  label: (field) => (field === 'disabled' ? undefined : text(`label.${field}`)),
  mayNameVariables: (field) => field === 'receivedMessageTemplate',
};

/** A GUID of zeros links to nothing. */
const isLink = (guids: SettingValue | undefined): boolean => /[^0,-]/.test(String(guids ?? ''));

function receiverValues(): SettingValues<ReceiverField> {
  const values = form.fields.inDialog();
  const valueOf = (field: ReceiverField): SettingValue => {
    if (field === 'disabled') return disabledSwitch().is(':checked');
    const value = values(field);
    if (typeof value === 'boolean') return value;
    const entered = typeof value === 'string' ? value : '';
    return DICOM_IN.fields[field].kind === 'list' ? splitList(entered) : entered;
  };
  return new Map(RECEIVER_SETTING.mappings.map(({ field }) => [field, valueOf(field)]));
}

function enterReceiverValues(values: SettingValues<ReceiverField>): void {
  for (const [field, value] of values) {
    if (field === 'disabled') disabledSwitch().prop('checked', value).trigger('change');
    else if (typeof value === 'boolean') form.fields.input(field).prop('checked', value);
    else form.fields.enterText(field, typeof value === 'object' ? value.join(', ') : String(value));
  }
}
