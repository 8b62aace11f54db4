import { asError } from '../../basics';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom';
import { CommandField, encodeEchoRequest, encodeStoreRequest, MessageReader, Priority } from '../dimse';
import {
  type Abort,
  AbortReason,
  AbortSource,
  acceptedContexts,
  type AcceptedContext,
  type AssociateAccept,
  MessageFrames,
  type PdvFragment,
  type ProposedContext,
  ProtocolError,
  ReadBuffer,
  RequestBudget,
  Requestor,
  type RequestorUser,
  type UserIdentity,
  VERIFICATION_SOP_CLASS,
} from '../upper-layer';
import { connectionFailure, connectTo, type ScuAddress } from './connect';
import { Operation, type Requested } from './operation';
import type { AssociationEnd, OpenOutcome, OperationOutcome } from './outcomes';

/** With whom, and as whom. */
export interface ScuTarget extends ScuAddress {
  /** 16 characters at most. */
  callingAET: string;
  calledAET: string;
  userIdentity?: UserIdentity;
}

/** Seconds and bytes. */
export interface ScuLimits {
  /** Until the connection is there, TLS handshake included. */
  connectTimeoutSeconds: number;
  /** For the answer to A-ASSOCIATE-RQ, the answer to A-RELEASE-RQ, and the close of the connection. */
  associationTimeoutSeconds: number;
  /** From the moment when the system has the last byte of a request. */
  responseTimeoutSeconds: number;
  /** For the system to take what is written at a time, `WRITE_BYTES`: it does not while the peer reads nothing. */
  writeTimeoutSeconds: number;
  /** The longest P-DATA-TF that we announce and take. */
  maxPduLength: number;
}

/** An object to be stored (PS3.7 9.1.1.1). */
export interface StoreOperation {
  sopClassUID: string;
  sopInstanceUID: string;
  /** One that was accepted. */
  contextId: number;
  /**
   * The data set in the context's transfer syntax, in pieces of any length. A piece is used until the next one is asked for.
   * Where it throws, the peer does not get the last fragment.
   */
  dataSet: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Of the C-MOVE that wants it. */
  moveOriginator?: { aet: string; messageId: number };
  priority?: Priority;
}

/** What a peer says of itself (PS3.7 D.3.3). */
export interface PeerFacts {
  /** Bytes of a P-DATA-TF that it takes; 0: no limit. */
  maxPduLength: number;
  implementationClassUID: string;
  implementationVersionName: string;
}

/** What is written at a time, and so the longest PDU. PDUs of 16 KB, the usual limit, fill it. */
export const WRITE_BYTES = 16 * (16_384 + 6);
/** Answers are small. */
const READ_BYTES = 65_536;
/** What all associations without TLS are read into. */
const READ_MEMORY = new ReadBuffer(READ_BYTES);
/** For A-ASSOCIATE-ACs that are arriving. */
const ACCEPT_MEMORY = new RequestBudget();
const MAX_MESSAGE_ID = 0xffff;

/**
 * An association that we asked for. One operation at a time is invoked on it (PS3.7 7.5). Whatever the peer does is an
 * outcome; only a use against these rules throws.
 */
export class ScuAssociation {
  /** The accepted presentation contexts by their ids. */
  contexts: ReadonlyMap<number, AcceptedContext> = new Map();
  peer: PeerFacts = { maxPduLength: 0, implementationClassUID: '', implementationVersionName: '' };
  /** Resolves at the end, whoever ends it, also while nothing is asked. An association is not ended for being idle. */
  readonly ended: Promise<AssociationEnd>;
  private end: AssociationEnd | undefined;
  private tellEnd: (end: AssociationEnd) => void = () => undefined;
  private readonly layer: Requestor;
  private readonly messages = new MessageReader();
  /** Memory is taken with the first object. */
  private frames: MessageFrames | undefined;
  private operation: Operation | undefined;
  private lastMessageId = 0;
  private weRelease = false;

  /** @throws Error for a port or key material that cannot be */
  private constructor(
    target: ScuTarget,
    contexts: readonly ProposedContext[],
    private readonly limits: ScuLimits,
    /** Undefined: there is an association, or there will be none. */
    private opening: ((outcome: OpenOutcome) => void) | undefined,
  ) {
    this.ended = new Promise((resolve) => (this.tellEnd = resolve));
    const { callingAET, calledAET, userIdentity } = target;
    const proposal = {
      callingAET,
      calledAET,
      contexts,
      ...(userIdentity && { userIdentity }),
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
      ended: () => undefined,
    };
    const { socket, connected } = connectTo(target, READ_MEMORY);
    const protocolLimits = { ...limits, idleTimeoutSeconds: 0 };
    this.layer = new Requestor(socket, connected, proposal, user, protocolLimits, ACCEPT_MEMORY);
  }

