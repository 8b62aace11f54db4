/** What is to be retrieved of one study: all of it, some series, or some objects of a series. */
export interface RetrieveTarget {
  studyInstanceUID: string;
  /** Of Patient Root; undefined: not known. */
  patientID?: string;
  /** Empty: all. */
  seriesInstanceUIDs: readonly string[];
  /** Of the one series. Empty: all. */
  sopInstanceUIDs: readonly string[];
  /** SOP classes that are in it. Empty: not known. */
  sopClassUIDs: readonly string[];
  /** The same of modalities. */
  modalities: readonly string[];
}

/** What is to be retrieved, and how: plain data that can be posted. */
export interface RetrieveRequest {
  id: string;
  /** The id of its node. */
  peer: string;
  targets: readonly RetrieveTarget[];
  /** To whom the peer is to send, for a C-MOVE; undefined: a C-GET. */
  moveDestination?: string;
  /** Of a C-GET: the node in whose queue the objects go. */
  queue?: string;
  /** By which objects of a C-MOVE are known (PS3.7 9.3.1.1). */
  messageId: number;
}

/** How far it is, over all of what is to be retrieved. */
export interface RetrieveCounts {
  completed: number;
  failed: number;
  warning: number;
  remaining: number;
}

export type RetrieveFailure =
  | 'uidsInvalid'
  | 'peerMissing'
  | 'unreachable'
  | 'notAccepted'
  /** The queue of the node cannot be used. */
  | 'queueUnusable'
  /** The peer says that it failed. */
  | 'refused'
  /** The peer does what it must not, or says nothing. */
  | 'broken'
  /** We ended it. */
  | 'stopped';

/** What is known at the end, however that came. */
export interface RetrieveResult extends RetrieveCounts {
  /** Of the objects that failed, as far as the peer, or we, can name them; 10 000 at most. */
  failedSOPInstanceUIDs: string[];
  /** Four hexadecimal digits: 0000, B000 where something failed, FE00 where it was cancelled, or the peer's failure. Empty: it gave none. */
  status: string;
  cancelled: boolean;
}

/** There is one end. */
export type RetrieveEnd =
  | { kind: 'done'; result: RetrieveResult }
  | { kind: 'failed'; failure: RetrieveFailure; text: string; result: RetrieveResult };
