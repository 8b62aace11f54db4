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
export {
  alternativesOf,
  type ChosenContext,
  chooseContext,
  type EchoOutcome,
  type EchoTarget,
  type OpenOutcome,
  type OperationOutcome,
  planContexts,
  ScuAssociation,
  type ScuTls,
  sendEcho,
  type SendAs,
  type Transferable,
} from './scu';
export { type AssociationFacts, type ProposedContext, tlsProblem } from './upper-layer';
