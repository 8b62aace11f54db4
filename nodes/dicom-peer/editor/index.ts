/** Editor side of `dicom-peer`: what `dicom-peer.html` calls as `dicomPeerEditor`. */
import { showEcho, type EditorNode } from '../../editor';
import { fillReceivers } from './commitment';
import { testEcho } from './echo';
import { form } from './form';

export { form };

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const through = String(form.fields.ofNode(node)('commitThrough'));
  fillReceivers(form.fields.input('commitThrough'), through, form.texts);
  $('#dicom-peer-test-echo').on('click', () => {
    void showEcho('dicom-peer-test', form.texts, () => testEcho(node));
  });
}
