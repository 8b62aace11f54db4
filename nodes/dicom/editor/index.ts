/** Editor side of `dicom`: what `dicom.html` calls as `dicomEditor`. */
import { DICOM, type DicomField } from '../../../src/settings';
import { createTabs, NodeForm, PAYLOAD_ROWS, type EditorNode, type Values } from '../../editor';
import { SamplePanel } from './sample';

const TABS = ['convert', 'message', 'object', 'sample'] as const;

type Condition = (values: Values<DicomField>) => boolean;

const builds: Condition = (values) => values('action') !== 'parse';
const toFile: Condition = (values) => values('outputAs') === 'file';

export const form = new NodeForm(DICOM, {
  label: (values) => {
    const [action, recipe] = [values('action'), values('recipe')];
    if (action === 'parse') return 'dicom: parse';
    if (action === 'build' || recipe !== 'none')
      return `dicom: ${recipe === 'none' ? 'build' : String(recipe)}`;
    return 'dicom';
  },
  shownIf: {
    ...PAYLOAD_ROWS,
    directory: toFile,
    filenameTemplate: toFile,
    collision: toFile,
    recipe: builds,
    valuesFrom: (values) => builds(values) && values('recipe') !== 'none',
  },
});

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  const values = form.fields.inDialog();
  const sample = new SamplePanel(form.texts, values);
  const show = createTabs(form.type, TABS, form.texts, (tab) => {
    if (tab === 'sample') sample.refresh();
  });
  const followAction = (): void => {
    show('message', values('action') !== 'build');
    show('sample', values('action') !== 'build');
    show('object', values('action') !== 'parse');
  };
  form.dialog.on('change', followAction);
  followAction();
}
