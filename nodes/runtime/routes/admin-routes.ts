import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import { RequestTimedOut, WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../deployed-nodes';

/** Answers a request, at once or later. */
type Answer = (request: Request, response: Response) => unknown;
type Method = 'get' | 'post' | 'delete';

/** An error with its own HTTP status and, if it has one, a name for the editor. */
export class RequestRefused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problem?: string,
  ) {
    super(message);
  }
}

/**
 * Admin routes of a node type: below its name, for users who may read it (`get`) or write it (everything else). To be made once,
 * when the module is loaded.
 */
export class AdminRoutes<Deployed extends object> {
  constructor(
    private readonly RED: NodeAPI,
    private readonly type: string,
    private readonly kind: abstract new (...args: never[]) => Deployed,
  ) {}

  /** @param path below the type's name */
  on(method: Method, path: string, answer: Answer): void {
    const permission = `${this.type}.${method === 'get' ? 'read' : 'write'}`;
    this.RED.httpAdmin[method](
      `/${this.type}/${path}`,
      this.RED.auth.needsPermission(permission),
      answering(answer),
    );
  }

  /** Resolves where the caller has this permission, too. Otherwise Node-RED has answered, and there is nothing left to do. */
  permitted(permission: string, request: Request, response: Response): Promise<void> {
    return new Promise((resolve) =>
      this.RED.auth.needsPermission(permission)(request, response, () => resolve()),
    );
  }

  /** One that answers everybody, and therefore must say nothing worth knowing. @param path below the type's name */
  onOpen(path: string, answer: Answer): void {
    this.RED.httpAdmin.get(`/${this.type}/${path}`, answering(answer));
  }

  /** One about a deployed node. @param path below the node's id */
  onNode(
    method: Method,
    path: string,
    answer: (node: Deployed, request: Request, response: Response) => unknown,
  ): void {
    this.on(method, `:id/${path}`, (request, response) => {
      const node = deployedNodes.get(parameter(request, 'id'), this.kind);
      if (node === undefined) throw new RequestRefused(404, `no ${this.type} node of this id is deployed`);
      return answer(node, request, response);
    });
  }
}

/** A part of the path that the route has a name for. */
export function parameter(request: Request, name: string): string {
  return (request.params as Record<string, string | undefined>)[name] ?? '';
}

/**
 * A handler for Express from which nothing gets out, neither a throw nor a rejected promise, which would end Node-RED: what
 * goes wrong is answered.
 */
function answering(answer: Answer) {
  return (request: Request, response: Response): void => {
    Promise.resolve()
      .then(() => answer(request, response))
      .catch((thrown: unknown) => {
        // Half an answer cannot be taken back: the connection ends.
        if (response.headersSent) response.destroy();
        else answerError(response, asError(thrown));
      });
  };
}

function answerError(response: Response, error: Error): void {
  const problem = error instanceof RequestRefused ? error.problem : undefined;
  response
    .status(statusOf(error))
    .json({ message: error.message, ...(problem !== undefined && { problem }) });
}

function statusOf(error: Error): number {
  if (error instanceof RequestRefused) return error.status;
  if (error instanceof WorkerNotRunning) return 503;
  return error instanceof RequestTimedOut ? 504 : 500;
}
