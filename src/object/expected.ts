import { notTheObject } from '../dicom';
import { withChanges } from './changed-object';
import type { OutgoingObject } from './outgoing-object';

/**
 * The object that somebody asked for, with the changes that are to be applied to it.
 * @param object is closed with what is returned, and where this throws
 * @throws DicomError where it is another one, or cannot be changed
 */
export async function expected(
  { sopInstanceUID, changes }: { sopInstanceUID?: string; changes?: unknown },
  object: OutgoingObject,
): Promise<OutgoingObject> {
  if (sopInstanceUID !== undefined && !isCalled(object, sopInstanceUID)) {
    await object.close();
    throw notTheObject();
  }
  return changes === undefined ? object : withChanges(object, changes);
}

/** As its data set says, which is what messages have, or as it was announced. */
function isCalled({ sopInstanceUID, announced }: OutgoingObject, uid: string): boolean {
  return uid === sopInstanceUID || uid === announced?.sopInstanceUID;
}
