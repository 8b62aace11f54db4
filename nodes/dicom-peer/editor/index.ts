/** Editor side of `dicom-peer`: what `dicom-peer.html` calls as `dicomPeerEditor`. */
import { DICOM_IN } from '../../../src/settings';
import { showEcho, type EditorNode } from '../../editor';
import { fillReceivers } from './commitment';
import { testEcho } from './echo';
import { form } from './form';

export { form };

// `commitThrough` has a type, so that Node-RED gives a copy of both the copy's id. It takes what such a property names for a
// configuration node, and notes there who uses it.
RED.events.on('nodes:add', (node) => {
  const added = node as EditorNode & { users?: unknown[] };
  if (added.type === DICOM_IN.type) added.users ??= [];
});

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const through = String(form.fields.ofNode(node)('commitThrough'));
  fillReceivers(form.fields.input('commitThrough'), through, form.texts);
  $('#dicom-peer-test-echo').on('click', () => {
    void showEcho('dicom-peer-test', form.texts, () => testEcho(node));
  });
}
