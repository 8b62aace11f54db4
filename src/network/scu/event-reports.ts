import {
  CommandField,
  type CommandSet,
  type CommitmentReport,
  encodeResponse,
  MAX_REPORT_BYTES,
  type MessagePart,
  readCommitmentReport,
  refuseReport,
  Status,
} from '../dimse';
import { AbortReason, type AcceptedContext, ProtocolError } from '../upper-layer';

/** Who wants to hear what a peer says of its storage. */
export interface CommitmentUser {
  /** The peer is told that we have the report when this has resolved, and that we failed when it rejects. */
  reported(report: CommitmentReport): Promise<void>;
  /** A report was not understood, or `reported` has rejected. */
  failed(error: unknown): void;
}

/** N-EVENT-REPORTs of the peer on an association of ours: those about storage commitment (PS3.4 J.3.3), one at a time. */
export class EventReports {
  private arriving: { command: CommandSet; pieces: Buffer[]; bytes: number } | undefined;
  private isAnswering = false;

  /** @param user undefined: no reports are wanted */
  constructor(
    private readonly user: CommitmentUser | undefined,
    private readonly respond: (contextId: number, command: Buffer) => void,
  ) {}

  /** True for a part of a report. */
  takes(part: MessagePart): boolean {
    if (this.user === undefined) return false;
    return part.kind === 'data' || part.command.commandField === CommandField.eventReportRQ;
  }

  /** @throws ProtocolError for one that may not come now, or is too long */
  take(part: MessagePart, contextId: number, { transferSyntax }: AcceptedContext): void {
    if (this.isAnswering) throw violation('an N-EVENT-REPORT-RQ before the response to the one before');
    if (part.kind === 'command') this.arriving = { command: part.command, pieces: [], bytes: 0 };
    const { arriving } = this;
    if (arriving === undefined) throw violation('a data set without a command');
    if (part.kind === 'data') collect(arriving, part.bytes);
    if (part.kind === 'data' ? !part.isLast : part.command.hasDataSet) return;
    this.arriving = undefined;
    this.isAnswering = true;
    const dataSet = Buffer.concat(arriving.pieces);
    void this.handle(arriving.command, dataSet, transferSyntax).then((status) => {
      this.isAnswering = false;
      this.respond(contextId, encodeResponse(arriving.command, { status }));
    });
  }

  private async handle(command: CommandSet, dataSet: Buffer, transferSyntax: string): Promise<number> {
    const refused = refuseReport(command);
    if (refused !== undefined) return refused;
    try {
      await this.user?.reported(readCommitmentReport(dataSet, transferSyntax));
      return Status.success;
    } catch (error) {
      this.user?.failed(error);
      return Status.processingFailure;
    }
  }
}

function collect(arriving: { pieces: Buffer[]; bytes: number }, bytes: Buffer): void {
  arriving.bytes += bytes.length;
  if (arriving.bytes > MAX_REPORT_BYTES) throw violation('an N-EVENT-REPORT-RQ that is too long');
  // What is read is valid during the call only.
  if (bytes.length > 0) arriving.pieces.push(Buffer.from(bytes));
}

function violation(what: string): ProtocolError {
  return new ProtocolError(AbortReason.unexpectedPdu, what);
}
