import {
  RECEIVER_FIELDS,
  type ReceiverField,
  type ReceiverValue,
  type ReceiverValues,
} from '../../../src/integration-soup';
import { DICOM_IN, splitList } from '../../../src/settings';
import { form } from './form';

/** Node-RED's own switch of a node, at the dialog's foot. */
const disabledSwitch = (): JQuery => $('#node-input-node-disabled');

/** The settings of Integration Soup's receiver as they stand in the open dialog. */
export function receiverValues(): ReceiverValues {
  const values = form.fields.inDialog();
  const valueOf = (field: ReceiverField): ReceiverValue => {
    if (field === 'disabled') return disabledSwitch().is(':checked');
    const value = values(field);
    if (typeof value === 'boolean') return value;
    const entered = typeof value === 'string' ? value : '';
    return DICOM_IN.fields[field].kind === 'list' ? splitList(entered) : entered;
  };
  return new Map(RECEIVER_FIELDS.map((field) => [field, valueOf(field)]));
}

/** Puts them into the dialog, as if the user had entered them: Cancel takes them back. */
export function enterReceiverValues(values: ReceiverValues): void {
  for (const [field, value] of values) {
    if (field === 'disabled') disabledSwitch().prop('checked', value).trigger('change');
    else if (typeof value === 'boolean') form.fields.input(field).prop('checked', value);
    else form.fields.enterText(field, typeof value === 'object' ? value.join(', ') : String(value));
  }
}
