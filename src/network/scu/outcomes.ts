/** How an association ended. */
export interface AssociationEnd {
  how: 'released' | 'aborted';
  /** A connection that broke counts as the peer's doing. */
  by: 'us' | 'peer';
  text: string;
}

/** What is known of an operation (PS3.7 7.5) at its end. */
export type OperationOutcome =
  | {
      outcome: 'answered';
      status: number;
      /** 64 characters at most, printable. */
      errorComment?: string;
      /** Eight hexadecimal digits each, 16 at most. */
      offendingElements: string[];
    }
  /** The system had the last fragment, and there was no answer that can be believed: the association is at its end. */
  | { outcome: 'unknown'; text: string }
  /**
   * The peer cannot have all of it. Where nothing of it was sent the association goes on.
   * `error`: what the data set's iterable threw.
   */
  | { outcome: 'notSent'; text: string; error?: unknown };
