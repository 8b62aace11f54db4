import type { Socket } from 'node:net';
import { asError } from '../../basics';
import type { AssociationUser, ProtocolLimits } from './association-user';
import { IdleTimer } from './idle-timer';
import {
  AbortReason,
  AbortSource,
  encodeAbort,
  encodeCommandPdus,
  encodeMessagePdus,
  encodeRelease,
  PduType,
  ProtocolError,
} from './pdu';
import type { PduPart, PdvFragment } from './pdu-reader';
import { PduStream, type StreamListener } from './pdu-stream';
import type { PeerConnection } from './peer-connection';
import type { RequestBudget } from './request-budget';
import {
  type Action,
  actionFor,
  EVENT_OF_PDU,
  isAssociated,
  isViolation,
  type ProtocolEvent,
  type Role,
  type State,
  STATE_WORDS,
  stateAfter,
} from './state-table';

/** What follows an A-ASSOCIATE PDU that was awaited: accepted, rejected, asked for. */
export type AssociateAction = 'AE-3' | 'AE-4' | 'AE-6';
const isAssociate = (action: Action | undefined): action is AssociateAction =>
  action === 'AE-3' || action === 'AE-4' || action === 'AE-6';

/** How long a connection that we ended may take to close before its socket is destroyed. */
const CLOSE_GRACE_MS = 200;

/**
 * The protocol machine of the DICOM upper layer (PS3.8 9.2) on one connection: it reads PDUs, does what the state table
 * says, and keeps the timers. `Acceptor` and `Requestor` are its two roles.
 */
export abstract class ProtocolMachine implements StreamListener {
  private state: State = 'Sta1';
  private readonly stream: PduStream;
  private readonly connection: PeerConnection;
  private readonly idle: IdleTimer;
  private peerMaxPduLength = 0;
  /** Promises that `serve` waits for. */
  private serving = 0;

  /** @param memory for A-ASSOCIATE PDUs that arrive, which all connections share */
  constructor(
    socket: Socket,
    private readonly role: Role,
    private readonly user: AssociationUser,
    private readonly limits: ProtocolLimits,
    memory: RequestBudget,
  ) {
    this.stream = new PduStream(socket, limits.maxPduLength, memory, this);
    this.connection = this.stream.connection;
    const { idleTimeoutSeconds: seconds } = limits;
    this.idle = new IdleTimer(this.connection, seconds, () =>
      this.abort(`the peer sent nothing for ${seconds} s (idle timeout)`),
    );
  }

  /** True from the acceptance of an association to its end. */
  get isOpen(): boolean {
    return isAssociated(this.state);
  }

  /** True while `hold` holds it. */
  get isWorking(): boolean {
    return this.connection.isWorking;
  }

  // Primitives of the user

  /** P-DATA request: a command set on a presentation context. Nothing is sent on an association that has ended. */
  sendCommand(contextId: number, command: Buffer): void {
    if (this.step('P-DATA request') === undefined) return;
    this.connection.send(encodeCommandPdus(contextId, command, this.peerMaxPduLength));
  }

  /**
   * P-DATA request: whole P-DATA-TF PDUs that keep to the peer's limit. Unlike a command, data does not stop us from reading:
   * the peer may answer or abort in the middle of it.
   * @returns undefined when the memory can be used again, or there is no association; else a promise of that, which
   * resolves in every case
   */
  sendData(pdus: Buffer): Promise<void> | undefined {
    return this.step('P-DATA request') === undefined ? undefined : this.connection.write(pdus);
  }

  /** The same of a message with a data set: its memory can be used again at once. */
  sendMessage(contextId: number, command: Buffer, dataSet: Buffer): Promise<void> | undefined {
    return this.sendData(encodeMessagePdus(contextId, command, dataSet, this.peerMaxPduLength));
  }

