export { EventGate } from './event-gate';
export type { Counters, ReceiverEvent } from './events';
export { faultCode, isWarning, type FaultKind, type ReceiverFault } from './faults';
export { Receiver, type ReceiverOutput } from './receiver';
export { receiverSettings, type ReceiverConfig, type SharedQueue } from './receiver-config';
export { ReceiverHost, type HostListener } from './receiver-host';
export { echoOwnPort, type SelfEcho } from './self-echo';
