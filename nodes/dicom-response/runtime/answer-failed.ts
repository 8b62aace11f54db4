import type { AnswerOutcome } from '../../../src/delivery';
import type { FlowAnswerOutcome } from '../../../src/receiver';
import { RequestTimedOut, WorkerNotRunning } from '../../../src/worker';

export type Failure =
  | 'noId'
  | 'badStatus'
  | 'timedOut'
  | 'unknownVersion'
  | 'wrongShape'
  | Exclude<AnswerOutcome | FlowAnswerOutcome['outcome'], 'answered' | 'cancelled'>;

/** Why an answer came to nothing. */
export class AnswerFailed extends Error {
  constructor(
    readonly failure: Failure,
    readonly values: Record<string, string> = {},
  ) {
    super(failure);
  }
}

/** What it means that a receiver could not be asked. @throws what means something else */
export function notHeard(error: unknown): 'unknown' | 'timedOut' {
  if (error instanceof WorkerNotRunning) return 'unknown';
  if (error instanceof RequestTimedOut) return 'timedOut';
  throw error;
}
