import type { PayloadSettings } from '../../../src/message';
import { DICOM_IN } from '../../../src/settings';

/** The new message has what the old one had: its sections, in their layout. One of another kind gets the common fields. */
export function payloadSections(payload: unknown): PayloadSettings {
  const { defaults } = DICOM_IN;
  const sections = isObject(payload) && !Buffer.isBuffer(payload) ? payload : {};
  const { CommonFields, Report, Tags } = sections;
  const isKnown = [CommonFields, Report, Tags].some(isObject);
  return {
    includeCommonFieldsNode: isObject(CommonFields) || !isKnown,
    includeReportNode: isObject(Report),
    includeTagsNode: isObject(Tags),
    tagsFormat: isObject(Tags) && isJsonModel(Tags) ? 'dicom-json' : 'keyword',
    leaveOutEmpty: defaults.leaveOutEmpty,
    defaultCharacterSet: defaults.defaultCharacterSet,
    maxMessageMB: defaults.maxMessageMB,
    maxMessageElements: defaults.maxMessageElements,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** PS3.18 F: attributes are named by their tags, and say their VR. */
function isJsonModel(tags: Record<string, unknown>): boolean {
  for (const name in tags) return /^[0-9A-Fa-f]{8}$/.test(name) && isObject(tags[name]) && 'vr' in tags[name];
  return false;
}
