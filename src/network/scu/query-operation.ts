import { type CommandSet, isPending } from '../dimse';
import { LongOperation } from './long-operation';
import type { Requested } from './operation';

/**
 * Takes the identifier of a match. It is valid during the call only. A promise holds up the peer until it is settled; it does not
 * reject.
 */
export type MatchTaker = (identifier: Buffer) => Promise<void> | undefined;

/** A C-FIND: each pending response has an identifier (PS3.7 9.1.2). */
export class QueryOperation extends LongOperation {
  constructor(
    requested: Requested,
    private readonly match: MatchTaker,
  ) {
    super(requested);
  }

  /** Of a pending one the identifier follows. */
  override take(command: CommandSet): string | undefined {
    if (command.status === undefined || !isPending(command.status)) return super.take(command);
    if (this.progress !== 'sent') return 'a match before the query was sent';
    this.beginIdentifier();
    return this.mismatch(command, true);
  }

  protected override identified(identifier: Buffer): Promise<void> | undefined {
    return this.match(identifier);
  }
}
