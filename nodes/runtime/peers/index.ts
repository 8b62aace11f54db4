export { PeerOwner, type PeerReports } from './peer-owner';
export { peerTls } from './peer-tls';
export { senderOf } from './sender';
export { type TlsChoice, tlsOptions } from './tls-options';
export { usablePeer } from './usable-peer';
