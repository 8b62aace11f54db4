export type { AssociationPolicy } from './association-policy';
export type { NetworkEvent } from './events';
export { hostFilter } from './host-filter';
export { LOCAL_PROXY_HEADER } from './proxy-header';
export { Listener, type ListenerOptions } from './listener';
