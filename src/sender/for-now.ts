import { asError } from '../basics';
import { QUEUE_BUSY } from '../queue';
import { isUnheard } from '../worker';

/** Why an object could not be opened: its queue has too many open, or does not answer. It may be opened later. */
export function isForNow(error: unknown): boolean {
  // From another thread, only its code comes with an error.
  return isUnheard(error) || (asError(error) as NodeJS.ErrnoException).code === QUEUE_BUSY;
}
