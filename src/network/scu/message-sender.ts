import { asError } from '../../basics';
import { MessageFrames, type Requestor } from '../upper-layer';
import type { DataSetSource, ScuLimits } from './association-options';
import type { Operation } from './operation';

/** What is written at a time, and so the longest PDU. PDUs of 16 KB, the usual limit, fill it. */
const WRITE_BYTES = 16 * (16_384 + 6);

/** Sends the messages of one association, as fast as the peer takes them, and waits for what follows. */
export class MessageSender {
  /** Its memory is taken with the first message. */
  private frames: MessageFrames | undefined;

  constructor(
    private readonly layer: Requestor,
    private readonly limits: ScuLimits,
    private readonly peerMaxPduLength: () => number,
  ) {}

  /**
   * Resolves when the system has all of the message, or the operation is settled, and its source is not read any more.
   * @param source undefined: the message has no data set
   */
  async send(
    operation: Operation,
    contextId: number,
    command: Buffer,
    source: DataSetSource | undefined,
  ): Promise<void> {
    if (source === undefined) {
      operation.progress = 'sent';
      this.layer.sendCommand(contextId, command);
    } else {
      const frames = (this.frames ??= new MessageFrames(
        Buffer.allocUnsafeSlow(WRITE_BYTES),
        this.peerMaxPduLength(),
      ));
      const isRead = await this.sendPieces(operation, frames, contextId, command, source);
      if (!isRead || operation.isSettled) return;
      operation.progress = 'sent';
      const written = this.write(frames.finish());
      if (written !== undefined) await written;
    }
    if (!operation.isSettled) this.expectResponse();
  }

  /** Sends all but the last fragment. False: the source has failed. */
  private async sendPieces(
    operation: Operation,
    frames: MessageFrames,
    contextId: number,
    command: Buffer,
    source: DataSetSource,
  ): Promise<boolean> {
    try {
      frames.begin(contextId, command);
      for await (const bytes of source) {
        if (operation.isSettled) break;
        const sent = this.sendPiece(operation, frames, bytes);
        if (sent !== undefined) await sent;
      }
      return true;
    } catch (error) {
      this.sourceFailed(operation, error);
      return false;
    }
  }

  /** Undefined: the piece can be used again. */
  private sendPiece(operation: Operation, frames: MessageFrames, bytes: Buffer): Promise<void> | undefined {
    const at = frames.add(bytes, 0);
    return at < bytes.length ? this.sendRest(operation, frames, bytes, at) : undefined;
  }

  private async sendRest(
    operation: Operation,
    frames: MessageFrames,
    bytes: Buffer,
    from: number,
  ): Promise<void> {
    for (let at = from; at < bytes.length && !operation.isSettled; at = frames.add(bytes, at)) {
      operation.progress = 'sending';
      const written = this.write(frames.take());
      if (written !== undefined) await written;
    }
  }

  /** Undefined: the system has it. Else resolves when it has, or there is no association any more. */
  private write(pdus: Buffer): Promise<void> | undefined {
    const seconds = this.limits.writeTimeoutSeconds;
    const written = this.layer.sendData(pdus);
    if (written === undefined) return undefined;
    this.layer.expect(seconds, `the peer accepted no data for ${seconds} s`);
    return written.then(() => this.layer.expectNothing());
  }

  private expectResponse(): void {
    const seconds = this.limits.responseTimeoutSeconds;
    this.layer.expect(seconds, `the peer did not respond within ${seconds} s`);
  }

  /** Where something of the object was sent, only an abort says that it does not go on. */
  private sourceFailed(operation: Operation, error: unknown): void {
    const text = `the object cannot be read: ${asError(error).message}`;
    const wasSending = operation.progress === 'sending';
    operation.settle({ outcome: 'notSent', text, error });
    if (!wasSending) return;
    this.layer.abort(text);
    this.layer.end();
  }
}
