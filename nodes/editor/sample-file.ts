import { SAMPLE_FILE_LIMIT } from '../../src/settings';
import { address, reasonOf, request, RequestFailed } from './requests';

export type SampleMessage = Readonly<Record<string, unknown>>;

/** The node type with the routes for samples, and the permission that they need. */
export const SAMPLE_ROUTES = 'dicom-in';

/**
 * The message that a node with these settings would send for the object in a file.
 * @param settings of dicom-in, by name
 * @param placeholders for whatever may identify somebody
 * @throws RequestFailed
 */
export async function convertFile(
  file: File,
  settings: Readonly<Record<string, string>>,
  placeholders: boolean,
): Promise<SampleMessage> {
  if (file.size > SAMPLE_FILE_LIMIT) throw new RequestFailed(413, '', 'fileTooLarge');
  await readFirstByte(file);
  const query = new URLSearchParams({ ...settings, placeholders: String(placeholders) }).toString();
  try {
    return (await request('POST', `${address(SAMPLE_ROUTES, 'sample')}?${query}`, file)) as SampleMessage;
  } catch (error) {
    // A proxy may allow less than Node-RED.
    if (error instanceof RequestFailed && error.status === 413)
      throw new RequestFailed(413, error.message, 'fileTooLarge');
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

/** A small picture of the object in a file, as the address of an image, or why there is none. @throws RequestFailed */
export async function pictureOf(file: File): Promise<{ url: string } | { reason: string }> {
  const made = await request('POST', address(SAMPLE_ROUTES, 'sample-picture'), file);
  return made as { url: string } | { reason: string };
}
