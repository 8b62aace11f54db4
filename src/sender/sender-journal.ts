import type { JournalEntry } from '../admin-api';
import { Journal, type JournalConfig } from '../journal';
import { hexStatus } from '../network';
import { patientIn, type OutgoingObject, type Patient } from '../object';
import type { JobFacts, SendJob, SendOutcome } from './send-job';

/** What the object itself says. */
type ObjectFacts = Pick<JournalEntry, 'sopClassUID' | 'sopInstanceUID' | 'transferSyntaxUID' | 'bytes'> &
  Patient;

/** The journal of a node that sends: what became of each object. */
export class SenderJournal extends Journal {
  constructor(
    private readonly config: JournalConfig,
    failed: (error: Error) => void,
  ) {
    super({ directory: config.directory, failed });
  }

  /**
   * The job, of whose outcome the journal is told.
   * @param peer as people call it, then
   */
  recorded(job: SendJob, peer: () => string): SendJob {
    let object: ObjectFacts = {};
    return {
      ...job,
      open: async () => {
        const opened = await job.open();
        object = this.factsOf(opened);
        return opened;
      },
      settled: (outcome) => {
        this.add(job.facts, object, peer(), outcome);
        job.settled(outcome);
      },
    };
  }

  private factsOf(object: OutgoingObject): ObjectFacts {
    const { sopClassUID, sopInstanceUID, transferSyntaxUID, size: bytes } = object;
    const patient = this.config.patient ? patientIn(object.beginning(), transferSyntaxUID) : {};
    return { sopClassUID, sopInstanceUID, transferSyntaxUID, bytes, ...patient };
  }

  private add(known: JobFacts, object: ObjectFacts, peer: string, outcome: SendOutcome): void {
    const { kind, warning, status, text, errorComment, attempts, milliseconds, transferSyntaxUID } = outcome;
    const result = warning === true ? 'warning' : kind;
    this.append({
      at: new Date().toISOString(),
      direction: 'out',
      outcome: result,
      ...known,
      ...object,
      peer,
      ...(status !== undefined && { status: hexStatus(status) }),
      text: errorComment === undefined ? text : `${text}: ${errorComment}`,
      attempts,
      milliseconds,
      ...(transferSyntaxUID !== undefined && { transferSyntaxUID }),
    });
  }
}
