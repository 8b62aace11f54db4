export { EventGate } from './event-gate';
export type { Counters, ReceiverEvent } from './events';
export { faultCode, isWarning, outputFault, queueFault, type FaultKind, type ReceiverFault } from './faults';
export { ObjectIntake } from './object-intake';
export { Receiver } from './receiver';
export type { FlowAnswerOutcome } from './flow-answers';
export { MOST_BYTES, MOST_MATCHES, type QueryAnswer } from './flow-queries';
export {
  createFileOutput,
  createQueue,
  receiverSettings,
  type ReceiverConfig,
  type SharedQueue,
} from './receiver-config';
export { ReceiverFaults } from './receiver-faults';
export { ReceiverHost, type HostListener, type RequestMessage } from './receiver-host';
export { removeSteps, STEPS_FOLDER } from './steps';
export { echoOwnPort } from './self-echo';
