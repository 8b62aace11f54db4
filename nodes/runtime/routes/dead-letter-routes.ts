import type { Request, Response } from 'express';
import type { DeadLetterList } from '../../../src/admin-api';
import { type LetterPage, MAX_LETTERS } from '../../../src/queue';
import { parameter, RequestRefused, type AdminRoutes } from './admin-routes';

/** The dead letters of a node. */
export interface DeadLetterBox {
  deadLetters(page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(id: string): Promise<boolean>;
  /** As `requeue`. */
  discard(id: string): Promise<boolean>;
}

/**
 * Dead letters: list, requeue, discard.
 * @param boxOf undefined: the node does not run, or keeps no objects
 */
export function addDeadLetterRoutes<Deployed extends object>(
  routes: AdminRoutes<Deployed>,
  boxOf: (node: Deployed) => DeadLetterBox | undefined,
): void {
  const withBox =
    (act: (box: DeadLetterBox, request: Request, response: Response) => Promise<void>) =>
    (node: Deployed, request: Request, response: Response): Promise<void> => {
      const box = boxOf(node);
      if (box === undefined)
        throw new RequestRefused(404, 'the node has no queue, or does not run because of its settings');
      return act(box, request, response);
    };
  routes.onNode('get', 'dead-letters', withBox(list));
  routes.onNode(
    'post',
    'dead-letters/:letter/requeue',
    withBox(async (box, request, response) => {
      response.sendStatus((await box.requeue(parameter(request, 'letter'))) ? 204 : 404);
    }),
  );
  routes.onNode(
    'delete',
    'dead-letters/:letter',
    withBox(async (box, request, response) => {
      response.sendStatus((await box.discard(parameter(request, 'letter'))) ? 204 : 404);
    }),
  );
}

/**
 * `GET …/dead-letters`: at most `limit` of them, beginning after the id `after`. `next` is the `after` of the next page, where there
 * is one.
 */
async function list(box: DeadLetterBox, request: Request, response: Response): Promise<void> {
  const { after, limit = MAX_LETTERS } = request.query as { after?: unknown; limit?: unknown };
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || (after !== undefined && typeof after !== 'string')) {
    throw new RequestRefused(400, 'limit is a whole number from 1 on, after the id of a dead letter');
  }
  const page = { limit: Math.min(most, MAX_LETTERS), ...(after !== undefined && { after }) };
  const found = await box.deadLetters(page);
  const last = found.deadLetters.at(-1)?.id;
  response.json({ ...found, ...(found.deadLetters.length === page.limit && { next: last }) });
}
