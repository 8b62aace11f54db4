import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { MAX_LETTERS } from '../../src/queue';
import { ReceiverNotRunning, type DeadLetterList, type ReceiverHost } from '../../src/receiver';
import { answering, nodeId } from './routes';
import { runningReceivers } from './running-receivers';

const LETTERS = '/dicom-in/:id/dead-letters';

/** Admin routes for dead letters: list, requeue, discard. Called once, when the module is loaded. */
export function registerDeadLetterRoutes(RED: NodeAPI): void {
  const read = RED.auth.needsPermission('dicom-in.read');
  const write = RED.auth.needsPermission('dicom-in.write');
  RED.httpAdmin.get(LETTERS, read, withReceiver(list));
  RED.httpAdmin.post(
    `${LETTERS}/:letter/requeue`,
    write,
    withReceiver(async (receiver, request, response) => {
      response.sendStatus((await receiver.ask('requeue', letterId(request))) ? 204 : 404);
    }),
  );
  RED.httpAdmin.delete(
    `${LETTERS}/:letter`,
    write,
    withReceiver(async (receiver, request, response) => {
      response.sendStatus((await receiver.ask('discard', letterId(request))) ? 204 : 404);
    }),
  );
}

/**
 * `GET …/dead-letters`: so many at most, from behind the id `after` on. `next` is the `after` of the next page, where there
 * is one.
 */
async function list(receiver: ReceiverHost, request: Request, response: Response): Promise<void> {
  const { after, limit = MAX_LETTERS } = request.query as { after?: unknown; limit?: unknown };
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || (after !== undefined && typeof after !== 'string')) {
    response
      .status(400)
      .json({ message: `limit is a whole number from 1 on, after the id of a dead letter` });
    return;
  }
  const page = { limit: Math.min(most, MAX_LETTERS), ...(after !== undefined && { after }) };
  const found: DeadLetterList = await receiver.ask('deadLetters', page);
  const last = found.deadLetters.at(-1)?.id;
  response.json({ ...found, ...(found.deadLetters.length === page.limit && { next: last }) });
}

function letterId(request: Request): string {
  const { letter = '' } = request.params as { letter?: string };
  return letter;
}

function withReceiver(
  act: (receiver: ReceiverHost, request: Request, response: Response) => Promise<void>,
): ReturnType<typeof answering> {
  return answering(
    (request, response) => {
      const receiver = runningReceivers.get(nodeId(request));
      if (receiver !== undefined) return act(receiver, request, response);
      response.status(404).json({ message: 'no dicom-in node of this id is running' });
      return undefined;
    },
    (error) => (error instanceof ReceiverNotRunning ? 503 : 500),
  );
}
