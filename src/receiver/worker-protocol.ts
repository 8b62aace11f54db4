import type { FeedNews, PostedObject } from '../delivery';
import type { CommandStatus, CommitmentReport } from '../network';
import type { Counters, ReceiverEvent } from './events';
import type { FaultKind, ReceiverFault } from './faults';
import type { PostedRequest } from './posted-request';

/** What a receiver's host tells its worker. Whoever changes this file raises `PROTOCOL` (src/worker/protocol.ts). */
export type ToReceiver =
  | FeedNews
  /** The calling AE titles of peers that may report on storage commitment. */
  | { kind: 'reporters'; callingAETs: readonly string[] }
  /** The answer to a report of this number. */
  | { kind: 'report-answer'; number: number; status: CommandStatus }
  /** The flow has got the message of this procedure step. */
  | { kind: 'step-told'; id: string };

/** What a receiver tells its host. */
export type FromReceiver =
  | ({ kind: 'delivery' } & PostedObject)
  | { kind: 'event'; event: ReceiverEvent }
  | { kind: 'counters'; counters: Counters }
  | { kind: 'fault'; fault: ReceiverFault }
  | { kind: 'recovered'; fault: FaultKind }
  /** What a peer says of its storage: it waits for `report-answer`. */
  | { kind: 'report'; number: number; callingAET: string; report: CommitmentReport }
  /** A query for the flow: it waits for `answerQuery`. */
  | ({ kind: 'query' } & PostedRequest)
  /** A procedure step for the flow: it waits for `step-told`, and where the flow answers for `answerStep`. */
  | ({ kind: 'step' } & PostedRequest);
