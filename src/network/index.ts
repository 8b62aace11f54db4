export {
  type AssociationLimits,
  type AssociationPolicy,
  hostFilter,
  Listener,
  type ListenerOptions,
  type NetworkEvent,
} from './scp';
export {
  type CommandStatus,
  hexStatus,
  type IncomingObject,
  isFailure,
  type ObjectStore,
  type Refusal,
  Status,
  type StoreRequest,
} from './dimse';
export { type EchoOutcome, type EchoTarget, sendEcho } from './scu';
export { type AssociationFacts, tlsProblem } from './upper-layer';
