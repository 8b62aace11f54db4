/** Editor side of `dicom-image`: what `dicom-image.html` calls as `dicomImageEditor`. */
import { DICOM_IMAGE, type DicomImageField } from '../../../src/settings';
import { NodeForm, type EditorNode, type Values } from '../../editor';

const isGiven = (values: Values<DicomImageField>): boolean => values('window') === 'given';

export const form = new NodeForm(DICOM_IMAGE, {
  shownIf: { windowCenter: isGiven, windowWidth: isGiven },
});

export function open(node: EditorNode): void {
  form.open(node);
}
