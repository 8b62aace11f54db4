export type { AnswerOutcome } from './answers';
export type { Counters, ReceiverEvent } from './events';
export { faultCode, type FaultKind, type ReceiverFault } from './faults';
export type { FlowMessage, MessageFacts, ObjectEnvelope } from './message';
export { printable, type CommandStatus } from '../network';
export { Receiver, type ReceiverConfig, type ReceiverOutput } from './receiver';
export { ReceiverHost, type HostListener } from './receiver-host';
export { ReceiverNotRunning } from './requests';
