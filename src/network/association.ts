import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { readAssociateRequest, type AssociateRequest } from './associate-request';
import {
  decideAssociation,
  type AssociationDecision,
  type AssociationPolicy,
  type ContextAnswer,
} from './association-policy';
import { CommandField, Status, encodeResponse, type CommandSet, type CommandStatus } from './command-set';
import { plainAddress } from './host-filter';
import { MessageReader, type MessageHandler } from './message-reader';
import { NegotiatingScp } from './negotiation';
import type { NetworkEvent } from './events';
import type { AssociationFacts, ObjectStore, ObjectWriter } from './object-store';
import {
  AbortReason,
  AbortSource,
  ContextResult,
  PduType,
  ProtocolError,
  encodeAbort,
  encodeCommandPdus,
  type Rejection,
} from './pdu';
import { PduReader, type PduVisitor, type PdvFragment } from './pdu-reader';
import { refuseStore, refusingWriter } from './store-checks';
import { VERIFICATION_SOP_CLASS } from './uids';

/** Limits and timers of an association. Seconds and bytes. */
export interface AssociationLimits {
  /** ARTIM: from accept to A-ASSOCIATE-RQ, and while we wait for the peer to close (PS3.8 9.1.5). */
  associationTimeoutSeconds: number;
  /** No PDU for so long on an open association: A-ABORT. */
  idleTimeoutSeconds: number;
  /** The longest P-DATA-TF that we announce and take. */
  maxPduLength: number;
  /** Larger data sets are refused with A700; 0: no limit. */
  maxObjectBytes: number;
}

export interface AssociationContext {
  policy: AssociationPolicy;
  limits: AssociationLimits;
  store: ObjectStore;
  report(event: NetworkEvent): void;
  /** How many other associations are open now, for the limit. */
  openAssociations(): number;
  /** TLS facts of the connection, when it is one. */
  tls?: { authorized: boolean; subject: string };
}

/**
 * The acceptor's side of PS3.8 9.2. `awaiting-request` is Sta2, `open` Sta6, `releasing` Sta8, `awaiting-close` Sta13.
 * Sta3 does not last: the decision is made in the same turn.
 */
type State = 'awaiting-request' | 'open' | 'releasing' | 'awaiting-close' | 'closed';

/** How long an association that we ended may take to close before its socket is destroyed at shutdown. */
const CLOSE_GRACE_MS = 200;

/**
 * One connection: the acceptor's state machine, its timers, and the express lane for C-STORE, whose data fragments go
 * from the socket to the store without being collected. Negotiation, C-ECHO and release are dcmjs-dimse's.
 */
export class Association implements PduVisitor, MessageHandler {
  readonly facts: AssociationFacts;
  private readonly reader: PduReader;
  private readonly messages: MessageReader;
  private readonly scp: NegotiatingScp;
  private state: State = 'awaiting-request';
  private timer: NodeJS.Timeout | undefined;
  private readonly accepted = new Map<number, ContextAnswer>();
  private peerMaxPduLength = 0;
  private writer: ObjectWriter | undefined;
  /** Reasons to read nothing more for now: an answer that is being worked out, a peer that does not read. */
  private readonly holds = new Set<'work' | 'drain'>();
  private stopping = false;
  private readonly openedAt = Date.now();
  private objects = 0;
  private bytes = 0;

