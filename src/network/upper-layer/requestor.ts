import type { Socket } from 'node:net';
import { type AssociateAccept, readAssociateAccept, readReject } from './associate-accept';
import { type AssociateProposal, encodeAssociateRequest } from './associate-request';
import type { AssociationUser, ProtocolLimits } from './association-user';
import { type AssociateAction, ProtocolMachine } from './protocol-machine';
import type { RequestBudget } from './request-budget';

export interface RequestorUser extends AssociationUser {
  /** A-ASSOCIATE confirmation: the association is open. */
  accepted(accept: AssociateAccept): void;
  /** A-ASSOCIATE confirmation: there is none. Numbers as the peer sent them (PS3.8 9.3.4). */
  rejected(rejection: { result: number; source: number; reason: number }): void;
}

export interface RequestorLimits extends ProtocolLimits {
  /** Until the connection is there, TLS handshake included. */
  connectTimeoutSeconds: number;
}

/**
 * The upper layer of who asks for an association: it begins with a connection that is being made (Sta4), and asks as soon as
 * it is there.
 */
export class Requestor extends ProtocolMachine {
  /** @param connected the event of the socket that says so: `connect`, or `secureConnect` for TLS */
  constructor(
    socket: Socket,
    connected: 'connect' | 'secureConnect',
    private readonly proposal: AssociateProposal,
    private readonly requestorUser: RequestorUser,
    private readonly ours: RequestorLimits,
    memory: RequestBudget,
  ) {
    super(socket, 'requestor', requestorUser, ours, memory);
    this.step('A-ASSOCIATE request');
    this.expireAfter(ours.connectTimeoutSeconds, () =>
      this.abort(`the connection was not established within ${ours.connectTimeoutSeconds} s`),
    );
    socket.once(connected, () => this.connected());
  }

  private connected(): void {
    if (this.step('transport confirmation') === undefined) return;
    this.send(encodeAssociateRequest(this.proposal));
    const seconds = this.ours.associationTimeoutSeconds;
    this.expireAfter(seconds, () =>
      this.abort(`the peer did not answer the A-ASSOCIATE-RQ within ${seconds} s`),
    );
  }

  protected override associate(action: AssociateAction, pdu: Buffer): () => void {
    if (action === 'AE-4') {
      const rejection = readReject(pdu);
      return () => {
        this.requestorUser.rejected(rejection);
        this.close();
      };
    }
    const accept = readAssociateAccept(pdu, this.proposal.contexts);
    return () => {
      this.opened(accept.maxPduLength);
      this.requestorUser.accepted(accept);
    };
  }
}
