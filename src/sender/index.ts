export { type PeerConfig, peerSettings } from './peer-config';
export type { PeerState } from './peer-line';
export type { RetryPolicy, SendFailure, SendOutcome } from './send-job';
export { SenderHost, type PeerUser, type Sending } from './sender-host';
export type { ObjectPlace } from './worker-protocol';