  /**
   * Aborts an open association after so long, if neither this nor `expectNothing` is called. It replaces the idle timer. A peer
   * that has not done what it was to do is not waited for again: it may never read the abort, as what was sent before.
   */
  expect(seconds: number, otherwise: string): void {
    if (!this.isOpen) return;
    this.expireAfter(seconds, () => {
      this.abort(otherwise);
      this.end();
    });
  }

  /** The time of `expect` begins anew. */
  goOnExpecting(): void {
    if (this.isOpen) this.connection.refreshTimer();
  }

  expectNothing(): void {
    if (this.isOpen) this.connection.stopTimer();
  }

  /** A-RELEASE request. */
  release(): void {
    if (this.step('A-RELEASE request') !== undefined) this.connection.send(encodeRelease(PduType.releaseRQ));
  }

  /** A-ABORT request (AA-1, AA-2). */
  abort(text: string): void {
    const action = this.step('A-ABORT request');
    if (action === undefined) return;
    const { user: source } = AbortSource;
    const { notSpecified: reason } = AbortReason;
    if (action === 'AA-1') {
      this.sendAbort(source, reason, text);
      return;
    }
    this.close();
    this.user.aborted({ by: 'node', source, reason, text });
  }

  /**
   * Reads nothing from the peer, and lets no time run out, until the promise is settled. One that fails aborts.
   * @param resumes called before anything more is read
   */
  hold(promise: Promise<void>, resumes = (): void => this.resume()): void {
    this.idle.stop();
    const settled = promise.catch((error: unknown) => this.failed(error));
    this.connection.work(
      settled.then(() => {
        if (this.state === 'Sta6') resumes();
      }),
    );
  }

  /**
   * Lets no time run out until the promise is settled, and reads on: the peer may have something to say meanwhile. One that fails
   * aborts.
   */
  serve(promise: Promise<void>): void {
    this.serving += 1;
    this.idle.stop();
    void promise
      .catch((error: unknown) => this.failed(error))
      .then(() => {
        this.serving -= 1;
        if (this.state === 'Sta6') this.resume();
      });
  }

  /** The peer is waited for again, unless it waits for us. */
  private resume(): void {
    if (this.serving === 0) this.idle.start();
  }

  /** Closes the connection, if the peer does not, once it may have got what was sent. */
  end(): void {
    if (this.state === 'Sta2') {
      this.close();
      return;
    }
    this.connection.end();
    this.connection.expireAfter(CLOSE_GRACE_MS, () => this.close());
  }

  /** Closes the connection at once. */
  close(): void {
    this.state = 'Sta1';
    this.user.ended();
    this.stream.stop();
    this.connection.destroy();
  }

  // For the roles

  /**
   * Reads an A-ASSOCIATE PDU that was awaited. What is returned acts on it, in the state that follows.
   * @throws ProtocolError: then it is an invalid PDU in the state in which it came
   */
  protected abstract associate(action: AssociateAction, pdu: Buffer): () => void;

  /** Goes to the state that follows this event. Returns what is to be done; undefined: the event makes no sense now. */
  protected step(event: ProtocolEvent): Action | undefined {
    const action = actionFor(event, this.state);
    if (action !== undefined) this.state = stateAfter(action, this.role);
    return action;
  }

  protected send(pdu: Buffer): void {
    this.connection.send(pdu);
  }

  /** The association is open. @param peerMaxPduLength bytes of a P-DATA-TF that the peer takes; 0: no limit */
  protected opened(peerMaxPduLength: number): void {
    this.peerMaxPduLength = peerMaxPduLength;
    this.idle.start();
  }

  /** Replaces the timer. */
  protected expireAfter(seconds: number, expired: () => void): void {
    this.connection.expireAfter(seconds * 1_000, expired);
  }

  /** @param expired told before the connection is closed */
  protected startArtim(expired = (): void => undefined): void {
    this.expireAfter(this.limits.associationTimeoutSeconds, () => {
      if (this.step('ARTIM expired') === undefined) return;
      expired();
      this.close();
    });
  }

