import type { Socket } from 'node:net';
import type { DataSetSource } from './association-options';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom';
import {
  CommandField,
  type CommandSet,
  encodeActionRequest,
  encodeCancelRequest,
  encodeCommitmentRequest,
  encodeEchoRequest,
  encodeFindRequest,
  encodeRetrieveRequest,
  encodeStoreRequest,
  type MessagePart,
  MessageReader,
  Priority,
  type StorageOptions,
} from '../dimse';
import {
  type Abort,
  AbortReason,
  acceptedContexts,
  type AcceptedContext,
  type AssociateAccept,
  COMMITMENT_INSTANCE,
  COMMITMENT_SOP_CLASS,
  type PdvFragment,
  type ProposedContext,
  ProtocolError,
  ReadBuffer,
  RequestBudget,
  Requestor,
  type RequestorUser,
  VERIFICATION_SOP_CLASS,
} from '../upper-layer';
import { connectionFailure, connectTo, openFailure } from './connect';
import { EventReports } from './event-reports';
import { MessageSender } from './message-sender';
import type {
  CommitmentOperation,
  FindOperation,
  OpenOptions,
  PeerFacts,
  RetrieveFacts,
  RetrieveOperationRequest,
  ScuLimits,
  ScuTarget,
  StoreOperation,
} from './association-options';
import { Operation, type Requested } from './operation';
import { LongOperation } from './long-operation';
import { PeerRequests } from './peer-requests';
import { QueryOperation } from './query-operation';
import { RetrieveOperation } from './retrieve-operation';
import type { AssociationEnd, OperationOutcome } from './outcomes';

/** What all associations without TLS are read into: answers, and the objects of a C-GET. */
const READ_MEMORY = new ReadBuffer();
/** For A-ASSOCIATE-ACs that are arriving. */
const ACCEPT_MEMORY = new RequestBudget();
const MAX_MESSAGE_ID = 0xffff;
/** Action Type ID (PS3.4 Table J.3-1). */
const REQUEST_COMMITMENT = 1;

/** What became of the wish for an association. */
export type OpenOutcome =
  | { outcome: 'opened'; association: ScuAssociation }
  /** PS3.8 9.3.4, numbers as they came. */
  | { outcome: 'rejected'; result: number; source: number; reason: number }
  /**
   * `code` is the system's or OpenSSL's (`ENOTFOUND`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`), or `TIMEOUT`; `CLOSED`: by the
   * peer, by A-ABORT too; `NOT_DICOM`; `PROTOCOL`: an answer that cannot be; `STOPPED`: by our signal.
   */
  | { outcome: 'failed'; code: string; text: string };

/**
 * An association that we asked for. One operation at a time is invoked on it (PS3.7 7.5). Whatever the peer does is an
 * outcome; only a use against these rules throws.
 */
export class ScuAssociation {
  /** The accepted presentation contexts by their ids. */
  contexts: ReadonlyMap<number, AcceptedContext> = new Map();
  peer: PeerFacts = {
    maxPduLength: 0,
    implementationClassUID: '',
    implementationVersionName: '',
    extended: new Map(),
  };
  /** Resolves at the end, whoever ends it, also while nothing is asked. An association is not ended for being idle. */
  readonly ended: Promise<AssociationEnd>;
  private end: AssociationEnd | undefined;
  private tellEnd: (end: AssociationEnd) => void = () => undefined;
  private readonly layer: Requestor;
  private readonly messages = new MessageReader();
  private readonly reports: EventReports;
  private readonly sender: MessageSender;
  private operation: Operation | undefined;
  /** Undefined: the peer is to ask for nothing. */
  private readonly peerRequests: PeerRequests | undefined;
  private lastMessageId = 0;
  private weRelease = false;

