import type { Request, Response } from 'express';
import { asError } from '../../src/worker';

/** Answers a request, at once or later. */
export type Answer = (request: Request, response: Response) => unknown;

/**
 * A handler for Express from which nothing gets out, neither a throw nor a rejected promise, which would end Node-RED: what
 * goes wrong is answered.
 * @param statusOf the status for an error; default 500
 */
export function answering(answer: Answer, statusOf: (error: Error) => number = () => 500) {
  return (request: Request, response: Response): void => {
    Promise.resolve()
      .then(() => answer(request, response))
      .catch((thrown: unknown) => {
        const error = asError(thrown);
        // Half an answer cannot be taken back: the connection ends.
        if (response.headersSent) response.destroy();
        else response.status(statusOf(error)).json({ message: error.message });
      });
  };
}

/** The node's id in the address. */
export function nodeId(request: Request): string {
  const { id = '' } = request.params as { id?: string };
  return id;
}
