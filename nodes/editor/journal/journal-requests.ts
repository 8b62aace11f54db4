import type { JournalOutcome, JournalPage } from '../../../src/admin-api';
import { address, request } from '../requests';

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