  /** @throws Error for a port or key material that cannot be */
  private constructor(
    private readonly target: ScuTarget,
    contexts: readonly ProposedContext[],
    private readonly limits: ScuLimits,
    { commitments, extended, storage, roles }: Omit<OpenOptions, 'signal'>,
    /** Undefined: there is an association, or there will be none. */
    private opening: ((outcome: OpenOutcome) => void) | undefined,
  ) {
    this.reports = new EventReports(commitments, (contextId, response) => this.respond(contextId, response));
    this.ended = new Promise((resolve) => (this.tellEnd = resolve));
    const { callingAET, calledAET, userIdentity } = target;
    const proposal = {
      callingAET,
      calledAET,
      contexts,
      ...(userIdentity && { userIdentity }),
      ...(extended && { extended }),
      ...(roles && { roles }),
      maxPduLength: limits.maxPduLength,
      implementationClassUID: IMPLEMENTATION_CLASS_UID,
      implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    };
    const user: RequestorUser = {
      accepted: (accept) => this.accepted(accept),
      rejected: (rejection) => this.opened({ outcome: 'rejected', ...rejection }),
      data: (fragment) => this.data(fragment),
      releaseRequested: () => this.releaseRequested(),
      released: () =>
        this.finish({
          how: 'released',
          by: this.weRelease ? 'us' : 'peer',
          text: 'the association was released',
        }),
      aborted: (abort) => this.aborted(abort),
      ended: () => this.peerRequests?.drop(),
    };
    const { socket, connected } = connectTo(target, limits.connectTimeoutSeconds, READ_MEMORY);
    this.peerRequests = storage && this.newPeerRequests(storage, socket);
    const protocolLimits = { ...limits, idleTimeoutSeconds: 0 };
    this.layer = new Requestor(socket, connected, proposal, user, protocolLimits, ACCEPT_MEMORY);
    this.sender = new MessageSender(this.layer, limits, () => this.peer.maxPduLength);
  }

