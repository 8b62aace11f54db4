import type { DicomInField as FieldName } from '../../../src/settings';
import { request, type SampleMessage, type Values as AnyValues } from '../../editor';
import { ourAddress } from './form';

type Values = AnyValues<FieldName>;

/** The settings that a message depends on. */
const SETTINGS = [
  'includeCommonFieldsNode',
  'includeReportNode',
  'includeTagsNode',
  'tagsFormat',
  'ourAET',
  'port',
] as const satisfies readonly FieldName[];

/** The message that the node's button sends if the node has no sample. @throws RequestFailed */
export async function builtInSample(values: Values): Promise<SampleMessage> {
  const query = new URLSearchParams(settingsOf(values)).toString();
  return (await request('GET', `${ourAddress('sample')}?${query}`)) as SampleMessage;
}

export function settingsOf(values: Values): Record<string, string> {
  return Object.fromEntries(SETTINGS.map((field) => [field, String(values(field) as string | boolean)]));
}
