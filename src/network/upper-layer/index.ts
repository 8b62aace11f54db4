export { Acceptor, type AcceptorUser } from './acceptor';
export { acceptedContexts, type AcceptedContext, type ContextAnswer } from './associate-accept';
export type { AssociateAccept } from './associate-accept';
export { type ExtendedNegotiation, MAX_CONTEXTS, type RoleSelection } from './associate-items';
export type { AssociateRequest, ProposedContext, UserIdentity } from './associate-request';
export {
  type AssociationFacts,
  factsOf,
  plainAddress,
  type RemoteEnd,
  remoteEndOf,
} from './association-facts';
export { MessageFrames } from './message-frames';
export type { PdvFragment } from './pdu-reader';
export { AbortReason, AbortSource, ContextResult, ProtocolError, type Rejection } from './pdu';
export type { Abort, ProtocolLimits } from './association-user';
export { ReadBuffer } from './read-buffer';
export { Requestor, type RequestorUser } from './requestor';
export { RequestBudget } from './request-budget';
export {
  connectionBelow,
  handshakeFailure,
  tlsFacts,
  tlsFailure,
  tlsProblem,
  withTlsProfile,
} from './tls-profile';
export {
  APPLICATION_CONTEXT,
  COMMITMENT_INSTANCE,
  COMMITMENT_SOP_CLASS,
  DEFAULT_TRANSFER_SYNTAX,
  STEP_SOP_CLASS,
  VERIFICATION_SOP_CLASS,
} from './uids';
export { wireText } from './wire-text';
