import type { Request, Response } from 'express';
import { JOURNAL_OUTCOMES, type JournalOutcome, type JournalPage } from '../../../src/admin-api';
import { type JournalQuery, MAX_ENTRIES } from '../../../src/journal';
import { parameter, RequestRefused, type AdminRoutes } from './admin-routes';

/** The journal of a node. */
export interface JournalBox {
  /** With `again` where `repeat` has something to do. */
  page(query: JournalQuery): Promise<JournalPage>;
  /** Delivers or sends the object of the entry with this key again. False: there is no such entry, or object, any more. */
  repeat(key: string): Promise<boolean>;
}

/**
 * Journals: a page of entries, and what is to be delivered or sent again.
 * @param boxOf undefined: the node does not run
 */
export function addJournalRoutes<Deployed extends object>(
  routes: AdminRoutes<Deployed>,
  boxOf: (node: Deployed) => JournalBox | undefined,
): void {
  const box = (node: Deployed): JournalBox => {
    const found = boxOf(node);
    if (found === undefined) throw new RequestRefused(404, 'the node does not run because of its settings');
    return found;
  };
  routes.onNode('get', 'journal', async (node, request, response) => {
    response.json(await box(node).page(queryOf(request)));
  });
  routes.onNode('post', 'journal/:entry/again', async (node, request: Request, response: Response) => {
    response.sendStatus((await box(node).repeat(parameter(request, 'entry'))) ? 204 : 404);
  });
}

/** `?limit=&before=&text=&outcome=`; `before` is the `next` of the page before. @throws RequestRefused */
function queryOf({ query }: Request): JournalQuery {
  const { limit, before, text, outcome } = query as Record<string, unknown>;
  const most = Number(limit ?? MAX_ENTRIES);
  const areTexts = [before, text].every((value) => value === undefined || typeof value === 'string');
  if (!Number.isInteger(most) || most < 1 || !areTexts)
    throw new RequestRefused(400, 'limit is a whole number from 1 on, before and text are given once');
  if (outcome !== undefined && !JOURNAL_OUTCOMES.includes(outcome as JournalOutcome))
    throw new RequestRefused(400, `outcome is one of ${JOURNAL_OUTCOMES.join(', ')}`);
  return {
    limit: Math.min(most, MAX_ENTRIES),
    ...(before !== undefined && { before: before as string }),
    ...(text !== undefined && { text: text as string }),
    ...(outcome !== undefined && { outcome: outcome as JournalOutcome }),
  };
}
