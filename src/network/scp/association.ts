import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  AbortReason,
  AbortSource,
  type AssociateRequest,
  type ConnectionListener,
  ContextResult,
  encodeAbort,
  encodeCommandPdus,
  encodeReject,
  LEGAL_PDUS,
  PduReader,
  PduType,
  type PduVisitor,
  type PdvFragment,
  PeerConnection,
  ProtocolError,
  readAssociateRequest,
  type Rejection,
  type State,
} from '../upper-layer';
import type { AssociationContext } from './association-context';
import {
  decideAssociation,
  type AcceptedContext,
  type AssociationPolicy,
  type ContextAnswer,
} from './association-policy';
import { AssociationReport } from './association-report';
import { DimseService, type DimseAssociation, type StoreOutcome } from './dimse-service';
import { plainAddress } from './host-filter';
import { NegotiatingScp } from './negotiation';
import type { AssociationFacts, ObjectStore } from './object-store';

/** How long an association that we ended may take to close before its socket is destroyed at shutdown. */
const CLOSE_GRACE_MS = 200;
/**
 * So much of a PDU counts as progress before it ends: a long one may take longer than the idle timeout, and one that drips
 * byte by byte is idle.
 */
const PROGRESS_BYTES = 4_096;

/** One connection: the acceptor's state machine and its timers. What is requested on it is the DimseService's. */
export class Association implements PduVisitor, ConnectionListener, DimseAssociation {
  readonly facts: AssociationFacts;
  readonly policy: AssociationPolicy;
  readonly store: ObjectStore;
  readonly maxObjectBytes: number;
  private readonly connection: PeerConnection;
  private readonly reader: PduReader;
  /** From acceptance on: the library runs a timer for each, and a connection that asks for nothing is to cost none. */
  private scp: NegotiatingScp | undefined;
  private readonly accepted = new Map<number, AcceptedContext>();
  private readonly dimse = new DimseService(this, this.accepted);
  private state: State = 'awaiting-request';
  /** After a violation what follows on the stream cannot be framed any more. */
  private framingLost = false;
  private stopping = false;
  private peerMaxPduLength = 0;
  private readonly tell: AssociationReport;
  private releaseRequestMemory = (): void => undefined;
  /** Bytes of content since the idle timer was begun anew: empty fragments do not keep an association alive. */
  private progress = 0;

  constructor(
    socket: Socket,
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
    this.policy = context.policy;
    this.store = context.store;
    this.maxObjectBytes = context.limits.maxObjectBytes;
    this.reader = new PduReader(this, context.limits.maxPduLength);
    this.tell = new AssociationReport(this.facts, (event) => context.report(event));
    this.connection = new PeerConnection(socket, this);
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
    else if (!this.dimse.isReceiving && !this.connection.isWorking) this.abortForStop();
  }

  /** Ends it now; an object under way is not kept. */
  kill(): void {
    if (this.isOpen) this.abortForStop();
    else this.close();
  }

  // What the reader finds in the stream

  pduBegins(type: number, length: number): void {
    if (!LEGAL_PDUS[this.state].includes(type)) {
      const text = `PDU type ${type} is not expected in state ${this.state}`;
      throw new ProtocolError(AbortReason.unexpectedPdu, text);
    }
    if (type === PduType.associateRQ || type === PduType.associateAC) this.takeRequestMemory(length);
  }

  pdu(type: number, bytes: Buffer): void {
    this.releaseRequestMemory();
    if (type === PduType.abort) this.peerAborted(bytes.readUInt8(8), bytes.readUInt8(9));
    if (type === PduType.associateRQ) this.negotiate(readAssociateRequest(bytes));
    if (type === PduType.releaseRQ && this.state === 'open') this.releaseRequested(bytes);
  }

  fragment(fragment: PdvFragment): void {
    if (this.state !== 'open') return;
    this.progress += fragment.bytes.length;
    if (this.progress >= PROGRESS_BYTES) this.refreshIdleTimer();
    if (!this.accepted.has(fragment.contextId)) {
      const text = `presentation context ${fragment.contextId} was not accepted`;
      throw new ProtocolError(AbortReason.invalidParameter, text);
    }
    this.dimse.fragment(fragment);
  }

  pduEnds(): void {
    if (this.state === 'open' && this.progress > 0) this.refreshIdleTimer();
  }

  // What the connection tells

  received(bytes: Buffer): void {
    this.read(() => this.reader.push(bytes));
  }

  paused(): void {
    this.reader.pause();
  }

  resumed(): void {
    this.read(() => this.reader.resume());
  }

  lost(text: string): void {
    if (this.isOpen) this.reportLoss(AbortSource.provider, AbortReason.notSpecified, text);
    this.close();
  }

  /** What breaks the protocol ends this association, and nothing else. */
  private read(step: () => void): void {
    if (this.framingLost || this.state === 'closed') return;
    try {
      step();
    } catch (error) {
      if (error instanceof ProtocolError) this.abort(error.reason, error.message);
      else this.internalError(error);
    }
  }

  // What the DIMSE service asks for

  respond(contextId: number, command: Buffer): void {
    if (this.state !== 'open') return;
    this.connection.send(encodeCommandPdus(contextId, command, this.peerMaxPduLength));
  }

