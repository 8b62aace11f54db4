import { payloadOf, type PayloadSettings } from '../../../src/message';
import { DICOM_IN } from '../../../src/settings';
import { deployedNodes } from '../deployed-nodes';
import { queueNameOf, type ObjectMessage } from './message-object';
import { queueName, QueueOwner } from '../queues';

const SECTIONS = ['CommonFields', 'Report', 'Tags'] as const;
const TAG = /^[0-9A-F]{8}$/;

/**
 * How the payload of a message was made, so that the one of the changed object is made the same way: as the node does that
 * received the object, with the sections that are there. Where that node is not known, or the flow has put something else
 * there, it is as dicom-in makes it unless told.
 */
export function payloadSettingsOf(message: ObjectMessage): PayloadSettings {
  const owner = queueName(queueNameOf(message))?.nodeId;
  const made = owner === undefined ? undefined : deployedNodes.get(owner, QueueOwner)?.payload;
  const usual = made ?? payloadOf(DICOM_IN.defaults);
  const { payload } = message;
  if (typeof payload !== 'object' || payload === null || !SECTIONS.some((name) => name in payload))
    return usual;
  const sections = payload as Partial<Record<(typeof SECTIONS)[number], unknown>>;
  return {
    ...usual,
    includeCommonFieldsNode: 'CommonFields' in sections,
    includeReportNode: 'Report' in sections,
    includeTagsNode: 'Tags' in sections,
    tagsFormat: layoutOf(sections.Tags) ?? usual.tagsFormat,
  };
}

/** Attributes of PS3.6 have keywords in one layout, and tags in the other. Undefined: there is none of them. */
function layoutOf(tags: unknown): PayloadSettings['tagsFormat'] | undefined {
  if (typeof tags !== 'object' || tags === null) return undefined;
  // Every object has it.
  if ('SOPInstanceUID' in tags) return 'keyword';
  if ('00080018' in tags) return 'dicom-json';
  for (const key in tags) return TAG.test(key) ? 'dicom-json' : 'keyword';
  return undefined;
}
