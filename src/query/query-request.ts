/** An information model (PS3.4 C.3, K.6). */
export type QueryModel = 'study' | 'patient' | 'worklist';
export type QueryLevel = 'patient' | 'study' | 'series' | 'image';

/** What is wished beyond the baseline (PS3.4 C.5.1.1), and done without where the peer does not offer it. */
export interface QueryExtensions {
  relational: boolean;
  combinedDateTime: boolean;
  fuzzy: boolean;
}

/** What is asked: plain data that can be posted. */
export interface QueryRequest {
  id: string;
  /** The id of its node. */
  peer: string;
  model: QueryModel;
  /** Of a worklist there is one only, and this means nothing. */
  level: QueryLevel;
  /** JSON of an object of keywords, as `Tags` has them. Level and return keys are added. */
  keys: string;
  /** Matches after which the peer is told to stop. */
  limit: number;
  extensions: QueryExtensions;
}

export type QueryFailure =
  /** Nothing was sent. */
  | 'keysInvalid'
  | 'peerMissing'
  | 'unreachable'
  | 'notAccepted'
  /** The peer says that it failed. */
  | 'refused'
  /** The peer does what it must not, or says nothing. */
  | 'broken'
  /** We ended it. */
  | 'stopped';

/** How a query ended. There is one end, after all matches. */
export type QueryEnd =
  | {
      kind: 'done';
      matches: number;
      /** There are more, or there may be: it was ended at its limit, or cancelled. */
      truncated: boolean;
      cancelled: boolean;
      /** Extensions that were wished and that the peer does not offer. */
      notNegotiated: string[];
    }
  | { kind: 'failed'; failure: QueryFailure; matches: number; text: string; status?: number };