  hold<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.connection.stopTimer();
    const settled = promise.then(then).catch((error: unknown) => this.internalError(error));
    this.connection.work(
      settled.then(() => {
        if (this.state === 'open') this.startIdleTimer();
      }),
    );
  }

  stored(outcome: StoreOutcome): void {
    this.tell.stored(outcome);
    if (this.stopping && this.isOpen) this.abortForStop();
  }

  // Sta2: negotiation

  private takeRequestMemory(length: number): void {
    const release = this.context.requests.take(length);
    if (release === undefined) {
      const text = `no memory for an A-ASSOCIATE-RQ of ${length} bytes beside those that are arriving`;
      throw new ProtocolError(AbortReason.notSpecified, text);
    }
    this.releaseRequestMemory = release;
  }

  private negotiate(request: AssociateRequest): void {
    this.facts.callingAET = request.callingAET;
    this.facts.calledAET = request.calledAET;
    const decision = decideAssociation(request, this.policy, this.context.openAssociations());
    if (decision.accepted) this.accept(request, decision.contexts);
    else this.reject(decision.rejection);
  }

  private accept(request: AssociateRequest, contexts: readonly ContextAnswer[]): void {
    for (const { id, result, abstractSyntax, transferSyntax } of contexts) {
      if (result === ContextResult.accept) this.accepted.set(id, { abstractSyntax, transferSyntax });
    }
    this.peerMaxPduLength = request.maxPduLength;
    this.state = 'open';
    this.scp = new NegotiatingScp(
      (pdu) => this.sendLibraryPdu(pdu),
      (error) => this.abort(AbortReason.notSpecified, `dcmjs-dimse: ${error.message}`),
    );
    this.scp.accept(request, contexts, this.context.limits.maxPduLength);
    this.startIdleTimer();
    this.tell.accepted();
  }

  private reject(rejection: Rejection): void {
    this.connection.send(encodeReject(rejection));
    this.awaitClose();
    this.tell.rejected(rejection);
  }

  // The end

  private releaseRequested(pdu: Buffer): void {
    if (this.dimse.isReceiving) {
      throw new ProtocolError(AbortReason.unexpectedPdu, 'A-RELEASE-RQ in the middle of a message');
    }
    this.state = 'releasing';
    this.scp?.receive(pdu);
  }

  private sendLibraryPdu(pdu: Buffer): void {
    this.connection.send(pdu);
    if (pdu[0] === PduType.releaseRP) this.released();
  }

  private released(): void {
    this.awaitClose();
    this.tell.released();
  }

  /** A protocol violation, or a fault of ours (PS3.8 AA-1, AA-7, AA-8): what follows on this stream is not read. */
  private abort(reason: AbortReason, text: string): void {
    this.framingLost = true;
    // AA-1: before an association exists, the abort comes from the service user, without a reason.
    if (this.state === 'awaiting-request') this.abortAs(AbortSource.user, AbortReason.notSpecified, text);
    else this.abortAs(AbortSource.provider, reason, text);
  }

  private internalError(error: unknown): void {
    this.abort(AbortReason.notSpecified, `internal error: ${String(error)}`);
  }

  private abortAs(source: AbortSource, reason: AbortReason, text: string): void {
    if (this.state === 'closed') return;
    const wasEnding = this.state === 'awaiting-close';
    this.connection.send(encodeAbort(source, reason));
    this.awaitClose();
    if (!wasEnding) this.tell.aborted('node', source, reason, text);
  }

  private abortForStop(): void {
    this.abortAs(AbortSource.user, AbortReason.notSpecified, 'the receiver stops');
    this.endConnection();
  }

  private peerAborted(source: number, reason: number): void {
    if (this.isOpen) this.reportLoss(source, reason, 'A-ABORT received');
    this.close();
  }

  private reportLoss(source: number, reason: number, what: string): void {
    const text = this.dimse.isReceiving ? `${what} in the middle of an object, which is not kept` : what;
    this.tell.aborted('peer', source, reason, text);
  }

  /** Sta13: the peer is to close the connection; ARTIM sees to it. */
  private awaitClose(): void {
    this.state = 'awaiting-close';
    this.dimse.drop();
    this.startArtim();
  }

  private endConnection(): void {
    this.connection.end();
    this.connection.expireAfter(CLOSE_GRACE_MS, () => this.close());
  }

  private close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.releaseRequestMemory();
    this.dimse.drop();
    this.scp?.close();
    this.connection.destroy();
  }

  // Timers

  private startArtim(): void {
    const seconds = this.context.limits.associationTimeoutSeconds;
    this.connection.expireAfter(seconds * 1000, () => {
      if (this.state === 'awaiting-request') {
        this.tell.refused(`no A-ASSOCIATE-RQ within ${seconds} s`);
      }
      this.close();
    });
  }

  private refreshIdleTimer(): void {
    this.progress = 0;
    this.connection.refreshTimer();
  }

  private startIdleTimer(): void {
    this.progress = 0;
    const seconds = this.context.limits.idleTimeoutSeconds;
    this.connection.expireAfter(seconds * 1000, () =>
      this.abortAs(AbortSource.user, AbortReason.notSpecified, `no PDU for ${seconds} s (idle timeout)`),
    );
  }
}
