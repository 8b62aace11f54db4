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

/** An entry with what names it, and the name of its SOP class. */
export interface ListedEntry extends JournalEntry {
  key: string;
  sopClassName?: string;
  /** Its object is there still, and can be delivered or sent again. */
  again?: true;
}

export interface JournalPage {
  /** The latest first. */
  entries: ListedEntry[];
  /** The `before` of the next page, where there may be one. */
  next?: string;
}
