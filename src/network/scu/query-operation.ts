import { type CommandSet, isPending } from '../dimse';
import { AbortReason, ProtocolError } from '../upper-layer';
import { Operation, type Requested } from './operation';

/** Far above any match: an answer to a query has no pixels. */
export const MAX_IDENTIFIER_BYTES = 1_048_576;
const FIRST_BYTES = 4_096;

/**
 * Takes the identifier of a match. It is valid during the call only. A promise holds up the peer until it is settled; it does not
 * reject.
 */
export type MatchTaker = (identifier: Buffer) => Promise<void> | undefined;

/** An operation to which any number of pending responses belong, each with an identifier (PS3.7 9.1.2). */
export class QueryOperation extends Operation {
  /** The peer is to be told, or has been, that no more is wanted. */
  isCancelled = false;
  /** On which it was sent; undefined: it is not sent yet. */
  contextId: number | undefined;
  /** Of one answer after the other: what is collected grows to the longest of them. */
  private bytes = Buffer.alloc(FIRST_BYTES);
  private length = 0;

  constructor(
    requested: Requested,
    private readonly match: MatchTaker,
  ) {
    super(requested);
  }

  get messageId(): number {
    return this.requested.messageId;
  }

  /** Of a pending one the identifier follows. */
  override take(command: CommandSet): string | undefined {
    if (command.status === undefined || !isPending(command.status)) return super.take(command);
    if (this.progress !== 'sent') return 'a match before the query was sent';
    this.length = 0;
    return this.mismatch(command, true);
  }

  /**
   * Takes a piece of the identifier.
   * @throws ProtocolError when it is too long
   */
  takeData(piece: Buffer, isLast: boolean): Promise<void> | undefined {
    const end = this.length + piece.length;
    if (end > MAX_IDENTIFIER_BYTES)
      throw new ProtocolError(AbortReason.notSpecified, `a match of more than ${MAX_IDENTIFIER_BYTES} bytes`);
    if (end > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    piece.copy(this.bytes, this.length);
    this.length = end;
    return isLast ? this.match(this.bytes.subarray(0, end)) : undefined;
  }
}
