import { expectWhole } from '../dicom';
import type { OutgoingObject } from './outgoing-object';

/**
 * An object that did not come from a queue, so that nobody knows yet whether all of it is there: a file may not have been copied
 * to its end.
 * @param object is closed where this throws
 * @throws DicomError as `expectWhole`; what reading the object throws
 */
export async function whole(object: OutgoingObject): Promise<OutgoingObject> {
  try {
    const { source, offset } = await object.wholeFile();
    expectWhole(source, object.transferSyntaxUID, offset);
    return object;
  } catch (error) {
    await object.close();
    throw error;
  }
}
