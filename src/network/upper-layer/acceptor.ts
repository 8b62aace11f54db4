import type { Socket } from 'node:net';
import { type AssociateRequest, readAssociateRequest } from './associate-request';
import type { ContextAnswer } from './associate-accept';
import { encodeAssociateAccept } from './library-accept';
import { encodeReject, type Rejection } from './pdu';
import type { AssociationUser, ProtocolLimits } from './association-user';
import { type AssociateAction, ProtocolMachine } from './protocol-machine';
import type { RequestBudget } from './request-budget';

export interface AcceptorUser extends AssociationUser {
  /** A-ASSOCIATE indication: answer with `accept` or `reject` before this returns. */
  requested(request: AssociateRequest): void;
  /** The peer has not asked for an association in time. */
  notRequested(): void;
}

/** The upper layer of who is asked for an association: it begins with an accepted connection (Sta2). */
export class Acceptor extends ProtocolMachine {
  constructor(
    socket: Socket,
    private readonly acceptorUser: AcceptorUser,
    private readonly ours: ProtocolLimits,
    memory: RequestBudget,
  ) {
    super(socket, 'acceptor', acceptorUser, ours, memory);
    this.step('transport indication');
    this.startArtim(() => acceptorUser.notRequested());
  }

  /** A-ASSOCIATE response: the association is open (AE-7). */
  accept(request: AssociateRequest, answers: readonly ContextAnswer[]): void {
    if (this.step('A-ASSOCIATE response, accept') === undefined) return;
    this.send(encodeAssociateAccept(request, answers, this.ours.maxPduLength));
    this.opened(request.maxPduLength);
  }

  /** A-ASSOCIATE response: there is none (AE-8). */
  reject(rejection: Rejection): void {
    if (this.step('A-ASSOCIATE response, reject') === undefined) return;
    this.send(encodeReject(rejection));
    this.awaitClose();
  }

  protected override associate(_action: AssociateAction, pdu: Buffer): () => void {
    const request = readAssociateRequest(pdu);
    return () => this.acceptorUser.requested(request);
  }
}
