import { asError } from '../../basics';
import type { Operation, PendingResponses } from './service';
import type { CommandStatus } from './status';

/** What is done with a data set that is collected in memory. */
export interface Collecting {
  maxBytes: number;
  /** The answer to a longer one. */
  tooLong: CommandStatus;
  /** Takes the data set. What it throws, or rejects with, is answered by `failed`. */
  take: (dataSet: Buffer, pending: PendingResponses) => Promise<CommandStatus>;
  failed: (error: Error) => CommandStatus;
}

/** An operation whose data set is short: it is taken as a whole. */
export function collected({ maxBytes, tooLong, take, failed }: Collecting): Operation {
  // Grows by doubling: pieces of a peer that sends byte by byte would cost more than the bytes.
  let whole = Buffer.alloc(0);
  let length = 0;
  return {
    append(bytes) {
      const end = length + bytes.length;
      if (end > maxBytes) return tooLong;
      if (end > whole.length) {
        const larger = Buffer.alloc(Math.max(end, 2 * whole.length));
        whole.copy(larger, 0, 0, length);
        whole = larger;
      }
      bytes.copy(whole, length);
      length = end;
      return undefined;
    },
    async complete(pending) {
      try {
        return await take(whole.subarray(0, length), pending);
      } catch (error) {
        return failed(asError(error));
      }
    },
    discard: () => undefined,
  };
}
