/**
 * Editor side of `dicom-in`: what `dicom-in.html` calls as `dicomInEditor`. The rules come from `src/settings`, so that
 * the dialog and the runtime agree.
 */
import { DICOM_IN, splitList, type DicomInField as FieldName } from '../../../src/settings';
import {
  addHints,
  dialogValues,
  fillChoices,
  fillMissing,
  followInput,
  input,
  leaveMissing,
  nodeValues,
  refuse,
} from './dialog';
import { sendSample } from './button';
import { deadLetterPanel } from './dead-letters';
import { FeedbackPanel } from './feedback';
import { remarks, type Values } from './findings';
import { offerTabName, renameTab } from './flow-tab';
import { ImportExportPanel } from './import-export';
import { startNew } from './initial';
import { createListFields } from './list-field';
import { SamplePanel } from './sample';
import { createTabs } from './tabs';
import { findingText, text } from './text';
import type { EditorNode, HistoryEvent } from '../../editor/red';

/** The node whose dialog is open: Node-RED also validates others meanwhile, which must not read this one's fields. */
let open: { node: EditorNode; importExport: ImportExportPanel; feedback: FeedbackPanel } | undefined;

/** A property's validator: true, or what is wrong with the value, beginning with the field's label. */
export function validate(node: EditorNode, field: FieldName | 'version', value: unknown): true | string {
  const unknown = DICOM_IN.check('version', node['version']).map(findingText);
  if (field === 'version') return unknown.length === 0 || `${text('label.version')}: ${unknown.join('; ')}`;
  // What another version means by it is not known.
  if (unknown.length > 0) return true;
  const others: Values = open?.node === node ? dialogValues() : nodeValues(node);
  const values: Values = (name) => (name === field ? value : others(name));
  const errors = remarks(node, field, values).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return true;
  return `${text(`label.${field}`)}: ${errors.map((error) => error.text).join('; ')}`;
}

export function label(node: EditorNode): string {
  const values = nodeValues(node);
  return String(values('name')) || `dicom :${String(values('port'))}`;
}

/** A node came into the workspace: from the palette, or by paste or import. */
export function added(node: EditorNode): void {
  startNew(node);
}

/** The node's button was pressed. */
export function pressed(node: EditorNode): void {
  void sendSample(node, label(node));
}

export function outputLabel(index: number): string {
  return text(index === 0 ? 'output.message' : 'output.event');
}

export function prepare(node: EditorNode): void {
  const unknown = DICOM_IN.check('version', node['version']);
  if (unknown.length > 0) return refuse(unknown);
  const activities = nodeValues(node)('activities');
  input('activities').val(Array.isArray(activities) ? activities.join(', ') : '');
  fillMissing(node);
  fillChoices(node);
  addHints();
  createListFields();
  followInput(node);
  offerTabName(node);
  const sample = new SamplePanel(node['receivedMessageTemplate']);
  const importExport = new ImportExportPanel(node);
  const feedback = new FeedbackPanel(node);
  open = { node, importExport, feedback };
  const deadLetters = deadLetterPanel(node);
  createTabs((tab) => {
    if (tab === 'listener') feedback.start();
    else feedback.stop();
    if (tab === 'sample') sample.refresh();
    if (tab === 'delivery') void deadLetters?.refresh();
    if (tab === 'importExport') importExport.refresh();
  });
}

/**
 * Called before Node-RED reads the inputs: what has no plain input is put into one, or into the node. Returns what undoes
 * changes elsewhere.
 */
export function save(node: EditorNode): { changed: boolean; history: HistoryEvent[] } {
  if (open === undefined) return { changed: false, history: [] };
  $('#node-input-outputs').val(input('emitEvents').is(':checked') ? 2 : 1);
  open.importExport.save();
  const activities = splitList(String(input('activities').val() ?? ''));
  if (node['activities'] !== undefined || activities.length > 0) node['activities'] = activities;
  leaveMissing(node);
  const history = renameTab(node);
  close();
  return { changed: history.length > 0, history };
}

export function close(): void {
  open?.feedback.stop();
  open = undefined;
}
