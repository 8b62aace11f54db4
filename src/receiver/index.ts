export type { AnswerOutcome } from './answers';
export { EventGate } from './event-gate';
export type { Counters, ReceiverEvent } from './events';
export { faultCode, type FaultKind, type ReceiverFault } from './faults';
export type { FlowMessage, MessageFacts, ObjectEnvelope } from './message';
export { printable, tlsProblem, type CommandStatus } from '../network';
export { Receiver, type ReceiverConfig, type ReceiverOutput } from './receiver';
export { ReceiverHost, type HostListener } from './receiver-host';
export { ReceiverNotRunning } from './requests';
