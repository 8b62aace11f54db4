/** Editor side of `dicom-deidentify`: what `dicom-deidentify.html` calls as `dicomDeidentifyEditor`. */
import { checkSecret, DICOM_DEIDENTIFY } from '../../../src/settings';
import { NodeForm, type EditorNode } from '../../editor';
import { PseudonymInput } from './pseudonym-input';
import { showSecret } from './secret';

/** What Node-RED shows for a password that it has. */
const KEPT = '__PWRD__';

export const form = new NodeForm(DICOM_DEIDENTIFY, {
  credentials: { secret: () => true },
  credentialCheck: (_name, value) => (value === KEPT ? [] : checkSecret(value)),
});

const { text } = form.texts;

/** Of the open dialog. */
let pseudonym: PseudonymInput | undefined;

export function outputLabel(index: number): string {
  return text(index === 0 ? 'output.deidentified' : 'output.keptBack');
}

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  pseudonym = new PseudonymInput(form.fields.input('pseudonym'), form.texts);
  showSecret(node, form.fields.credential('secret'), form.texts);
}

/** Called before Node-RED reads the inputs. */
export function save(node: EditorNode): void {
  pseudonym?.save();
  pseudonym = undefined;
  form.save(node);
}
