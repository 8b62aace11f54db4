export type { AssociationLimits } from './association-context';
export type { AssociationPolicy } from './association-policy';
export type { NetworkEvent } from './events';
export { hostFilter, plainAddress } from './host-filter';
export { Listener, type ListenerOptions } from './listener';
export type { AssociationFacts, ObjectStore, ObjectWriter, StoreRequest } from './object-store';
