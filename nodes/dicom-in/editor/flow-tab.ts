import type { EditorNode, EditorTab, HistoryEvent } from '../../editor';
import { form, text } from './form';

/** Offers to give the flow's tab the name of the workflow that the receiver started; not in a subflow. */
export function offerTabName(node: EditorNode): void {
  const tab = tabOf(node);
  $('#dicom-in-rename-tab-now').text(tab === undefined ? '' : `${text('importExport.tabNow')} ${tab.label}`);
  const refresh = (): void => {
    const name = workflowName();
    const isOffered = tab !== undefined && name !== '' && name !== tab.label;
    checkbox().closest('.form-row').toggle(isOffered);
    if (!isOffered) checkbox().prop('checked', false);
  };
  form.dialog.on('input change', refresh);
  refresh();
}

/** Renames the tab where that was ticked. Returns what undoes it. */
export function renameTab(node: EditorNode): HistoryEvent[] {
  const tab = tabOf(node);
  if (tab === undefined || !checkbox().is(':checked')) return [];
  const { label, changed } = tab;
  const undo: HistoryEvent = { t: 'edit', node: tab, changes: { label }, changed, dirty: RED.nodes.dirty() };
  tab.label = workflowName();
  tab.changed = true;
  RED.events.emit('flows:change', tab);
  RED.workspaces.refresh();
  return [undo];
}

const checkbox = (): JQuery => $('#dicom-in-rename-tab');
const workflowName = (): string => String(form.fields.input('workflowPatternName').val() ?? '').trim();

function tabOf(node: EditorNode): EditorTab | undefined {
  return node.z === undefined ? undefined : RED.nodes.workspace(node.z);
}
