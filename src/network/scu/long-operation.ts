import { AbortReason, ProtocolError } from '../upper-layer';
import { Operation } from './operation';

/** Far above any match, and any list of UIDs that goes with an answer: none has pixels. */
const MAX_IDENTIFIER_BYTES = 1_048_576;
const FIRST_BYTES = 4_096;

/** An operation to which any number of pending responses belong, which may have identifiers, and which can be cancelled. */
export abstract class LongOperation extends Operation {
  /** The peer is to be told, or has been, that no more is wanted. */
  isCancelled = false;
  /** On which it was sent; undefined: it is not sent yet. */
  contextId: number | undefined;
  /** Of one answer after the other: what is collected grows to the longest of them. */
  private bytes = Buffer.alloc(FIRST_BYTES);
  private length = 0;

  get messageId(): number {
    return this.requested.messageId;
  }

  /** Another identifier follows. */
  protected beginIdentifier(): void {
    this.length = 0;
  }

  /**
   * Takes a piece of an identifier. A promise holds up the peer until it is settled.
   * @throws ProtocolError when it is too long
   */
  takeData(piece: Buffer, isLast: boolean): Promise<void> | undefined {
    const end = this.length + piece.length;
    if (end > MAX_IDENTIFIER_BYTES)
      throw new ProtocolError(
        AbortReason.notSpecified,
        `an identifier of more than ${MAX_IDENTIFIER_BYTES} bytes`,
      );
    if (end > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    piece.copy(this.bytes, this.length);
    this.length = end;
    return isLast ? this.identified(this.bytes.subarray(0, end)) : undefined;
  }

  /** The identifier of the last response is complete. @param identifier valid during the call only */
  protected abstract identified(identifier: Buffer): Promise<void> | undefined;
}
