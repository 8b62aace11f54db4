import { asError, loggableReason } from '../basics';
import { DicomError } from '../dicom';
import { NotPlaced, placeCode } from '../message';
import { ObjectDamaged } from '../queue';
import type { EditFailure } from './requests';

/** What the work comes to, or why it fails, as data. */
export async function orFailure<Result>(work: () => Promise<Result>): Promise<Result | EditFailure> {
  try {
    return await work();
  } catch (error) {
    return { failure: { code: codeOf(error), text: loggableReason(error) } };
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DicomError) return error.code;
  if (error instanceof ObjectDamaged) return 'damaged';
  if (error instanceof NotPlaced) return placeCode(error);
  const { code } = asError(error) as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'failed';
}

/** Has a request come to nothing? */
export function hasFailed<Result extends object>(result: Result | EditFailure): result is EditFailure {
  return 'failure' in result;
}
