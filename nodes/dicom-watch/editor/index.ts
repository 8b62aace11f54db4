/** Editor side of `dicom-watch`: what `dicom-watch.html` calls as `dicomWatchEditor`. */
import { DICOM_WATCH } from '../../../src/settings';
import { createTabs, deadLetterPanel, NodeForm, type EditorNode } from '../../editor';

const TABS = ['folder', 'delivery'] as const;

export const form = new NodeForm(DICOM_WATCH, {
  label: (values) => {
    const directory = values('directory');
    return typeof directory === 'string' && directory.trim() !== '' ? directory : 'dicom watch';
  },
  shownIf: {
    // A variable may choose it.
    moveTo: (values) => !['keep', 'delete'].includes(String(values('after'))),
    maxInFlight: (values) => values('acknowledge') !== false,
    acknowledgeTimeoutSeconds: (values) => values('acknowledge') !== false,
    maxDeliveries: (values) => values('acknowledge') !== false,
  },
});

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const deadLetters = deadLetterPanel(node, form.texts, () => true);
  createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'delivery') void deadLetters?.refresh();
  });
}

export function save(node: EditorNode): void {
  form.save(node);
}

export function close(): void {
  form.close();
}