  /**
   * Connects, and asks for an association (PS3.8 7.1). Never rejects.
   * @param contexts 128 at most, with odd ids from 1 to 255
   */
  static open(
    target: ScuTarget,
    contexts: readonly ProposedContext[],
    limits: ScuLimits,
    { signal, ...options }: OpenOptions = {},
  ): Promise<OpenOutcome> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve(STOPPED);
        return;
      }
      try {
        const stop = (): void => association.stopOpening();
        const association = new ScuAssociation(target, contexts, limits, options, (outcome) => {
          signal?.removeEventListener('abort', stop);
          resolve(outcome);
        });
        signal?.addEventListener('abort', stop);
      } catch (error) {
        resolve({ outcome: 'failed', ...connectionFailure(error) });
      }
    });
  }

  get isOpen(): boolean {
    return this.layer.isOpen;
  }

  /** An operation was invoked, and its outcome is not known yet. */
  get isBusy(): boolean {
    return this.operation !== undefined;
  }

  /**
   * C-STORE (PS3.7 9.1.1). Resolves when the outcome is known and the data set is not read any more. After an outcome other
   * than *answered* the association is at its end, unless nothing was sent.
   *
   * A refusal that comes before the object is sent is the answer; the association is aborted then: a message that is ended
   * early, as PS3.7 9.3.1.3 allows, could be taken for a whole object.
   * @throws Error while another operation is outstanding
   */
  async store(request: StoreOperation): Promise<OperationOutcome> {
    const { sopClassUID, sopInstanceUID, contextId, dataSet, moveOriginator } = request;
    const { priority = Priority.medium } = request;
    const messageId = this.nextMessageId();
    const operation = this.begin({
      commandField: CommandField.storeRQ,
      messageId,
      sopClassUID,
      sopInstanceUID,
    });
    const command = encodeStoreRequest({
      messageId,
      sopClassUID,
      sopInstanceUID,
      priority,
      ...(moveOriginator && { moveOriginator }),
    });
    return this.send(operation, contextId, command, dataSet, () => request.sent?.());
  }

  /**
   * C-ECHO (PS3.7 9.1.5).
   * @param contextId one that was accepted for Verification
   * @throws Error while another operation is outstanding
   */
  async echo(contextId: number): Promise<OperationOutcome> {
    const messageId = this.nextMessageId();
    const sopClassUID = VERIFICATION_SOP_CLASS;
    const operation = this.begin({ commandField: CommandField.echoRQ, messageId, sopClassUID });
    return this.send(operation, contextId, encodeEchoRequest(messageId));
  }

  /**
   * N-ACTION: asks the peer to commit to the storage of objects (PS3.4 J.3.2). What it answers to that goes to
   * `commitments`, before or after the outcome, or comes over another association.
   * @throws Error while another operation is outstanding
   */
  async requestCommitment(request: CommitmentOperation): Promise<OperationOutcome> {
    const messageId = this.nextMessageId();
    const about = { messageId, sopClassUID: COMMITMENT_SOP_CLASS, sopInstanceUID: COMMITMENT_INSTANCE };
    const operation = this.begin({ commandField: CommandField.actionRQ, ...about });
    const command = encodeActionRequest({ ...about, actionTypeId: REQUEST_COMMITMENT });
    const dataSet = encodeCommitmentRequest(request.transactionUID, request.instances);
    return this.send(operation, request.contextId, command, [dataSet]);
  }

  /**
   * C-FIND (PS3.7 9.1.2). Each pending response has to come within the response timeout. Resolves with the final response, when
   * the last match is taken.
   * @throws Error while another operation is outstanding
   */
  async find({ sopClassUID, contextId, identifier, match }: FindOperation): Promise<OperationOutcome> {
    const messageId = this.nextMessageId();
    const requested = { commandField: CommandField.findRQ, messageId, sopClassUID };
    const operation = new QueryOperation(requested, match);
    this.invoke(operation);
    const command = encodeFindRequest(messageId, sopClassUID);
    return this.send(operation, contextId, command, [identifier], () => this.mayCancel(operation, contextId));
  }

  /**
   * C-GET or C-MOVE (PS3.7 9.1.3, 9.1.4). Each response, and each object of a C-GET, has to come within the response timeout.
   * Resolves with the final response.
   * @throws Error while another operation is outstanding
   */
  async retrieve(request: RetrieveOperationRequest): Promise<OperationOutcome & RetrieveFacts> {
    const { sopClassUID, contextId, identifier, moveDestination } = request;
    const { messageId = this.nextMessageId() } = request;
    const commandField = moveDestination === undefined ? CommandField.getRQ : CommandField.moveRQ;
    const operation = new RetrieveOperation({ commandField, messageId, sopClassUID }, (counts) =>
      request.counted(counts),
    );
    this.invoke(operation);
    const command = encodeRetrieveRequest({
      messageId,
      sopClassUID,
      ...(moveDestination !== undefined && { moveDestination }),
    });
    const outcome = await this.send(operation, contextId, command, [identifier], () =>
      this.mayCancel(operation, contextId),
    );
    const { counts, identifier: named, behind } = operation;
    return { ...outcome, counts, ...(named && { identifier: named }), ...(behind && { behind }) };
  }

  private mayCancel(operation: LongOperation, contextId: number): void {
    if (operation.isCancelled) this.sendCancel(operation, contextId);
    operation.contextId = contextId;
  }

  /** C-CANCEL (PS3.7 9.3.2.3) of what is outstanding, once. More may still come of it, and it has a final response. */
  cancel(): void {
    const { operation } = this;
    if (!(operation instanceof LongOperation) || operation.isSettled || operation.isCancelled) return;
    operation.isCancelled = true;
    if (operation.contextId !== undefined) this.sendCancel(operation, operation.contextId);
  }

  private sendCancel({ messageId }: LongOperation, contextId: number): void {
    this.layer.sendCommand(contextId, encodeCancelRequest(messageId));
  }

  /**
   * A-RELEASE (PS3.8 7.2). Resolves as `ended` does: a peer that does not answer in time is left by an abort.
   * @throws Error while an operation is outstanding
   */
  release(): Promise<AssociationEnd> {
    if (this.isBusy) throw new Error('an association is released in the middle of an operation');
    const seconds = this.limits.associationTimeoutSeconds;
    this.weRelease = true;
    this.layer.release();
    this.layer.expect(seconds, `the peer did not answer the A-RELEASE-RQ within ${seconds} s`);
    return this.ended;
  }

  /** A-ABORT (PS3.8 7.3). An operation that is outstanding has its outcome at once. */
  abort(text: string): void {
    this.layer.abort(text);
    this.layer.end();
  }

  private stopOpening(): void {
    this.opened(STOPPED);
    this.abort(STOPPED.text);
  }

  // Operations

  private nextMessageId(): number {
    this.lastMessageId = this.lastMessageId === MAX_MESSAGE_ID ? 1 : this.lastMessageId + 1;
    return this.lastMessageId;
  }

  private begin(requested: Requested): Operation {
    const operation = new Operation(requested);
    this.invoke(operation);
    return operation;
  }

  private invoke(operation: Operation): void {
    if (this.operation !== undefined)
      throw new Error('an operation is invoked while another one is outstanding');
    this.operation = operation;
    if (this.end !== undefined) operation.lose(this.end.text);
  }

  /** @param dataSet undefined: the message has none */
  private async send(
    operation: Operation,
    contextId: number,
    command: Buffer,
    dataSet?: DataSetSource,
    sent?: () => void,
  ): Promise<OperationOutcome> {
    if (!this.contexts.has(contextId)) operation.lose(`presentation context ${contextId} is not accepted`);
    if (!operation.isSettled) await this.sender.send(operation, contextId, command, dataSet);
    if (!operation.isSettled) sent?.();
    const outcome = await operation.outcome;
    this.operation = undefined;
    return outcome;
  }

  // What the upper layer tells

  private accepted(accept: AssociateAccept): void {
    const { maxPduLength, implementationClassUID, implementationVersionName } = accept;
    this.contexts = acceptedContexts(accept.contexts);
    const extended = new Map(accept.extended?.map(({ sopClass, information }) => [sopClass, information]));
    this.peer = { maxPduLength, implementationClassUID, implementationVersionName, extended };
    this.opened({ outcome: 'opened', association: this });
  }

  private opened(outcome: OpenOutcome): void {
    this.opening?.(outcome);
    this.opening = undefined;
  }

  private data(fragment: PdvFragment): void {
    const context = this.contexts.get(fragment.contextId);
    if (context === undefined) {
      throw violation(`presentation context ${fragment.contextId} was not accepted`);
    }
    const part = this.messages.take(fragment);
    if (part === undefined) return;
    if (this.peerRequests?.takes(part) === true) this.peerRequests.take(part, context);
    else if (this.reports.takes(part)) this.reports.take(part, fragment.contextId, context);
    else if (part.kind === 'command') this.answered(part.command);
    else this.identifier(part);
  }

  private newPeerRequests(storage: StorageOptions, socket: Socket): PeerRequests {
    return new PeerRequests(
      {
        ...{ target: this.target, socket },
        layer: () => this.layer,
        retrieves: () => this.operation instanceof RetrieveOperation && !this.operation.isSettled,
        expectResponse: () => this.expectResponse(),
        isAwaiting: () => this.operation?.isSettled === false,
      },
      storage,
    );
  }

  /** A piece of a match. The next response is awaited when it is taken. */
  private identifier({ bytes, isLast }: MessagePart & { kind: 'data' }): void {
    const { operation } = this;
    // Of an operation that we have given up.
    if (!(operation instanceof LongOperation) || operation.isSettled) return;
    const taken = operation.takeData(bytes, isLast);
    const goOn = (): void => {
      if (!operation.isSettled) this.expectResponse();
      else this.layer.expectNothing();
    };
    if (taken !== undefined) this.layer.hold(taken, goOn);
    else if (isLast) goOn();
  }

  private expectResponse(): void {
    this.peerRequests?.awaited();
    const { responseTimeoutSeconds: seconds } = this.limits;
    this.layer.expect(seconds, `the peer did not respond within ${seconds} s`);
  }

  private answered(command: CommandSet): void {
    const { operation } = this;
    if (operation === undefined || operation.isSettled) throw violation('a message, though nothing is asked');
    const problem = operation.take(command);
    if (problem !== undefined) throw violation(problem);
    if (!operation.isSettled) {
      this.expectResponse();
      return;
    }
    this.layer.expectNothing();
    if (operation.progress === 'sending') this.abort('the peer refused the object before it had all of it');
  }

  /** Fragments of two messages are not interleaved (PS3.8 E.2). */
  private respond(contextId: number, response: Buffer): void {
    const { operation } = this;
    const send = (): void => this.layer.sendCommand(contextId, response);
    if (operation?.progress === 'sending') void operation.outcome.then(send);
    else send();
  }

  private releaseRequested(): void {
    if (this.operation?.isSettled === false) throw violation('A-RELEASE-RQ in the middle of an operation');
  }

  private aborted(abort: Abort): void {
    this.opened({ outcome: 'failed', ...openFailure(abort) });
    this.finish({ how: 'aborted', by: abort.by === 'peer' ? 'peer' : 'us', text: abort.text });
  }

  private finish(end: AssociationEnd): void {
    this.end ??= end;
    this.operation?.lose(end.text);
    this.tellEnd(this.end);
  }
}

const STOPPED = { outcome: 'failed', code: 'STOPPED', text: 'it was stopped' } as const;

function violation(what: string): ProtocolError {
  return new ProtocolError(AbortReason.unexpectedPdu, what);
}
