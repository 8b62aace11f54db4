import { type CommandSet, isPending, Status, type SubOperations } from '../dimse';
import { LongOperation } from './long-operation';
import type { Requested } from './operation';

/** A C-GET or C-MOVE: pending responses say how far it has come, and the last one may name what failed (PS3.7 9.1.3, 9.1.4). */
export class RetrieveOperation extends LongOperation {
  /** As the peer counted last. */
  counts: SubOperations = {};
  /** Of the final response: Failed SOP Instance UID List (PS3.4 C.4.2.1.4.2). */
  identifier: Buffer | undefined;
  /** The same, where the peer has put it behind the command set. */
  behind: Buffer | undefined;
  /** The final response, of which the identifier is still to come. */
  private final: CommandSet | undefined;

  /** @param counted told of each pending response */
  constructor(
    requested: Requested,
    private readonly counted: (counts: SubOperations) => void,
  ) {
    super(requested);
  }

  override take(command: CommandSet): string | undefined {
    const { status, hasDataSet, subOperations } = command;
    const problem = this.mismatch(command, hasDataSet);
    if (problem !== undefined) return problem;
    if (this.final !== undefined) return 'a response after the final one';
    if (isPending(status ?? 0)) this.counts = { ...this.counts, ...subOperations };
    else this.counts = finalCounts(this.counts, subOperations, status === Status.success);
    this.behind = command.behind;
    if (hasDataSet) this.beginIdentifier();
    if (isPending(status ?? 0)) this.counted(this.counts);
    else if (hasDataSet) this.final = command;
    else return super.take(command);
    return undefined;
  }

  protected override identified(identifier: Buffer): undefined {
    if (this.final === undefined) return;
    this.identifier = Buffer.from(identifier);
    super.take({ ...this.final, hasDataSet: false });
  }
}

/** Final responses need not count: what is not said is as it was before, and all that remained has been done by a success. */
function finalCounts(before: SubOperations, counts: SubOperations = {}, isSuccess: boolean): SubOperations {
  const { completed = 0, remaining = 0 } = before;
  const done = isSuccess ? { completed: completed + remaining } : {};
  return { ...before, ...(isSuccess && { remaining: 0 }), ...done, ...counts };
}
