export type { AssociationPolicy } from './association-policy';
export type { NetworkEvent } from './events';
export { hostFilter } from './host-filter';
export { type AssociationLimits, Listener, type ListenerOptions } from './listener';
