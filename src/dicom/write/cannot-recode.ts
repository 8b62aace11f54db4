import { DicomError } from '../errors';

/** @param reason without the object's values: it goes to the log and to the flow */
export function cannotRecode(reason: string, options?: ErrorOptions): DicomError {
  return new DicomError(
    'cannot-recode',
    `the object cannot be written in the other transfer syntax: ${reason}`,
    options,
  );
}
