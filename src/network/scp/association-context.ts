import type { ServiceRegistry } from '../dimse';
import type { AssociationFacts, ProtocolLimits, RemoteEnd, RequestBudget } from '../upper-layer';
import type { AssociationPolicy } from './association-policy';
import type { NetworkEvent } from './events';

/** What the associations of a listener share. */
export interface AssociationContext {
  policy: AssociationPolicy;
  limits: ProtocolLimits;
  services: ServiceRegistry;
  report(event: NetworkEvent): void;
  /** How many other associations are open now, for the limit. */
  openAssociations(): number;
  /** Memory for requests, which all associations share. */
  requests: RequestBudget;
  remote: RemoteEnd;
  /** Facts of the connection, when it is one over TLS. */
  tls?: NonNullable<AssociationFacts['tls']>;
}