  /** Sta13: the peer is to close the connection; ARTIM sees to it. */
  protected awaitClose(): void {
    this.user.ended();
    this.startArtim();
  }

  // What the stream tells

  take(part: PduPart): void {
    switch (part.kind) {
      case 'begin':
        // Judged before anything of its body is kept.
        if (isViolation(actionFor(EVENT_OF_PDU[part.type], this.state))) throw this.unexpected(part.type);
        break;
      case 'fragment':
        this.fragment(part);
        break;
      case 'pdu':
        this.pdu(part.type, part.bytes);
    }
  }

  /** A protocol violation, or a fault of ours, ends this association and nothing else: what follows is not read. */
  failed(error: unknown): void {
    const isTheirs = error instanceof ProtocolError;
    const reason = isTheirs ? error.reason : AbortReason.notSpecified;
    const text = isTheirs ? error.message : `internal error: ${asError(error).message}`;
    this.stream.stop();
    const action = this.step('invalid PDU');
    // Before an association exists, the abort comes from the service user, without a reason.
    if (action === 'AA-1') this.sendAbort(AbortSource.user, AbortReason.notSpecified, text);
    if (action === 'AA-7') this.connection.send(encodeAbort(AbortSource.provider, reason));
    if (action === 'AA-8') this.sendAbort(AbortSource.provider, reason, text);
  }

  lost(text: string, error?: Error): void {
    const action = this.step('transport closed');
    if (action === undefined) return;
    const { provider: source } = AbortSource;
    const { notSpecified: reason } = AbortReason;
    if (action === 'AA-4') this.user.aborted({ by: 'peer', source, reason, text, ...(error && { error }) });
    this.close();
  }

  private fragment(fragment: PdvFragment & { endsPdu: boolean }): void {
    const action = actionFor('P-DATA-TF', this.state);
    if (action !== 'DT-2' && action !== 'AR-6') return;
    this.idle.progress(fragment.bytes.length);
    this.user.data(fragment);
    if (fragment.endsPdu) this.idle.pduEnds();
  }

  private pdu(type: PduType, bytes: Buffer): void {
    const event = EVENT_OF_PDU[type];
    const awaited = actionFor(event, this.state);
    const associate = isAssociate(awaited) ? this.associate(awaited, bytes) : undefined;
    const action = this.step(event);
    switch (action) {
      case 'AE-3':
      case 'AE-4':
      case 'AE-6':
        associate?.();
        break;
      case 'AR-2':
      case 'AR-8':
        this.user.releaseRequested();
        this.respondRelease();
        break;
      case 'AR-10':
        this.respondRelease();
        break;
      case 'AR-3':
        this.user.released();
        this.close();
        break;
      case 'AA-3':
        this.peerAborted(bytes.readUInt8(8), bytes.readUInt8(9));
        break;
      case 'AA-2':
        this.close();
        break;
      case undefined:
      case 'AA-6':
        break;
      default:
        throw this.unexpected(type);
    }
  }

  /** A-RELEASE response. In Sta10 it waits for the peer's (AR-10). */
  private respondRelease(): void {
    const action = this.step('A-RELEASE response');
    if (action === undefined) return;
    this.connection.send(encodeRelease(PduType.releaseRP));
    if (action === 'AR-9') return;
    this.awaitClose();
    this.user.released();
  }

  private peerAborted(source: number, reason: number): void {
    this.user.aborted({ by: 'peer', source, reason, text: 'the peer aborted the association (A-ABORT)' });
    this.close();
  }

  private unexpected(type: PduType): ProtocolError {
    const text = `PDU type ${type} is not expected while ${STATE_WORDS[this.state]}`;
    return new ProtocolError(AbortReason.unexpectedPdu, text);
  }

  private sendAbort(source: AbortSource, reason: AbortReason, text: string): void {
    this.connection.send(encodeAbort(source, reason));
    this.awaitClose();
    this.user.aborted({ by: 'node', source, reason, text });
  }
}
