export { type AssociateRequest, type ProposedContext, readAssociateRequest } from './associate-request';
export { LEGAL_PDUS, type State } from './association-states';
export { PduReader, type PduVisitor, type PdvFragment } from './pdu-reader';
export {
  AbortReason,
  AbortSource,
  ContextResult,
  encodeAbort,
  encodeCommandPdus,
  encodeReject,
  isPeerLength,
  PduType,
  ProtocolError,
  type Rejection,
} from './pdu';
export { type ConnectionListener, PeerConnection } from './peer-connection';
export { ReadBuffer } from './read-buffer';
export { connectionBelow, handshakeFailure, tlsFacts, tlsProblem, withTlsProfile } from './tls-profile';
export { APPLICATION_CONTEXT, DEFAULT_TRANSFER_SYNTAX, VERIFICATION_SOP_CLASS } from './uids';
export { wireText } from './wire-text';
