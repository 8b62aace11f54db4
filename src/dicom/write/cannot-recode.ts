import { DicomError } from '../errors';

/** An object cannot be decoded, or written in another transfer syntax. */
export class CannotRecode extends DicomError {
  /** @param reason alone, for those who only wanted to decode it */
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('cannot-recode', `the object cannot be written in the other transfer syntax: ${reason}`, options);
  }
}

/** @param reason without the object's values: it goes to the log and to the flow */
export function cannotRecode(reason: string, options?: ErrorOptions): CannotRecode {
  return new CannotRecode(reason, options);
}
