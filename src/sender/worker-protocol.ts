import type { JournalEntry, LetterFacts } from '../admin-api';
import type { DicomChanges } from '../dicom';
import type { JournalConfig } from '../journal';
import type { OutboxConfig, OutboxState } from './outbox';
import type { OutboxNote } from './outbox-entry';
import type { PeerConfig } from './peer-config';
import type { PeerState } from './peer-line';
import type { QueryEnd, QueryRequest } from '../query';
import type { PostedObject } from '../delivery';
import type { ReceiverFault } from '../receiver';
import type {
  RetrieveCounts,
  RetrievedConfig,
  RetrievedState,
  RetrieveEnd,
  RetrieveRequest,
} from '../retrieve';
import type { RetryPolicy, SendOutcome } from './send-job';

/** Where an object lies that is to be sent. A queue is asked for it by the host, because it is in another worker. */
export type ObjectPlace =
  { kind: 'file'; path: string } | { kind: 'bytes'; bytes: Uint8Array } | { kind: 'queue'; queueId: string };

/** One object for one peer, as the host asks for it. */
export interface SendRequest {
  /** The host's own: the id of the node that sends, a blank, and what the node tells it by. */
  id: string;
  peer: string;
  place: ObjectPlace;
  policy: RetryPolicy;
  /** What is found there must be this object; undefined: whatever it is, or what `changes` say. */
  sopInstanceUID?: string;
  /** Applied on the way. */
  changes?: DicomChanges;
  /** The same for the same object, should it come again after a restart: its outcome is kept under it until `forget`. Undefined: it would not. */
  lasting?: string;
}

/** What the sender is started with. */
export interface SenderConfig {
  /** The file for outcomes that the flow has not heard; undefined: none are kept. */
  outcomes?: string;
}

/** What the host tells the sender. Whoever changes this file raises `PROTOCOL` (src/worker/protocol.ts). */
export type ToSender =
  | { kind: 'peer'; peer: PeerConfig }
  /** No node names it any more. What is to be sent to it is settled by the host. */
  | { kind: 'peer-gone'; id: string }
  | { kind: 'send'; request: SendRequest }
  | { kind: 'cancel'; id: string }
  /** The flow has heard what became of the object of this `lasting` name, and its queue, too. */
  | { kind: 'forget'; lasting: string }
  | { kind: 'query'; request: QueryRequest }
  /** No more matches are wanted. */
  | { kind: 'cancel-query'; id: string }
  /** A batch of matches is done with. */
  | { kind: 'matches-taken'; id: string }
  | { kind: 'retrieve'; request: RetrieveRequest }
  /** It is to end with what there is. */
  | { kind: 'cancel-retrieve'; id: string }
  /** The node of this id has a queue for what C-GETs bring. */
  | { kind: 'retrieved'; objects: RetrievedConfig }
  /** The flow has got an object of it. */
  | { kind: 'retrieved-delivered'; queue: string; id: string }
  | { kind: 'retrieved-not-delivered'; queue: string; id: string; reason: string }
  | { kind: 'outbox'; outbox: OutboxConfig }
  /** The node of this id keeps a journal. */
  | { kind: 'journal'; id: string; journal: JournalConfig }
  /** Something for the journal of this node, of which the sender does not hear otherwise. */
  | { kind: 'note'; id: string; entry: JournalEntry }
  /** The object of this request is to go into the outbox of this id; settled as if it were sent when it is safe there. */
  | { kind: 'store'; request: SendRequest; outbox: string; note: OutboxNote }
  /** The flow has heard what became of an object of an outbox. */
  | { kind: 'told'; outbox: string; id: string };

/** What the sender tells its host. */
export type FromSender =
  /** The object of this request is to be opened in its queue; answered by the request `opened` or `notOpened`. */
  | { kind: 'open'; id: string }
  | { kind: 'settled'; id: string; outcome: SendOutcome }
  /** JSON of a DicomMessage each. */
  | { kind: 'matches'; id: string; matches: string[] }
  /** Behind all its matches. */
  | { kind: 'query-ended'; id: string; end: QueryEnd }
  | { kind: 'retrieve-progress'; id: string; counts: RetrieveCounts }
  | { kind: 'retrieve-ended'; id: string; end: RetrieveEnd }
  | ({ kind: 'retrieved-delivery'; queue: string } & PostedObject)
  | { kind: 'retrieved-state'; queue: string; state: RetrievedState }
  | { kind: 'retrieved-fault'; queue: string; fault: ReceiverFault }
  | { kind: 'peer-state'; id: string; state: PeerState }
  /** What this peer reported of its storage on an association of ours was refused. */
  | { kind: 'report-refused'; id: string; text: string }
  | { kind: 'outbox-state'; id: string; state: OutboxState }
  | { kind: 'outbox-leftover'; id: string; text: string }
  /** Objects of an outbox are for a peer that is not there, and that no node has. */
  | { kind: 'peer-wanted'; outbox: string; peer: string; defined: unknown }
  /** Outcomes cannot be kept. */
  | { kind: 'outcomes-failed'; text: string }
  /** The journal of this node cannot be written. */
  | { kind: 'journal-failed'; id: string; text: string }
  /** An object of an outbox is a dead letter now. */
  | { kind: 'dead-letter'; outbox: string; id: string; why: string; facts: LetterFacts }
  /** What became of an object of an outbox. */
  | {
      kind: 'outcome';
      outbox: string;
      id: string;
      note: OutboxNote;
      outcome: SendOutcome;
      redelivered: number;
    };
