/** Editor side of `dicom-response`: what `dicom-response.html` calls as `dicomResponseEditor`. */
import { DICOM_RESPONSE } from '../../../src/settings';
import { NodeForm } from '../../editor';

export const form = new NodeForm(DICOM_RESPONSE, {
  // What it answers, where that is not success.
  label: (values) => {
    const status = values('status') === 'custom' ? values('customStatus') : values('status');
    return status === DICOM_RESPONSE.defaults.status ? 'dicom response' : `dicom (${String(status)})`;
  },
  shownIf: { customStatus: (values) => values('status') === 'custom' },
});
