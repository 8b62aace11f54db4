import { Deadline } from '../basics';
import {
  Status,
  type AssociationFacts,
  type CommandStatus,
  type CommitmentListener,
  type CommitmentReport,
} from '../network';

/** Who waits for commitments is in another thread, and is asked for an answer within this time. */
const ANSWER_MS = 20_000;
const NOT_TAKEN: CommandStatus = {
  status: Status.processingFailure,
  comment: 'the report could not be taken in now',
};

interface Asked {
  resolve(status: CommandStatus): void;
  deadline: Deadline;
}

/** What peers report of their storage, until somebody has taken it in: only then is a peer told that we have it. */
export class CommitmentReports implements CommitmentListener {
  private readonly asked = new Map<number, Asked>();
  private reporters: ReadonlySet<string> = new Set();
  private count = 0;
  private isClosed = false;

  /** @param tell asks for an answer, by the number of the report */
  constructor(
    private readonly tell: (number: number, callingAET: string, report: CommitmentReport) => void,
  ) {}

  /** From now on these calling AE titles may report. */
  setReporters(callingAETs: readonly string[]): void {
    this.reporters = new Set(callingAETs.map((title) => title.toUpperCase()));
  }

  isReporter(callingAET: string): boolean {
    return this.reporters.has(callingAET.toUpperCase());
  }

  /** One that nobody has taken in, in time or at all, is refused: the peer has to say it again. */
  reported(report: CommitmentReport, { callingAET }: AssociationFacts): Promise<CommandStatus> {
    if (this.isClosed) return Promise.resolve(NOT_TAKEN);
    this.count += 1;
    const number = this.count;
    return new Promise((resolve) => {
      const deadline = new Deadline();
      this.asked.set(number, { resolve, deadline });
      deadline.start(ANSWER_MS, () => this.answer(number, NOT_TAKEN));
      this.tell(number, callingAET, report);
    });
  }

  /** One that is not waited for is ignored. */
  answer(number: number, status: CommandStatus): void {
    const asked = this.asked.get(number);
    this.asked.delete(number);
    asked?.deadline.stop();
    asked?.resolve(status);
  }

  close(): void {
    this.isClosed = true;
    for (const number of [...this.asked.keys()]) this.answer(number, NOT_TAKEN);
  }
}
