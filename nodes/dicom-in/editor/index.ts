/** Editor side of `dicom-in`: what `dicom-in.html` calls as `dicomInEditor`. */
import type { ReceiverField } from '../../../src/integration-soup';
import { outputsOf, PORT_WITHOUT_PRIVILEGE } from '../../../src/settings';
import { createTabs, deadLetterPanel, JournalPanel, type EditorNode, type HistoryEvent } from '../../editor';
import { ImportExportPanel } from '../../editor/import-export';
import { sendSample } from './button';
import { FeedbackPanel } from './feedback';
import { offerTabName, renameTab } from './flow-tab';
import { form, text } from './form';
import { mayUseLowPorts } from './port-remarks';
import { receiverForm } from './receiver-values';
import { SamplePanel } from './sample';

export { form };

const TABS = ['listener', 'access', 'message', 'delivery', 'journal', 'sample', 'importExport'] as const;

/** Of the open dialog. */
let panels: { importExport: ImportExportPanel<ReceiverField>; feedback: FeedbackPanel } | undefined;

/** A node came into the workspace: from the palette, or by paste or import. */
export function added(node: EditorNode): void {
  if (form.added(node) && !mayUseLowPorts()) node['port'] = PORT_WITHOUT_PRIVILEGE;
}

/** The node's button was pressed. */
export function pressed(node: EditorNode): void {
  void sendSample(node, form.label(node));
}

/** In this order for ever: flows are wired to them. */
const OUTPUTS = ['output.message', 'output.event', 'output.query', 'output.step'];

export function outputLabel(index: number): string {
  return text(OUTPUTS[index] ?? 'output.message');
}

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  offerTabName(node);
  const sample = new SamplePanel(node['receivedMessageTemplate']);
  const importExport = new ImportExportPanel(node, receiverForm);
  const feedback = new FeedbackPanel(node);
  panels = { importExport, feedback };
  const deadLetters = deadLetterPanel(node, form.texts);
  const journal = new JournalPanel(node, form.texts, ['received', 'refused', 'dead-letter']);
  createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'listener') feedback.start();
    else feedback.stop();
    if (tab === 'sample') sample.refresh();
    if (tab === 'delivery') void deadLetters?.refresh();
    if (tab === 'journal') void journal.refresh();
    if (tab === 'importExport') importExport.refresh();
  });
}

/**
 * Called before Node-RED reads the inputs: what has no plain input is put into one, or into the node. Returns what undoes
 * changes elsewhere.
 */
export function save(node: EditorNode): { changed: boolean; history: HistoryEvent[] } {
  if (panels === undefined) return { changed: false, history: [] };
  const values = form.fields.inDialog();
  const outputs = outputsOf({
    emitEvents: values('emitEvents'),
    answerQueries: values('answerQueries'),
    answerMpps: values('answerMpps'),
  });
  $('#node-input-outputs').val(outputs);
  panels.importExport.save();
  form.save(node);
  const history = renameTab(node);
  close();
  return { changed: history.length > 0, history };
}

export function close(): void {
  panels?.feedback.stop();
  panels = undefined;
  form.close();
}
