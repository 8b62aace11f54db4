import { address, request } from '../requests';

/** What an entry is about; each type of node has some of these. */
export type JournalOutcome = 'received' | 'refused' | 'dead-letter' | 'sent' | 'warning' | 'failed';

/** An entry as the admin API lists it. What is not known is absent. */
export interface JournalEntry {
  key: string;
  /** ISO 8601 */
  at: string;
  outcome: JournalOutcome;
  sopClassUID?: string;
  sopClassName?: string;
  sopInstanceUID?: string;
  callingAET?: string;
  calledAET?: string;
  remoteAddress?: string;
  peer?: string;
  status?: string;
  text?: string;
  attempts?: number;
  bytes?: number;
  milliseconds?: number;
  patientID?: string;
  patientName?: string;
  /** Its object can be delivered or sent again. */
  again?: true;
}

export interface JournalPage {
  entries: JournalEntry[];
  /** The next page is asked for with it; absent on the last one. */
  next?: string;
}

/** Which entries are wanted; empty: all. */
export interface JournalFilter {
  text: string;
  outcome: JournalOutcome | '';
}

/** Whose journal it is. */
export interface JournalOwner {
  type: string;
  id: string;
}

/** Entries shown at a time. */
const ROWS = 50;

/** @param before the `next` of the page before; undefined: the latest ones. @throws RequestFailed */
export async function listJournal(
  { type, id }: JournalOwner,
  { text, outcome }: JournalFilter,
  before: string | undefined,
): Promise<JournalPage> {
  const query = $.param({
    limit: ROWS,
    ...(text !== '' && { text }),
    ...(outcome !== '' && { outcome }),
    ...(before !== undefined && { before }),
  });
  return (await request('GET', `${address(type, id, 'journal')}?${query}`)) as JournalPage;
}

/** Has the object of an entry delivered or sent again. @throws RequestFailed; 404: it does not exist any more */
export async function repeatEntry({ type, id }: JournalOwner, key: string): Promise<void> {
  await request('POST', address(type, id, 'journal', key, 'again'));
}
