import { request, RequestFailed } from '../../editor';
import { ourAddress } from './form';

/** An object that could not be delivered, as the admin API lists it. What is not known of it is absent. */
export interface DeadLetter {
  id: string;
  /** When it was set aside, ISO 8601; empty where it is not known. */
  at: string;
  why: string;
  deliveries: number;
  crashes?: number;
  patientID?: string;
  studyInstanceUID?: string;
  modality?: string;
  sopClassUID?: string;
  sopClassName?: string;
  sopInstanceUID?: string;
  callingAET?: string;
  /** Bytes. */
  size?: number;
  /** ISO 8601 */
  receivedAt?: string;
}

export interface DeadLetterPage {
  deadLetters: DeadLetter[];
  /** Of all pages. */
  total?: number;
  /** The next page is asked for with it; absent on the last one. */
  next?: string;
}

export type DeadLetterAction = 'requeue' | 'discard';

/** What the route gives at most. */
const LARGEST_PAGE = 1_000;

/** The first dead letters of a node. @throws RequestFailed */
export async function listDeadLetters(nodeId: string): Promise<DeadLetterPage> {
  return (await request('GET', ourAddress(nodeId, 'dead-letters'))) as DeadLetterPage;
}

/** Those of all pages behind a first one, whose `next` is given. @throws RequestFailed */
export async function listFurtherDeadLetters(
  nodeId: string,
  next: string | undefined,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (let after = next; after !== undefined;) {
    const query = $.param({ after, limit: LARGEST_PAGE });
    const page = (await request('GET', `${ourAddress(nodeId, 'dead-letters')}?${query}`)) as DeadLetterPage;
    letters.push(...page.deadLetters);
    after = page.next;
  }
  return letters;
}

/** A letter that is gone has already been dealt with by somebody else. @throws RequestFailed */
export async function applyToDeadLetter(
  nodeId: string,
  letterId: string,
  action: DeadLetterAction,
): Promise<void> {
  try {
    if (action === 'requeue') await request('POST', ourAddress(nodeId, 'dead-letters', letterId, 'requeue'));
    else await request('DELETE', ourAddress(nodeId, 'dead-letters', letterId));
  } catch (error) {
    if (!(error instanceof RequestFailed && error.status === 404)) throw error;
  }
}
