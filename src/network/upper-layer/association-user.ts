import type { PdvFragment } from './pdu-reader';

/** Limits and timers of an association. Seconds and bytes. */
export interface ProtocolLimits {
  /** ARTIM: from accept to A-ASSOCIATE-RQ, and while we wait for the peer to close (PS3.8 9.1.5). */
  associationTimeoutSeconds: number;
  /** Time without content after which an open association is aborted (A-ABORT); 0: never. */
  idleTimeoutSeconds: number;
  /** The longest P-DATA-TF that we announce and take. */
  maxPduLength: number;
}

/** How an association ended otherwise than by a release. */
export interface Abort {
  /** The peer, by A-ABORT or by closing the connection, or this side. */
  by: 'peer' | 'node';
  /** PS3.8 9.3.8 */
  source: number;
  reason: number;
  text: string;
  /** The system's, where the connection failed. */
  error?: Error;
}

/** What the upper layer tells the user of its service (PS3.8 7). What a method throws aborts the association. */
export interface AssociationUser {
  /** P-DATA indication. */
  data(fragment: PdvFragment): void;
  /** A-RELEASE indication, which is answered at once. @throws ProtocolError when the peer cannot want that now */
  releaseRequested(): void;
  released(): void;
  /** A-ABORT or A-P-ABORT indication, or what we aborted ourselves. */
  aborted(abort: Abort): void;
  /** Nothing more will come, whatever the reason. May be called more than once. */
  ended(): void;
}
