import type { Values } from './fields';

/** When rows are shown: by what the fields `Read` say. */
type When<Shown extends string, Read extends string> = Record<Shown, (values: Values<Read>) => boolean>;

const withTags = (values: Values<'includeTagsNode'>): boolean => values('includeTagsNode') === true;
const toFile = (values: Values<'output'>): boolean => values('output') === 'file';
const acknowledged = (values: Values<'acknowledge'>): boolean => values('acknowledge') === true;
const notAcknowledged = (values: Values<'acknowledge'>): boolean => !acknowledged(values);

/** When the rows of the parts `payload` and `message-limits` are shown. */
export const PAYLOAD_ROWS: When<
  'tagsFormat' | 'leaveOutEmpty' | 'maxMessageMB' | 'maxMessageElements',
  'includeCommonFieldsNode' | 'includeTagsNode' | 'tagsFormat'
> = {
  tagsFormat: withTags,
  leaveOutEmpty: (values) =>
    values('includeCommonFieldsNode') === true || (withTags(values) && values('tagsFormat') === 'keyword'),
  maxMessageMB: withTags,
  maxMessageElements: withTags,
};

/** When the rows of the part `output` are shown. */
export const OUTPUT_ROWS: When<'directory' | 'filenameTemplate' | 'collision' | 'placeForHours', 'output'> = {
  directory: toFile,
  filenameTemplate: toFile,
  collision: toFile,
  placeForHours: toFile,
};

/** When the rows of the part `acknowledgement` are shown. */
export const ACKNOWLEDGEMENT_ROWS: When<
  'maxInFlight' | 'acknowledgeTimeoutSeconds' | 'maxDeliveries' | 'keepDeliveredSeconds' | 'keepDeliveredMB',
  'acknowledge'
> = {
  maxInFlight: acknowledged,
  acknowledgeTimeoutSeconds: acknowledged,
  maxDeliveries: acknowledged,
  keepDeliveredSeconds: notAcknowledged,
  keepDeliveredMB: notAcknowledged,
};
