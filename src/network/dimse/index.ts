export { CommandField, RESPONSE_BIT } from './command-field';
export { type CommandSet, encodeResponse, type SubOperations } from './command-set';
export {
  COMMITMENT_CONTEXT,
  type CommitmentReport,
  encodeCommitmentRequest,
  type Instance,
  MAX_REPORT_BYTES,
  readCommitmentReport,
  refuseReport,
  REPORT_SYNTAXES,
} from './commitment';
export { type CommitmentListener, commitmentService } from './commitment-service';
export { type FindRequest, findService, type QueryListener } from './find-service';
export { echoService } from './echo-service';
export type { IncomingObject, ObjectStore, StoreRequest } from './object-store';
export { type MessagePart, MessageReader } from './message-reader';
export { type Outcome, Performer, type PerformingAssociation } from './performer';
export {
  encodeActionRequest,
  encodeCancelRequest,
  encodeEchoRequest,
  encodeFindRequest,
  encodeRetrieveRequest,
  encodeStoreRequest,
  Priority,
} from './requests';
export { type PendingResponses, type Refusal, ServiceRegistry, type Unwanted } from './service';
export {
  type CommandStatus,
  hexStatus,
  isFailure,
  isLoss,
  isPending,
  NO_LONGER_UPDATED,
  Status,
} from './status';
export { type StepListener, type StepRequest, stepServices } from './step-service';
export { storeService, type StorageOptions } from './store-service';
