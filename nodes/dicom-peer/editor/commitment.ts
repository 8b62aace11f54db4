import {
  ANY,
  DICOM_IN,
  DICOM_PEER,
  isEnvironmentReference,
  splitList,
  type DicomPeerField,
} from '../../../src/settings';
import type { About, EditorNode, Remark, Texts } from '../../editor';

/** Offers the dicom-in nodes of all flows, by name; one that there is no more, or a variable, stays selectable. */
export function fillReceivers(select: JQuery, current: string, { text }: Texts): void {
  const found = RED.nodes
    .filterNodes({ type: DICOM_IN.type })
    .map((node) => ({ id: node.id, label: RED.utils.getNodeLabel(node, node.id) }))
    .sort((one, other) => one.label.localeCompare(other.label));
  const isMissing = current !== '' && !found.some(({ id }) => id === current);
  const label = isEnvironmentReference(current) ? current : text('list.missingNode', { id: current });
  const options = [
    { id: '', label: text('placeholder.commitThrough') },
    ...found,
    ...(isMissing ? [{ id: current, label }] : []),
  ];
  select.empty().append(options.map((option) => $('<option>').val(option.id).text(option.label)));
  select.val(current);
}

/** What is remarkable about the dicom-in node that takes the peer's reports. */
export function receiverRemarks({ field, values, texts: { text } }: About<DicomPeerField>): Remark[] {
  const id = (values('commitThrough') as string | undefined) ?? DICOM_PEER.defaults.commitThrough;
  if (field !== 'commitThrough' || values('commit') !== 'require') return [];
  if (id === '' || isEnvironmentReference(id)) return [];
  const receiver = RED.nodes.node(id);
  if (receiver?.type !== DICOM_IN.type) return [{ severity: 'error', text: text('warning.receiverGone') }];
  if (receiver.d === true) return [{ severity: 'error', text: text('warning.receiverDisabled') }];
  const [theirs, ours] = [String(values('calledAET')), String(values('callingAET'))];
  return [
    ...(letsIn(receiver, theirs) ? [] : [warning(text('warning.reporterNotAccepted', { title: theirs }))]),
    ...(isCalled(receiver, ours) ? [] : [warning(text('warning.reporterCalls', { title: ours }))]),
  ];
}

const warning = (text: string): Remark => ({ severity: 'warning', text });

/** The dicom-in node accepts calls by this AE title. */
function letsIn(receiver: EditorNode, title: string): boolean {
  const { acceptedCallingAETs = DICOM_IN.defaults.acceptedCallingAETs } = receiver;
  return hasTitle(acceptedCallingAETs, title) || hasTitle(acceptedCallingAETs, ANY);
}

/** The dicom-in node accepts calls to this AE title. */
function isCalled(receiver: EditorNode, title: string): boolean {
  const { defaults } = DICOM_IN;
  const { checkCalledAET = defaults.checkCalledAET, ourAET = defaults.ourAET, alsoCalledAETs } = receiver;
  return checkCalledAET !== true || hasTitle(ourAET, title) || hasTitle(alsoCalledAETs, title);
}

/** A list with a variable in it may hold anything. */
function hasTitle(list: unknown, title: string): boolean {
  if (isEnvironmentReference(list) || isEnvironmentReference(title)) return true;
  const titles = splitList(typeof list === 'string' ? list : '');
  return titles.some((each) => each.toUpperCase() === title.toUpperCase());
}
