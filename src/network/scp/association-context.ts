import type { AssociationPolicy } from './association-policy';
import type { NetworkEvent } from './events';
import type { AssociationFacts, ObjectStore } from './object-store';
import type { RequestBudget } from './request-budget';

/** Limits and timers of an association. Seconds and bytes. */
export interface AssociationLimits {
  /** ARTIM: from accept to A-ASSOCIATE-RQ, and while we wait for the peer to close (PS3.8 9.1.5). */
  associationTimeoutSeconds: number;
  /** No content for so long on an open association: A-ABORT. */
  idleTimeoutSeconds: number;
  /** The longest P-DATA-TF that we announce and take. */
  maxPduLength: number;
  /** Larger data sets are refused with A700; 0: no limit. */
  maxObjectBytes: number;
}

export interface AssociationContext {
  policy: AssociationPolicy;
  limits: AssociationLimits;
  store: ObjectStore;
  report(event: NetworkEvent): void;
  /** How many other associations are open now, for the limit. */
  openAssociations(): number;
  /** Memory for requests, which all associations share. */
  requests: RequestBudget;
  /** Facts of the connection, when it is one over TLS. */
  tls?: NonNullable<AssociationFacts['tls']>;
}
