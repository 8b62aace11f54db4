/** What a line of the journal is about. */
export const JOURNAL_OUTCOMES = ['received', 'refused', 'dead-letter', 'sent', 'warning', 'failed'] as const;
export type JournalOutcome = (typeof JOURNAL_OUTCOMES)[number];

/** What became of an object, for people who look for it later. What is not known is absent. */
export interface JournalEntry {
  /** ISO 8601 */
  at: string;
  direction: 'in' | 'out';
  outcome: JournalOutcome;
  sopClassUID?: string;
  sopInstanceUID?: string;
  callingAET?: string;
  calledAET?: string;
  remoteAddress?: string;
  /** The peer to which it was to be sent, as people call it. */
  peer?: string;
  /** Four hexadecimal digits. */
  status?: string;
  /** The status, or why it failed, in words. */
  text?: string;
  /** Tries to send it that may have reached the peer; of a dead letter, how often the flow may have got it. */
  attempts?: number;
  /** Of the data set. */
  bytes?: number;
  /** From the moment it was given to be sent. */
  milliseconds?: number;
  transferSyntaxUID?: string;
  /** Only where the user wants it. */
  patientID?: string;
  patientName?: string;
  /** In the node's own queue or outbox. */
  objectId?: string;
  /** In the queue of a dicom-in node. */
  queueId?: string;
}

/** What peers say may be long: where a line is longer than this, so much of each text is kept. */
const LONG_LINE = 1_500;
const MAX_TEXT = 256;

/** An entry as a line, with its end. */
export function journalLine(entry: JournalEntry): string {
  const line = JSON.stringify(entry);
  return `${line.length > LONG_LINE ? JSON.stringify(entry, shortened) : line}\n`;
}

function shortened(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : value;
}

/** Undefined: it is none, as what was being written when the process ended. */
export function parseLine(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null;
    return typeof entry?.at === 'string' && entry.outcome !== undefined ? (entry as JournalEntry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
