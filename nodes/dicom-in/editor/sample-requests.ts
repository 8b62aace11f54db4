import { SAMPLE_FILE_LIMIT, type DicomInField as FieldName } from '../../../src/settings';
import { reasonOf, request, RequestFailed, type Values as AnyValues } from '../../editor';
import { ourAddress } from './form';

type Values = AnyValues<FieldName>;

export type SampleMessage = Readonly<Record<string, unknown>>;

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
  return (await request('GET', `${ourAddress('sample')}?${query(values)}`)) as SampleMessage;
}

/** The message that the node would send for the object in a file. @throws RequestFailed */
export async function convertFile(file: File, values: Values, placeholders: boolean): Promise<SampleMessage> {
  if (file.size > SAMPLE_FILE_LIMIT) throw new RequestFailed(413, '', 'fileTooLarge');
  await readFirstByte(file);
  const url = `${ourAddress('sample')}?${query(values)}&placeholders=${placeholders}`;
  try {
    return (await request('POST', url, file)) as SampleMessage;
  } catch (error) {
    // A proxy may allow less than Node-RED.
    if (error instanceof RequestFailed && error.status === 413) {
      throw new RequestFailed(413, error.message, 'fileTooLarge');
    }
    throw error;
  }
}

/** A directory can be dropped as a file; the request would fail without saying why. */
async function readFirstByte(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch (error) {
    throw new RequestFailed(0, reasonOf(error), 'unreadable');
  }
}

function query(values: Values): string {
  const entries = SETTINGS.map((field) => [field, String(values(field) as string | boolean)]);
  return new URLSearchParams(entries).toString();
}

/** A small picture of the object in a file, as the address of an image, or why there is none. @throws RequestFailed */
export async function pictureOf(file: File): Promise<{ url: string } | { reason: string }> {
  return (await request('POST', ourAddress('sample-picture'), file)) as { url: string } | { reason: string };
}
