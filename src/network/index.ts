export type { AssociationLimits } from './association';
export type { AssociationPolicy } from './association-policy';
export { Status, type CommandStatus } from './command-set';
export type { NetworkEvent } from './events';
export { hostFilter, plainAddress } from './host-filter';
export { Listener, type ListenerOptions } from './listener';
export { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './negotiation';
export { printable } from './printable';
export type { AssociationFacts, ObjectStore, ObjectWriter, StoreRequest } from './object-store';
