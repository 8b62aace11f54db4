export { EventGate } from './event-gate';
export type { Counters, ReceiverEvent } from './events';
export { faultCode, isWarning, outputFault, queueFault, type FaultKind, type ReceiverFault } from './faults';
export { ObjectIntake } from './object-intake';
export { Receiver, type ReceiverOutput } from './receiver';
export {
  createFileOutput,
  createQueue,
  receiverSettings,
  type QueuePlace,
  type ReceiverConfig,
  type ReceiverSettings,
} from './receiver-config';
export { ReceiverHost, type HostListener } from './receiver-host';
export { echoOwnPort, type SelfEcho } from './self-echo';