  constructor(
    private readonly socket: Socket,
    private readonly context: AssociationContext,
  ) {
    this.facts = {
      associationId: randomUUID(),
      callingAET: '',
      calledAET: '',
      remoteAddress: plainAddress(socket.remoteAddress ?? ''),
      remotePort: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress ?? ''),
      localPort: socket.localPort ?? 0,
      ...(context.tls && { tls: context.tls }),
    };
    this.reader = new PduReader(this, context.limits.maxPduLength);
    this.messages = new MessageReader(this);
    this.scp = new NegotiatingScp(
      (pdu) => this.sendLibraryPdu(pdu),
      (error) => this.abort(AbortReason.notSpecified, `dcmjs-dimse: ${error.message}`),
    );
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('drain', () => this.unhold('drain'));
    socket.on('error', (error) => this.connectionLost(error.message));
    socket.on('close', () => this.connectionLost('the connection was closed'));
    this.startArtim();
  }

  /** True while it counts against the limit of concurrent associations. */
  get isOpen(): boolean {
    return this.state === 'open' || this.state === 'releasing';
  }

  /** Ends it as soon as no object is under way: for shutdown. */
  stop(): void {
    this.stopping = true;
    if (this.state === 'awaiting-request') this.close();
    else if (this.state === 'awaiting-close') this.endConnection();
    else if (!this.messages.isUnderWay && !this.holds.has('work')) this.abortForStop();
  }

  /** Ends it now; an object under way is not kept. */
  kill(): void {
    if (this.isOpen) this.abortForStop();
    else this.close();
  }

  // PduVisitor

  pduBegins(type: number): void {
    const legal = LEGAL_PDUS[this.state];
    if (legal === 'any' || legal.includes(type)) return;
    if (this.state === 'awaiting-close' && type !== PduType.associateRQ) return;
    throw new ProtocolError(
      AbortReason.unexpectedPdu,
      `PDU type ${type} is not expected in state ${this.state}`,
    );
  }

  pdu(type: number, bytes: Buffer): void {
    if (this.state === 'awaiting-close' && type !== PduType.abort) return;
    switch (type) {
      case PduType.associateRQ:
        this.negotiate(readAssociateRequest(bytes));
        break;
      case PduType.releaseRQ:
        this.release(bytes);
        break;
      case PduType.abort:
        this.peerAborted(bytes.readUInt8(8), bytes.readUInt8(9));
        break;
    }
  }

  fragment(fragment: PdvFragment): void {
    if (this.state !== 'open') return;
    if (!this.accepted.has(fragment.contextId)) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `presentation context ${fragment.contextId} was not accepted`,
      );
    }
    this.messages.fragment(fragment);
  }

  pduEnds(): void {
    if (this.state === 'open') this.timer?.refresh();
  }

  // MessageHandler

  /** A command set is complete. */
  command(contextId: number, command: CommandSet, bytes: Buffer): void {
    const context = this.accepted.get(contextId);
    if (context === undefined) return;
    if (command.commandField === CommandField.storeRQ) {
      this.beginStore(contextId, context, command);
    } else if (
      command.commandField === CommandField.echoRQ &&
      isVerification(context) &&
      !command.hasDataSet
    ) {
      this.scp.receive(encodeCommandPdus(contextId, bytes, 0));
    } else if (command.commandField !== CommandField.cancelRQ) {
      this.refuseOperation(contextId, command);
    }
  }

  /** A piece of the data set that follows a command. */
  data(bytes: Buffer): void {
    const written = this.writer?.write(bytes);
    if (written instanceof Promise) this.work(written, (refused) => this.refuseRest(refused));
    else this.refuseRest(written);
  }

  /** The data set is complete: answer its command. */
  dataEnds(contextId: number, command: CommandSet, length: number): void {
    const writer = this.writer;
    if (writer === undefined) return;
    this.work(writer.finish(), (status) => {
      this.writer = undefined;
      this.respond(contextId, command, status);
      this.reportObject(command, status, length);
      if (this.stopping) this.abortForStop();
    });
  }

  // Sta2: negotiation

  private negotiate(request: AssociateRequest): void {
    this.facts.callingAET = request.callingAET;
    this.facts.calledAET = request.calledAET;
    const decision = decideAssociation(request, this.context.policy, this.context.openAssociations());
    if (decision.accepted) this.accept(request, decision);
    else this.reject(decision.rejection);
  }

  private accept(request: AssociateRequest, { contexts }: AssociationDecision & { accepted: true }): void {
    for (const context of contexts) {
      if (context.result === ContextResult.accept) this.accepted.set(context.id, context);
    }
    this.peerMaxPduLength = request.maxPduLength;
    this.state = 'open';
    this.scp.accept(request, contexts, this.context.limits.maxPduLength);
    this.setTimer(this.context.limits.idleTimeoutSeconds, () => this.idle());
    this.context.report({ event: 'association-accepted', ...this.about() });
  }

  private reject(rejection: Rejection): void {
    this.scp.reject(rejection);
    this.awaitClose();
    this.context.report({ event: 'association-rejected', ...this.about(), ...rejection });
  }

  // Sta6: open

  private beginStore(contextId: number, context: ContextAnswer, command: CommandSet): void {
    const refused = refuseStore(command, context.abstractSyntax, this.context.policy);
    if (refused !== undefined) {
      this.writer = refusingWriter(refused);
      if (!command.hasDataSet) this.dataEnds(contextId, command, 0);
      return;
    }
    const begun = this.context.store.begin({
      association: this.facts,
      messageId: command.messageId ?? 0,
      abstractSyntaxUID: context.abstractSyntax,
      sopClassUID: command.affectedSopClassUID ?? '',
      sopInstanceUID: command.affectedSopInstanceUID ?? '',
      transferSyntaxUID: context.transferSyntax,
    });
    this.writer = 'writer' in begun ? begun.writer : refusingWriter(begun.refused);
    this.messages.limitData(this.context.limits.maxObjectBytes);
  }

  /** The data set grew beyond `maxObjectBytes`. */
  dataTooLong(limit: number): void {
    this.refuseRest({
      status: Status.outOfResources,
      comment: `object is larger than the limit of ${limit / 1e6} MB`,
    });
  }

  /** From here on the data set is read and dropped, and answered with this status. */
  private refuseRest(refused: CommandStatus | undefined): void {
    if (refused === undefined || this.writer === undefined) return;
    this.writer.discard();
    this.writer = refusingWriter(refused);
  }

  /** A request for a service that was not negotiated; its data set, if any, is dropped first. */
  private refuseOperation(contextId: number, command: CommandSet): void {
    this.writer = refusingWriter(
      command.commandField === CommandField.echoRQ
        ? { status: Status.sopClassNotSupported, comment: 'C-ECHO needs a Verification context' }
        : { status: Status.unrecognizedOperation, comment: 'only C-STORE and C-ECHO are supported' },
    );
    if (!command.hasDataSet) this.dataEnds(contextId, command, 0);
  }

  private respond(contextId: number, command: CommandSet, status: CommandStatus): void {
    if (this.state !== 'open') return;
    this.send(encodeCommandPdus(contextId, encodeResponse(command, status), this.peerMaxPduLength));
  }

  private reportObject(command: CommandSet, { status, comment }: CommandStatus, length: number): void {
    const sopInstanceUID = command.affectedSopInstanceUID ?? '';
    if (isFailure(status)) {
      const text = comment ?? '';
      this.context.report({ event: 'object-refused', ...this.about(), sopInstanceUID, status, text });
      return;
    }
    this.objects += 1;
    this.bytes += length;
    const sopClassUID = command.affectedSopClassUID ?? '';
    this.context.report({
      event: 'object-received',
      ...this.about(),
      sopClassUID,
      sopInstanceUID,
      bytes: length,
    });
  }

  private release(pdu: Buffer): void {
    if (this.messages.isUnderWay) {
      throw new ProtocolError(AbortReason.unexpectedPdu, 'A-RELEASE-RQ in the middle of a message');
    }
    this.state = 'releasing';
    this.scp.receive(pdu);
  }

  private released(): void {
    this.awaitClose();
    const { objects, bytes } = this;
    const seconds = (Date.now() - this.openedAt) / 1000;
    this.context.report({ event: 'association-released', ...this.about(), objects, bytes, seconds });
  }

  private idle(): void {
    const seconds = this.context.limits.idleTimeoutSeconds;
    this.abortAs(AbortSource.user, AbortReason.notSpecified, `no PDU for ${seconds} s (idle timeout)`);
  }

  // Waiting for our own side, and for a peer that does not read

  /** Holds the sender until the promise is settled. A rejection is a fault of ours: processing failure. */
  private work<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.hold('work');
    this.stopTimer();
    promise
      .then(then, (error: unknown) =>
        this.abort(AbortReason.notSpecified, `internal error: ${String(error)}`),
      )
      .finally(() => {
        if (this.state === 'open') this.setTimer(this.context.limits.idleTimeoutSeconds, () => this.idle());
        this.unhold('work');
      })
      .catch((error: unknown) => this.abort(AbortReason.notSpecified, `internal error: ${String(error)}`));
  }

  private hold(reason: 'work' | 'drain'): void {
    if (this.state === 'closed') return;
    this.holds.add(reason);
    this.reader.pause();
    this.socket.pause();
  }

  private unhold(reason: 'work' | 'drain'): void {
    if (!this.holds.delete(reason) || this.holds.size > 0 || this.state === 'closed') return;
    this.socket.resume();
    this.guard(() => this.reader.resume());
  }

  // Socket

  private receive(chunk: Buffer): void {
    if (this.state === 'closed') return;
    this.guard(() => this.reader.push(chunk));
  }

  /** Runs a piece of reading: what breaks the protocol ends the association, and nothing else. */
  private guard(read: () => void): void {
    if (this.framingLost) return;
    try {
      read();
    } catch (error) {
      if (error instanceof ProtocolError) this.abort(error.reason, error.message);
      else this.abort(AbortReason.notSpecified, `internal error: ${String(error)}`);
    }
  }

  private framingLost = false;

  private send(bytes: Buffer): void {
    if (!this.socket.writable) return;
    if (!this.socket.write(bytes)) this.hold('drain');
  }

  private sendLibraryPdu(pdu: Buffer): void {
    this.send(pdu);
    if (pdu[0] === PduType.releaseRP) this.released();
  }

  // The end

  /** A protocol violation or a fault of ours (PS3.8 AA-1, AA-7, AA-8): what follows on this stream is not read. */
  private abort(reason: AbortReason, text: string): void {
    this.framingLost = true;
    // AA-1: before an association exists, the abort comes from the service user, without a reason.
    if (this.state === 'awaiting-request') this.abortAs(AbortSource.user, AbortReason.notSpecified, text);
    else this.abortAs(AbortSource.provider, reason, text);
  }

  private abortAs(source: AbortSource, reason: AbortReason, text: string): void {
    if (this.state === 'closed') return;
    this.send(encodeAbort(source, reason));
    const wasDone = this.state === 'awaiting-close';
    this.awaitClose();
    if (wasDone) return;
    this.context.report({ event: 'association-aborted', ...this.about(), by: 'node', source, reason, text });
  }

  private abortForStop(): void {
    this.abortAs(AbortSource.user, AbortReason.notSpecified, 'the receiver stops');
    this.endConnection();
  }

  private peerAborted(source: number, reason: number): void {
    if (this.isOpen) this.reportLoss(source, reason, 'A-ABORT received');
    this.close();
  }

  private connectionLost(text: string): void {
    if (this.isOpen) this.reportLoss(AbortSource.provider, AbortReason.notSpecified, text);
    this.close();
  }

  private reportLoss(source: number, reason: number, text: string): void {
    const during = this.messages.isUnderWay ? ' in the middle of an object, which is not kept' : '';
    this.context.report({
      event: 'association-aborted',
      ...this.about(),
      by: 'peer',
      source,
      reason,
      text: text + during,
    });
  }

  /** Sta13: the peer is to close the connection; ARTIM sees to it. */
  private awaitClose(): void {
    this.state = 'awaiting-close';
    this.dropObject();
    this.startArtim();
  }

  private endConnection(): void {
    this.socket.end();
    this.setTimerMs(CLOSE_GRACE_MS, () => this.close());
  }

  private close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.stopTimer();
    this.dropObject();
    this.scp.close();
    this.socket.destroy();
  }

  /** A half-received object is dropped; one whose answer is being worked out is left to be finished. */
  private dropObject(): void {
    if (!this.messages.isUnderWay) return;
    this.messages.reset();
    this.writer?.discard();
    this.writer = undefined;
  }

  private startArtim(): void {
    const seconds = this.context.limits.associationTimeoutSeconds;
    this.setTimer(seconds, () => this.artimExpired(seconds));
  }

  private artimExpired(seconds: number): void {
    if (this.state === 'awaiting-request') {
      const text = `no A-ASSOCIATE-RQ within ${seconds} s`;
      this.context.report({ event: 'connection-refused', remoteAddress: this.facts.remoteAddress, text });
    }
    this.close();
  }

  private setTimer(seconds: number, expired: () => void): void {
    this.setTimerMs(seconds * 1000, expired);
  }

  private setTimerMs(milliseconds: number, expired: () => void): void {
    this.stopTimer();
    this.timer = setTimeout(expired, milliseconds);
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private about(): Pick<AssociationFacts, 'associationId' | 'callingAET' | 'calledAET' | 'remoteAddress'> {
    const { associationId, callingAET, calledAET, remoteAddress } = this.facts;
    return { associationId, callingAET, calledAET, remoteAddress };
  }
}

/** What may come in each state; anything else is answered with A-ABORT, but ignored in Sta13 (PS3.8 Table 9-10). */
const LEGAL_PDUS: Record<State, readonly number[] | 'any'> = {
  'awaiting-request': [PduType.associateRQ, PduType.abort],
  open: [PduType.dataTF, PduType.releaseRQ, PduType.abort],
  releasing: [PduType.abort],
  'awaiting-close': [],
  closed: 'any',
};

function isVerification(context: ContextAnswer): boolean {
  return context.abstractSyntax === VERIFICATION_SOP_CLASS;
}

/** Success and the warnings B000 to BFFF mean that the object is kept (PS3.4 B.2.3). */
function isFailure(status: number): boolean {
  return status !== Status.success && status >> 12 !== 0xb;
}