  /**
   * Connects, and asks for an association (PS3.8 7.1). Never rejects.
   * @param contexts 128 at most, with odd ids from 1 to 255
   * @param signal ends the wait; the outcome is then `STOPPED`
   */
  static open(
    target: ScuTarget,
    contexts: readonly ProposedContext[],
    limits: ScuLimits,
    signal?: AbortSignal,
  ): Promise<OpenOutcome> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve(STOPPED);
      try {
        const stop = (): void => association.stopOpening();
        signal?.addEventListener('abort', stop);
        const association = new ScuAssociation(target, contexts, limits, (outcome) => {
          signal?.removeEventListener('abort', stop);
          resolve(outcome);
        });
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
    if (this.contexts.has(contextId)) {
      const command = encodeStoreRequest({
        messageId,
        sopClassUID,
        sopInstanceUID,
        priority,
        ...(moveOriginator && { moveOriginator }),
      });
      await this.send(operation, contextId, command, dataSet);
    } else {
      operation.lose(`presentation context ${contextId} is not accepted`);
    }
    return this.settled(operation);
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
    operation.progress = 'sent';
    this.layer.sendCommand(contextId, encodeEchoRequest(messageId));
    this.expectResponse();
    return this.settled(operation);
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
    this.layer.expect(seconds, `no answer to an A-RELEASE-RQ within ${seconds} s`);
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
    if (this.operation !== undefined)
      throw new Error('an operation is invoked while another one is outstanding');
    const operation = new Operation(requested);
    this.operation = operation;
    if (this.end !== undefined) operation.lose(this.end.text);
    return operation;
  }

  private async settled(operation: Operation): Promise<OperationOutcome> {
    const outcome = await operation.outcome;
    this.operation = undefined;
    return outcome;
  }

  private async send(
    operation: Operation,
    contextId: number,
    command: Buffer,
    dataSet: StoreOperation['dataSet'],
  ): Promise<void> {
    this.frames ??= new MessageFrames(Buffer.allocUnsafeSlow(WRITE_BYTES), this.peer.maxPduLength);
    try {
      this.frames.begin(contextId, command);
      for await (const bytes of dataSet) {
        if (operation.isSettled) return;
        await this.sendPart(operation, this.frames, bytes);
      }
      if (operation.isSettled) return;
    } catch (error) {
      this.sourceFailed(operation, error);
      return;
    }
    operation.progress = 'sent';
    const written = this.write(this.frames.finish());
    if (written !== undefined) await written;
    if (!operation.isSettled) this.expectResponse();
  }

  private async sendPart(operation: Operation, frames: MessageFrames, bytes: Buffer): Promise<void> {
    let at = frames.add(bytes, 0);
    while (at < bytes.length && !operation.isSettled) {
      operation.progress = 'sending';
      const written = this.write(frames.take());
      if (written !== undefined) await written;
      at = frames.add(bytes, at);
    }
  }

  /** Undefined: the system has it. Else resolves when it has, or there is no association any more. */
  private write(pdus: Buffer): Promise<void> | undefined {
    const seconds = this.limits.writeTimeoutSeconds;
    const written = this.layer.sendData(pdus);
    if (written === undefined) return undefined;
    this.layer.expect(seconds, `the peer has taken nothing for ${seconds} s`);
    return written.then(() => this.layer.expectNothing());
  }

  private expectResponse(): void {
    const seconds = this.limits.responseTimeoutSeconds;
    this.layer.expect(seconds, `no response within ${seconds} s`);
  }

  private sourceFailed(operation: Operation, error: unknown): void {
    const text = `the object cannot be read: ${asError(error).message}`;
    const wasSending = operation.progress === 'sending';
    operation.settle({ outcome: 'notSent', text, error });
    if (wasSending) this.abort(text);
  }

  // What the upper layer tells

  private accepted(accept: AssociateAccept): void {
    const { maxPduLength, implementationClassUID, implementationVersionName } = accept;
    this.contexts = acceptedContexts(accept.contexts);
    this.peer = { maxPduLength, implementationClassUID, implementationVersionName };
    this.opened({ outcome: 'opened', association: this });
  }

  private opened(outcome: OpenOutcome): void {
    this.opening?.(outcome);
    this.opening = undefined;
  }

  private data(fragment: PdvFragment): void {
    if (!this.contexts.has(fragment.contextId)) {
      throw violation(`presentation context ${fragment.contextId} was not accepted`);
    }
    const part = this.messages.take(fragment);
    if (part?.kind !== 'command') return;
    const { operation } = this;
    if (operation === undefined || operation.isSettled) throw violation('a message, though nothing is asked');
    const problem = operation.take(part.command);
    if (problem !== undefined) throw violation(problem);
    this.layer.expectNothing();
    if (operation.progress === 'sending') this.abort('the peer refused the object before it had all of it');
  }

  private releaseRequested(): void {
    if (this.isBusy) throw violation('A-RELEASE-RQ in the middle of an operation');
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

/** Why there is no association, when the peer has not said so. */
function openFailure({ by, source, reason, text, error }: Abort): { code: string; text: string } {
  if (error !== undefined) return connectionFailure(error);
  if (by === 'peer') return { code: 'CLOSED', text };
  if (source === AbortSource.user) return { code: 'TIMEOUT', text };
  return { code: reason === AbortReason.unrecognizedPdu ? 'NOT_DICOM' : 'PROTOCOL', text };
}
