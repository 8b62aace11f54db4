import type { LogRecord } from './records';

/** A record of a log, and where it begins. */
export interface Placed {
  at: number;
  record: LogRecord;
}

/** Records that are being written. */
export interface Appended {
  /** Where the first of them begins. */
  at: number;
  /** Resolves when they are on the disk. Rejects when they are not: then nothing of them is in the log. */
  safe: Promise<void>;
}

/** Where the groups of a node are kept: a log for each. */
export interface StudyStore {
  /** Makes ready. Resolves with the ids of all groups. @throws the system's error */
  open(): Promise<string[]>;
  /** Behind all that was appended before. A group that is not there begins with it. */
  append(group: string, records: readonly LogRecord[]): Appended;
  /**
   * The records that begin from `from` on and before `to`, some at a time. What is no record is passed over, and told of.
   * @throws the system's error
   */
  read(group: string, from: number, to?: number): AsyncGenerator<Placed[]>;
  /** The same, in the place of all that the log has. Where that cannot be done, the log is as it was before. */
  replace(group: string, records: readonly LogRecord[]): Appended;
  remove(group: string): Promise<void>;
  /** Removes a log of which nothing can be used, but for what people may find in it. */
  setAside(group: string): Promise<void>;
  /** Resolves when all that was appended is safe, or has failed. */
  close(): Promise<void>;
}
