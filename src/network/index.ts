export {
  type AssociationFacts,
  type AssociationLimits,
  type AssociationPolicy,
  hostFilter,
  Listener,
  type ListenerOptions,
  type NetworkEvent,
  type ObjectStore,
  type ObjectWriter,
  plainAddress,
  type StoreRequest,
} from './scp';
export { type CommandStatus, hexStatus, isFailure, Status } from './dimse';
export { type EchoOutcome, type EchoTarget, sendEcho } from './scu';
export { tlsProblem } from './upper-layer';
