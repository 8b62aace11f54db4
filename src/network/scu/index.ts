export {
  type PeerFacts,
  ScuAssociation,
  type ScuLimits,
  type ScuTarget,
  type StoreOperation,
} from './association';
export type { ScuTls } from './connect';
export { type EchoOutcome, type EchoTarget, sendEcho } from './echo';
export {
  alternativesOf,
  type ChosenContext,
  chooseContext,
  type ContextPlan,
  planContexts,
  type SendAs,
  type Transferable,
} from './context-plan';
export type { AssociationEnd, OpenOutcome, OperationOutcome } from './outcomes';
