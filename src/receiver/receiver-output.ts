import type { Lease } from '../basics';
import type { ConvertedObject } from '../message';
import type { CommitmentReport } from '../network';
import type { Counters, ReceiverEvent } from './events';
import type { FaultKind, ReceiverFault } from './faults';
import type { PostedRequest } from './posted-request';

/** Where a receiver's results go. Nothing here may throw. */
export interface ReceiverOutput {
  /** An object for the flow; answer with `delivered(id)`. */
  deliver(id: string, converted: ConvertedObject, lease?: Lease): void;
  event(event: ReceiverEvent): void;
  /** At most once a second, and only on change. */
  counters(counters: Counters): void;
  fault(fault: ReceiverFault): void;
  /** A fault that was `down` is so no more. */
  recovered(kind: FaultKind): void;
  /** What a peer says of its storage; answer with `reportAnswered(number)`. */
  report(number: number, callingAET: string, report: CommitmentReport): void;
  /** A query for the flow; answer with `answerQuery(id)`. */
  query(query: PostedRequest): void;
  /** A procedure step for the flow; answer with `stepTold(id)`. */
  step(step: PostedRequest): void;
}
