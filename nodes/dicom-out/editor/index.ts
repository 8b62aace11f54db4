/** Editor side of `dicom-out`: what `dicom-out.html` calls as `dicomOutEditor`. */
import type { SenderField } from '../../../src/integration-soup';
import { DICOM_IN, DICOM_OUT, GIVE_UP_MINUTES, splitList, type DicomOutField } from '../../../src/settings';
import {
  createTabs,
  deadLetterPanel,
  JournalPanel,
  NodeForm,
  peerRemarks,
  upstreamNodes,
  type About,
  type EditorNode,
  type HistoryEvent,
  type Remark,
  type Values,
} from '../../editor';
import { ImportExportPanel } from '../../editor/import-export';
import { SenderForm } from './sender-form';

const TABS = ['peer', 'outbox', 'message', 'journal', 'importExport'] as const;

/** Of the open dialog. */
let importing: { sender: SenderForm; panel: ImportExportPanel<SenderField> } | undefined;

export const form = new NodeForm(DICOM_OUT, {
  label: (values) => {
    const peer = peerNode(values);
    return peer == null ? 'dicom out' : `dicom → ${RED.utils.getNodeLabel(peer, peer.id)}`;
  },
  remarks: (about) => [...peerRemarks(about), ...commitmentRemarks(about)],
});

const { text } = form.texts;

export function outputLabel(index: number): string {
  return text(index === 0 ? 'output.sent' : 'output.failed');
}

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const deadLetters = deadLetterPanel(node, form.texts, hasOutbox);
  const journal = new JournalPanel(node, form.texts, ['sent', 'warning', 'failed']);
  const sender = new SenderForm(form);
  const panel = new ImportExportPanel(node, sender);
  importing = { sender, panel };
  const show = createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'outbox') void deadLetters?.refresh();
    if (tab === 'journal') void journal.refresh();
    if (tab === 'importExport') panel.refresh();
  });
  const values = form.fields.inDialog();
  const followMode = (): void => {
    const mode = values('mode');
    // A variable may choose the outbox.
    show('outbox', mode !== 'wait');
    const minutes = mode === 'wait' ? GIVE_UP_MINUTES.wait : GIVE_UP_MINUTES['store-and-forward'];
    form.fields.input('giveUpAfterMinutes').attr('placeholder', minutes);
  };
  form.dialog.on('change', followMode);
  followMode();
}

/** Called before Node-RED reads the inputs. Returns what undoes changes elsewhere. */
export function save(node: EditorNode): { changed: boolean; history: HistoryEvent[] } {
  $('#node-input-outputs').val(form.fields.inDialog()('outputFailures') === false ? 1 : 2);
  importing?.panel.save();
  const history = importing?.sender.save(node) ?? [];
  form.save(node);
  close();
  return { changed: history.length > 0, history };
}

export function close(): void {
  importing?.sender.takeBack();
  importing = undefined;
  form.close();
}

function peerNode(values: Values<DicomOutField>): EditorNode | null | undefined {
  return RED.nodes.node(String(values('peer')));
}

/** The sender of an object cannot be kept waiting until a peer has committed to it. */
function commitmentRemarks({ node, field, values, texts }: About<DicomOutField>): Remark[] {
  if (field !== 'peer' || !peersOf(values).some((peer) => peer?.['commit'] === 'require')) return [];
  const waits = upstreamNodes(node).find(
    (each) => each.type === DICOM_IN.type && each.d !== true && each['respond'] === 'processed',
  );
  if (waits === undefined) return [];
  const name = RED.utils.getNodeLabel(waits, waits.id);
  return [{ severity: 'error', text: texts.text('warning.commitBehindProcessed', { name }) }];
}

/** All to which objects may go. */
function peersOf(values: Values<DicomOutField>): (EditorNode | null | undefined)[] {
  const ticked = values('peersFromMessage');
  // The dialog has comma text.
  const others = Array.isArray(ticked)
    ? (ticked as string[])
    : splitList(typeof ticked === 'string' ? ticked : '');
  return [peerNode(values), ...others.map((id) => RED.nodes.node(id))];
}

/** A flow without the property means the default, which has none; a variable may choose it. */
function hasOutbox({ mode = DICOM_OUT.defaults.mode }: EditorNode): boolean {
  return mode !== 'wait';
}
