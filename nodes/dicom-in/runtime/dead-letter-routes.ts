import type { Request, Response } from 'express';
import { MAX_LETTERS } from '../../../src/queue';
import type { DeadLetterList, ReceiverHost } from '../../../src/receiver';
import { RequestTimedOut, WorkerNotRunning } from '../../../src/worker';
import { parameter, RequestRefused, type AdminRoutes } from '../../runtime/admin-routes';
import type { ReceiverNode } from './receiver-node';

/** Dead letters: list, requeue, discard. */
export function addDeadLetterRoutes(routes: AdminRoutes<ReceiverNode>): void {
  routes.onNode('get', 'dead-letters', withReceiver(list));
  routes.onNode(
    'post',
    'dead-letters/:letter/requeue',
    withReceiver(async (receiver, request, response) => {
      response.sendStatus((await receiver.ask('requeue', parameter(request, 'letter'))) ? 204 : 404);
    }),
  );
  routes.onNode(
    'delete',
    'dead-letters/:letter',
    withReceiver(async (receiver, request, response) => {
      response.sendStatus((await receiver.ask('discard', parameter(request, 'letter'))) ? 204 : 404);
    }),
  );
}

/**
 * `GET …/dead-letters`: at most `limit` of them, beginning after the id `after`. `next` is the `after` of the next page, where there
 * is one.
 */
async function list(receiver: ReceiverHost, request: Request, response: Response): Promise<void> {
  const { after, limit = MAX_LETTERS } = request.query as { after?: unknown; limit?: unknown };
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || (after !== undefined && typeof after !== 'string')) {
    throw new RequestRefused(400, 'limit is a whole number from 1 on, after the id of a dead letter');
  }
  const page = { limit: Math.min(most, MAX_LETTERS), ...(after !== undefined && { after }) };
  const found: DeadLetterList = await receiver.ask('deadLetters', page);
  const last = found.deadLetters.at(-1)?.id;
  response.json({ ...found, ...(found.deadLetters.length === page.limit && { next: last }) });
}

function withReceiver(act: (receiver: ReceiverHost, request: Request, response: Response) => Promise<void>) {
  return async ({ receiver }: ReceiverNode, request: Request, response: Response): Promise<void> => {
    if (receiver === undefined)
      throw new RequestRefused(404, 'the node does not run because of its settings');
    try {
      await act(receiver, request, response);
    } catch (error) {
      if (error instanceof WorkerNotRunning) throw new RequestRefused(503, error.message);
      if (error instanceof RequestTimedOut) throw new RequestRefused(504, error.message);
      throw error;
    }
  };
}
