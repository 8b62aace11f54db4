export { type OpenOutcome, ScuAssociation } from './association';
export type { DataSetSource, OpenOptions, RetrieveFacts, ScuLimits, ScuTarget } from './association-options';
export type { ScuTls } from './connect';
export { type EchoTarget, sendEcho } from './echo';
export {
  alternativesOf,
  type ChosenContext,
  chooseContext,
  planContexts,
  type SendAs,
  type Transferable,
} from './context-plan';
export type { CommitmentUser } from './event-reports';
export type { AssociationEnd, OperationOutcome } from './outcomes';
