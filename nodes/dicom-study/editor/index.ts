/** Editor side of `dicom-study`: what `dicom-study.html` calls as `dicomStudyEditor`. */
import { DICOM_IN, DICOM_STUDY, isKeyword, notAGroup, type DicomStudyField } from '../../../src/settings';
import {
  AttributeNames,
  createTabs,
  NodeForm,
  remark,
  upstreamNodes,
  type About,
  type EditorNode,
  type Remark,
} from '../../editor';
import { OpenStudiesPanel } from './open-studies-panel';

const TABS = ['settings', 'open'] as const;

const names = new AttributeNames(DICOM_STUDY.type);

export const form = new NodeForm(DICOM_STUDY, {
  remarks: (about) => [...senderRemarks(about), ...groupRemarks(about)],
});

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const studies = new OpenStudiesPanel(node, form.texts);
  void names.load().then(() => form.dialog.trigger('change'));
  createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'open') void studies.refresh();
  });
}

/** Called before Node-RED reads the inputs. */
export function save(node: EditorNode): void {
  form.save(node);
}

/** The sender of an object cannot be kept waiting until a study is complete. */
function senderRemarks({ node, field, texts }: About<DicomStudyField>): Remark[] {
  if (field !== 'acknowledge') return [];
  const waits = upstreamNodes(node).find(
    (each) => each.type === DICOM_IN.type && each.d !== true && each['respond'] === 'processed',
  );
  if (waits === undefined) return [];
  const name = RED.utils.getNodeLabel(waits, waits.id);
  return [{ severity: 'warning', text: texts.text('warning.senderWaits', { name }) }];
}

/** A keyword that PS3.6 does not have. */
function groupRemarks({ field, values, texts }: About<DicomStudyField>): Remark[] {
  if (field !== 'groupBy') return [];
  const groupBy = String(values('groupBy')).trim();
  if (!isKeyword(groupBy) || names.unknown(groupBy) === undefined) return [];
  return [remark(notAGroup(groupBy), texts)];
}
