import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { ReceiverNotRunning, type ReceiverHost } from '../../src/receiver';
import { runningReceivers } from './running-receivers';

const LETTERS = '/dicom-in/:id/dead-letters';

/** Admin routes for dead letters: list, requeue, discard. Called once, when the module is loaded. */
export function registerDeadLetterRoutes(RED: NodeAPI): void {
  const read = RED.auth.needsPermission('dicom-in.read');
  const write = RED.auth.needsPermission('dicom-in.write');
  RED.httpAdmin.get(LETTERS, read, (request, response) =>
    withReceiver(request, response, async (receiver) => {
      response.json({ deadLetters: await receiver.ask('deadLetters') });
    }),
  );
  RED.httpAdmin.post(`${LETTERS}/:letter/requeue`, write, (request, response) =>
    withReceiver(request, response, async (receiver, letter) => {
      response.sendStatus((await receiver.ask('requeue', letter)) ? 204 : 404);
    }),
  );
  RED.httpAdmin.delete(`${LETTERS}/:letter`, write, (request, response) =>
    withReceiver(request, response, async (receiver, letter) => {
      response.sendStatus((await receiver.ask('discard', letter)) ? 204 : 404);
    }),
  );
}

/** Express passes a promise's rejection nowhere: every outcome becomes a response here. */
function withReceiver(
  request: Request,
  response: Response,
  act: (receiver: ReceiverHost, letter: string) => Promise<void>,
): void {
  const { id = '', letter = '' } = request.params as { id?: string; letter?: string };
  const receiver = runningReceivers.get(id);
  if (receiver === undefined) {
    response.status(404).json({ message: 'no dicom-in node of this id is running' });
    return;
  }
  act(receiver, letter).catch((error: unknown) => {
    const status = error instanceof ReceiverNotRunning ? 503 : 500;
    response.status(status).json({ message: error instanceof Error ? error.message : String(error) });
  });
}
