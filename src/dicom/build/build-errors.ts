import { DicomError } from '../errors';

/** @param reason what is wrong and what would be right; never a value */
export function cannotBuild(reason: string): DicomError {
  return new DicomError('cannot-build', reason);
}
