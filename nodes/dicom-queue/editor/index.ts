/** Editor side of `dicom-queue`: what `dicom-queue.html` calls as `dicomQueueEditor`. */
import { DICOM_QUEUE } from '../../../src/settings';
import { NodeForm } from '../../editor';

export const form = new NodeForm(DICOM_QUEUE, {
  label: (values) =>
    values('host') === '' ? 'dicom queue' : `${String(values('queueName'))}@${String(values('host'))}`,
  credentials: { user: () => true, password: () => true },
});
