import { DICOM_IN, type DicomInField, outputsOf } from '../../../src/settings';
import {
  ACKNOWLEDGEMENT_ROWS,
  address,
  failureText,
  NodeForm,
  OUTPUT_ROWS,
  PAYLOAD_ROWS,
  type Values,
} from '../../editor';
import { portRemarks } from './port-remarks';

type Condition = (values: Values<DicomInField>) => boolean;

const isShared: Condition = (values) => !['', '_ADD_', undefined].includes(values('sharedQueue') as string);
const ownQueue: Condition = (values) => !isShared(values);
const onDisk: Condition = (values) => isShared(values) || values('queue') !== 'memory';

export const form = new NodeForm(DICOM_IN, {
  label: (values) => `dicom :${String(values('port'))}`,
  shownIf: {
    ...OUTPUT_ROWS,
    ...PAYLOAD_ROWS,
    role: isShared,
    queue: ownQueue,
    queueDirectory: onDisk,
    onlyThisMachine: (values) => ownQueue(values) && onDisk(values),
    maxCrashes: onDisk,
    minFreeDiskMB: onDisk,
    responseTimeoutSeconds: (values) => values('respond') === 'processed',
    ...ACKNOWLEDGEMENT_ROWS,
    queryDeadlineSeconds: (values) =>
      outputsOf({ emitEvents: false, answerQueries: values('answerQueries'), answerMpps: 'off' }) > 1 ||
      values('answerMpps') === 'flow',
  },
  remarks: portRemarks,
});

export const { text, hasText } = form.texts;

/** The address of something about a node, or of something of the type. */
export const ourAddress = (...path: string[]): string => address(form.type, ...path);

/** Why a request came to nothing. */
export const whyFailed = (error: unknown): string => failureText(error, form.texts);
