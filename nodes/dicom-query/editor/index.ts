/** Editor side of `dicom-query`: what `dicom-query.html` calls as `dicomQueryEditor`. */
import { DICOM_QUERY } from '../../../src/settings';
import { AttributeNames, createTabs, NodeForm, peerRemarks, type EditorNode } from '../../editor';
import { KeyRows } from './key-rows';
import { READY_SETS } from '../ready-sets';

const TABS = ['query', 'keys', 'options'] as const;

export const form = new NodeForm(DICOM_QUERY, {
  label: (values) => {
    const peer = RED.nodes.node(String(values('peer')));
    return peer == null ? 'dicom query' : `dicom ? ${RED.utils.getNodeLabel(peer, peer.id)}`;
  },
  shownIf: { level: (values) => values('model') !== 'worklist' },
  remarks: peerRemarks,
});

const names = new AttributeNames(DICOM_QUERY.type);

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  createTabs(form.type, TABS, form.texts, () => undefined);
  const rows = new KeyRows(form, names);
  names.useSamplesBefore(node);
  void names.load();
  form.dialog.on('change', () => rows.mark());
  const { text } = form.texts;
  const sets = $('#dicom-query-set').append($('<option value="">').text(text('rule.set.none')));
  for (const name of Object.keys(READY_SETS))
    sets.append(
      $('<option>')
        .val(name)
        .text(text(`rule.set.${name}`)),
    );
  sets.on('change', (event) => {
    event.stopPropagation();
    const set = READY_SETS[String(sets.val())];
    if (set === undefined) return;
    form.fields.input('model').val(set.model);
    form.fields.input('level').val(set.level);
    rows.replace(set.keys);
  });
}
