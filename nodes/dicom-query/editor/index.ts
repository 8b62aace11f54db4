/** Editor side of `dicom-query`: what `dicom-query.html` calls as `dicomQueryEditor`. */
import { DICOM_QUERY, readKeys, type DicomQueryField, type QueryKey } from '../../../src/settings';
import {
  AttributeNames,
  createTabs,
  NodeForm,
  peerRemarks,
  type About,
  type EditorNode,
  type Remark,
} from '../../editor';
import { KeyRows } from './key-rows';
import { READY_SETS } from '../ready-sets';

const TABS = ['query', 'keys', 'options'] as const;

const names = new AttributeNames(DICOM_QUERY.type);

export const form = new NodeForm(DICOM_QUERY, {
  label: (values) => {
    const peer = RED.nodes.node(String(values('peer')));
    return peer == null ? 'dicom query' : `dicom ? ${RED.utils.getNodeLabel(peer, peer.id)}`;
  },
  shownIf: { level: (values) => values('model') !== 'worklist' },
  remarks: (about) => [...peerRemarks(about), ...keyRemarks(about)],
});

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  createTabs(form.type, TABS, form.texts, () => undefined);
  const rows = new KeyRows(form, names);
  names.useSamplesBefore(node);
  void names.load().then(() => form.dialog.trigger('change'));
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

/** Names that are no attributes, and keys that leave nothing out. */
function keyRemarks({ field, values, found, texts }: About<DicomQueryField>): Remark[] {
  if (field !== 'keys' || found.length > 0) return [];
  const keys = readKeys(values('keys'));
  const unknown = keys.flatMap(({ path }, index): Remark[] => {
    const name = names.unknown(path);
    if (name === undefined) return [];
    return [{ severity: 'error', text: texts.text('warning.unknownName', { key: index + 1, name }) }];
  });
  if (unknown.length > 0 || keys.some(isSelective)) return unknown;
  return [{ severity: 'warning', text: texts.text('warning.matchesAll') }];
}

/** PS3.4 C.2.2.2.3: an empty value matches everything, and so does a wild card alone. */
function isSelective({ value, valueType }: QueryKey): boolean {
  return valueType !== 'return' && !(valueType === 'str' && /^[\s*]*$/.test(value));
}
