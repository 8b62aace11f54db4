/** Editor side of `dicom-retrieve`: what `dicom-retrieve.html` calls as `dicomRetrieveEditor`. */
import { DICOM_RETRIEVE, type DicomRetrieveField } from '../../../src/settings';
import {
  ACKNOWLEDGEMENT_ROWS,
  createTabs,
  deadLetterPanel,
  NodeForm,
  OUTPUT_ROWS,
  PAYLOAD_ROWS,
  peerRemarks,
  type EditorNode,
  type Values,
} from '../../editor';

const TABS = ['retrieve', 'message', 'delivery'] as const;

type Condition = (values: Values<DicomRetrieveField>) => boolean;
// A variable may choose the method.
const moves: Condition = (values) => values('method') !== 'get';
const gets: Condition = (values) => values('method') !== 'move';
const onDisk: Condition = (values) => values('queue') !== 'memory';

export const form = new NodeForm(DICOM_RETRIEVE, {
  label: (values) => {
    const peer = RED.nodes.node(String(values('peer')));
    return peer == null ? 'dicom retrieve' : `dicom ← ${RED.utils.getNodeLabel(peer, peer.id)}`;
  },
  shownIf: {
    moveDestination: moves,
    waitForObjects: moves,
    waitSeconds: (values) => moves(values) && values('waitForObjects') === true,
    ...OUTPUT_ROWS,
    ...PAYLOAD_ROWS,
    queueDirectory: onDisk,
    onlyThisMachine: onDisk,
    maxCrashes: onDisk,
    minFreeDiskMB: onDisk,
    ...ACKNOWLEDGEMENT_ROWS,
  },
  remarks: peerRemarks,
});

export function outputLabel(index: number): string {
  return form.texts.text(index === 0 ? 'output.result' : 'output.objects');
}

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const deadLetters = deadLetterPanel(node, form.texts, ({ method }) => method !== 'move');
  const show = createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'delivery') void deadLetters?.refresh();
  });
  // They are about what a C-GET brings.
  const followMethod = (): void => {
    for (const tab of ['message', 'delivery'] as const) show(tab, gets(form.fields.inDialog()));
  };
  form.dialog.on('input change', followMethod);
  followMethod();
}

export function save(node: EditorNode): void {
  form.save(node);
}

export function close(): void {
  form.close();
}
