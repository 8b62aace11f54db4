import type { Instance, Priority, StorageOptions, SubOperations } from '../dimse';
import type { ExtendedNegotiation, RoleSelection, UserIdentity } from '../upper-layer';
import type { ScuAddress } from './connect';
import type { CommitmentUser } from './event-reports';
import type { MatchTaker } from './query-operation';

/** With whom, and as whom. */
export interface ScuTarget extends ScuAddress {
  /** 16 characters at most. */
  callingAET: string;
  calledAET: string;
  userIdentity?: UserIdentity;
}

/** Seconds and bytes. */
export interface ScuLimits {
  /** Until the connection is there, TLS handshake included. */
  connectTimeoutSeconds: number;
  /** For the answer to A-ASSOCIATE-RQ, the answer to A-RELEASE-RQ, and the close of the connection. */
  associationTimeoutSeconds: number;
  /** From the moment when the system has the last byte of a request. */
  responseTimeoutSeconds: number;
  /** For the system to take what is written at a time, `WRITE_BYTES`: it does not while the peer reads nothing. */
  writeTimeoutSeconds: number;
  /** The longest P-DATA-TF that we announce and take. */
  maxPduLength: number;
}

/** The pieces of a data set. One is used until the next one is asked for. */
export type DataSetSource = AsyncIterable<Buffer> | Iterable<Buffer>;

/** An object to be stored (PS3.7 9.1.1.1). */
export interface StoreOperation {
  sopClassUID: string;
  sopInstanceUID: string;
  /** One that was accepted. */
  contextId: number;
  /**
   * The data set in the context's transfer syntax, in pieces of any length. A piece is used until the next one is asked for.
   * Where it throws, the peer does not get the last fragment.
   */
  dataSet: DataSetSource;
  /** Called when the system has all of it, and the response is waited for. Not, where the outcome is known by then. */
  sent?(): void;
  /** Of the C-MOVE that wants it. */
  moveOriginator?: { aet: string; messageId: number };
  priority?: Priority;
}

/** A request for storage commitment (PS3.4 J.3.2). */
export interface CommitmentOperation {
  /** One that was accepted for `COMMITMENT_CONTEXT`. */
  contextId: number;
  transactionUID: string;
  instances: readonly Instance[];
}

/** A query (PS3.4 C.4.1). */
export interface FindOperation {
  sopClassUID: string;
  /** One that was accepted. */
  contextId: number;
  /** In the transfer syntax of the context. */
  identifier: Buffer;
  match: MatchTaker;
}

/** A C-GET or C-MOVE (PS3.4 C.4.2, C.4.3). */
export interface RetrieveOperationRequest {
  sopClassUID: string;
  /** One that was accepted. */
  contextId: number;
  /** In the transfer syntax of the context. */
  identifier: Buffer;
  /** To whom the peer is to send, for a C-MOVE; undefined: a C-GET, and objects go to the `storage` of the association. */
  moveDestination?: string;
  /** By which the objects of a C-MOVE are known; undefined: the next one. */
  messageId?: number;
  /** Told of each pending response. */
  counted(counts: SubOperations): void;
}

/** How a C-GET or C-MOVE ended, beside its outcome. */
export interface RetrieveFacts {
  /** As the peer counted last. */
  counts: SubOperations;
  /** Of the final response, in the transfer syntax of the context. */
  identifier?: Buffer;
  /** The same in implicit VR little endian, where the peer has put it behind the command set. */
  behind?: Buffer;
}

export interface OpenOptions {
  /** What the peer is to store here during a C-GET; undefined: nothing. */
  storage?: StorageOptions;
  /** To be negotiated (PS3.7 D.3.3.4): of a C-GET we are the SCP of the storage classes. */
  roles?: readonly RoleSelection[];
  /** To be negotiated; what the peer says of it is in `PeerFacts`. */
  extended?: readonly ExtendedNegotiation[];
  /** Ends the wait for an association; the outcome is then `STOPPED`. */
  signal?: AbortSignal;
  /** Undefined: a report of the peer is not expected, and ends the association. */
  commitments?: CommitmentUser;
}

/** What a peer says of itself (PS3.7 D.3.3). */
export interface PeerFacts {
  /** Bytes of a P-DATA-TF that it takes; 0: no limit. */
  maxPduLength: number;
  implementationClassUID: string;
  implementationVersionName: string;
  /** By SOP class; of those that it did not answer nothing is supported (PS3.7 D.3.3.5). */
  extended: ReadonlyMap<string, Buffer>;
}
