import { DICOM_IN, type DicomInField, outputsOf } from '../../../src/settings';
import { address, failureText, NodeForm, type Values } from '../../editor';
import { portRemarks } from './port-remarks';

type Condition = (values: Values<DicomInField>) => boolean;

const toFile: Condition = (values) => values('output') === 'file';
const withTags: Condition = (values) => values('includeTagsNode') === true;
const isShared: Condition = (values) => !['', '_ADD_', undefined].includes(values('sharedQueue') as string);
const ownQueue: Condition = (values) => !isShared(values);
const onDisk: Condition = (values) => isShared(values) || values('queue') !== 'memory';
const acknowledged: Condition = (values) => values('acknowledge') === true;
const notAcknowledged: Condition = (values) => values('acknowledge') !== true;

export const form = new NodeForm(DICOM_IN, {
  label: (values) => `dicom :${String(values('port'))}`,
  shownIf: {
    directory: toFile,
    filenameTemplate: toFile,
    collision: toFile,
    placeForHours: toFile,
    tagsFormat: withTags,
    leaveOutEmpty: (values) =>
      values('includeCommonFieldsNode') === true || (withTags(values) && values('tagsFormat') === 'keyword'),
    maxMessageMB: withTags,
    maxMessageElements: withTags,
    role: isShared,
    queue: ownQueue,
    queueDirectory: onDisk,
    onlyThisMachine: (values) => ownQueue(values) && onDisk(values),
    maxCrashes: onDisk,
    minFreeDiskMB: onDisk,
    responseTimeoutSeconds: (values) => values('respond') === 'processed',
    maxInFlight: acknowledged,
    acknowledgeTimeoutSeconds: acknowledged,
    maxDeliveries: acknowledged,
    keepDeliveredSeconds: notAcknowledged,
    keepDeliveredMB: notAcknowledged,
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
