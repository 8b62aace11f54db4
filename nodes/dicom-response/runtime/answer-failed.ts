import type { AnswerOutcome } from '../../../src/delivery';
import type { FlowAnswerOutcome } from '../../../src/receiver';
import { DICOM_RESPONSE } from '../../../src/settings';
import { RequestTimedOut, WorkerNotRunning } from '../../../src/worker';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

export type Failure =
  | 'noId'
  | 'badStatus'
  | 'timedOut'
  | 'unknownVersion'
  | 'wrongShape'
  | Exclude<AnswerOutcome | FlowAnswerOutcome['outcome'], 'answered' | 'cancelled'>;

/** Why an answer came to nothing. */
export class AnswerFailed extends NodeFailed<Failure> {}

export const RESPONSE_ERRORS = nodeErrors<Failure>(DICOM_RESPONSE.type);

/** What it means that a receiver could not be asked. @throws what means something else */
export function notHeard(error: unknown): 'unknown' | 'timedOut' {
  if (error instanceof WorkerNotRunning) return 'unknown';
  if (error instanceof RequestTimedOut) return 'timedOut';
  throw error;
}
