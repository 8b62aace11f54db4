import type { DeadLetter, DeadLetterPage } from '../../../src/admin-api';
import { address, request, RequestFailed } from '../requests';

export type DeadLetterAction = 'requeue' | 'discard';

/** Whose dead letters they are. */
export interface LetterOwner {
  /** Of the node. */
  type: string;
  id: string;
}

/** What the route gives at most. */
const LARGEST_PAGE = 1_000;

/** The first dead letters of a node. @throws RequestFailed */
export async function listDeadLetters(owner: LetterOwner): Promise<DeadLetterPage> {
  return (await request('GET', lettersOf(owner))) as DeadLetterPage;
}

/** Those of all pages behind a first one, whose `next` is given. @throws RequestFailed */
export async function listFurtherDeadLetters(
  owner: LetterOwner,
  next: string | undefined,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (let after = next; after !== undefined;) {
    const query = $.param({ after, limit: LARGEST_PAGE });
    const page = (await request('GET', `${lettersOf(owner)}?${query}`)) as DeadLetterPage;
    letters.push(...page.deadLetters);
    after = page.next;
  }
  return letters;
}

/** A letter that is gone has already been dealt with by somebody else. @throws RequestFailed */
export async function applyToDeadLetter(
  owner: LetterOwner,
  letterId: string,
  action: DeadLetterAction,
): Promise<void> {
  try {
    if (action === 'requeue') await request('POST', lettersOf(owner, letterId, 'requeue'));
    else await request('DELETE', lettersOf(owner, letterId));
  } catch (error) {
    if (!(error instanceof RequestFailed && error.status === 404)) throw error;
  }
}

const lettersOf = ({ type, id }: LetterOwner, ...path: string[]): string =>
  address(type, id, 'dead-letters', ...path);
