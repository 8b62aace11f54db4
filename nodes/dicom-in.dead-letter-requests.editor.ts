import { address, request, RequestFailed } from './dicom-in.requests.editor';

/** An object that could not be delivered, as the admin API lists it. */
export interface DeadLetter {
  id: string;
  /** ISO 8601; empty where it is not known. */
  at: string;
  why: string;
  deliveries: number;
}

export type DeadLetterAction = 'requeue' | 'discard';

/** The dead letters of a node, which come in pages. @throws RequestFailed */
export async function listDeadLetters(nodeId: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let after: string | undefined;
  do {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
    const page = (await request('GET', address(nodeId, 'dead-letters') + query)) as {
      deadLetters: DeadLetter[];
      next?: string;
    };
    letters.push(...page.deadLetters);
    after = page.next;
  } while (after !== undefined);
  return letters;
}

/** One that is not there any more has had what was asked for, from somebody else. @throws RequestFailed */
export async function applyToDeadLetter(
  nodeId: string,
  letterId: string,
  action: DeadLetterAction,
): Promise<void> {
  try {
    if (action === 'requeue') await request('POST', address(nodeId, 'dead-letters', letterId, 'requeue'));
    else await request('DELETE', address(nodeId, 'dead-letters', letterId));
  } catch (error) {
    if (!(error instanceof RequestFailed && error.status === 404)) throw error;
  }
}
