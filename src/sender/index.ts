export { failureText } from './peer-words';
export { type PeerConfig, peerSettings } from './peer-config';
export type { PeerState } from './peer-line';
export type { RetryPolicy, SendFailure, SendOutcome } from './send-job';
export type { OutboxConfig, OutboxState } from './outbox';
export type { OutboxNote } from './outbox-entry';
export { SenderHost, type Sending } from './sender-host';
export type { ObjectPlace } from './worker-protocol';
export type { RetrievedHost } from './retrieved-host';
