import { MessagePort } from 'node:worker_threads';
import { asError } from '../basics';

/**
 * What may be asked of a worker is an interface of functions, `Requests`: the worker has them, and the main thread asks by
 * name. Results may be promises.
 */
export type Asked<Requests, Name extends keyof Requests> = Requests[Name] extends (
  ...args: infer Args
) => infer Result
  ? { args: Args; result: Awaited<Result> }
  : never;

/** A request on its way to the worker, and its reply on the way back. */
export interface PostedRequest {
  kind: 'request';
  number: number;
  name: string;
  args: unknown[];
}
export type PostedReply =
  | { kind: 'reply'; number: number; result: unknown }
  /** `code`: of the error, where that has one. */
  | { kind: 'reply'; number: number; failure: string; code?: string };

export function isReply(message: { kind: string }): message is PostedReply {
  return message.kind === 'reply';
}

export function isRequest(message: { kind: string }): message is PostedRequest {
  return message.kind === 'request';
}

/** Ports that go with a request: through them the worker speaks with another thread, and not through this one. */
export function portsIn(message: unknown): MessagePort[] {
  const { kind, args = [] } = message as { kind: string; args?: unknown[] };
  return kind === 'request' ? args.filter((arg) => arg instanceof MessagePort) : [];
}

/** The worker does not run: it could not be asked, or ended before it replied. What it was asked for may have been done. */
export class WorkerNotRunning extends Error {
  override readonly name = 'WorkerNotRunning';
}

/** The worker ended while it was at work on a request, or before it came to it. */
export class WorkerEnded extends WorkerNotRunning {}

/** The worker has not replied in time. What it was asked for may have been done, or may be done yet. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';
}

/** The worker does not run, or has not answered: what it was asked for may have been done all the same. */
export function isUnheard(error: unknown): error is WorkerNotRunning | RequestTimedOut {
  return error instanceof WorkerNotRunning || error instanceof RequestTimedOut;
}

/** For whom it does not matter that nobody has heard. @throws what it is given otherwise */
export function unlessUnheard(error: unknown): undefined {
  if (!isUnheard(error)) throw error;
  return undefined;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  /** In `tick`s. */
  due: number;
}

/** The asking side: numbers requests and resolves them with their replies. */
export class RequestSender<Requests> {
  /** In the order in which they are due. */
  private readonly pending = new Map<number, Pending>();
  private count = 0;
  private now = 0;

  /**
   * @param post false when there is nobody to post to
   * @param patience `tick`s that a reply may take
   */
  constructor(
    private readonly post: (request: PostedRequest) => boolean,
    private readonly patience: number,
  ) {}

  ask<Name extends keyof Requests & string>(
    name: Name,
    ...args: Asked<Requests, Name>['args']
  ): Promise<Asked<Requests, Name>['result']> {
    return new Promise((resolve, reject) => {
      this.count += 1;
      const number = this.count;
      this.pending.set(number, {
        resolve,
        reject,
        due: this.now + this.patience,
      });
      if (this.post({ kind: 'request', number, name, args })) return;
      this.pending.delete(number);
      reject(new WorkerNotRunning('the worker thread is not running; it is being restarted or stopped'));
    });
  }

  /** A reply that nobody is waiting for is ignored. */
  replied(reply: PostedReply): void {
    const request = this.pending.get(reply.number);
    this.pending.delete(reply.number);
    if ('failure' in reply) {
      const { failure, code } = reply;
      request?.reject(Object.assign(new Error(failure), code !== undefined && { code }));
    } else request?.resolve(reply.result);
  }

  /** Time has passed in which replies were waited for and could have come: after a stall, no request is at once too old. */
  tick(): void {
    this.now += 1;
    for (const [number, { due, reject }] of this.pending) {
      if (due > this.now) return;
      this.pending.delete(number);
      reject(
        new RequestTimedOut('the worker thread did not reply in time; the request may still be carried out'),
      );
    }
  }

  /** No reply will come. */
  abandon(): void {
    for (const { reject } of this.pending.values())
      reject(new WorkerEnded('the worker thread ended before it replied; it is being restarted or stopped'));
    this.pending.clear();
  }
}

/** The answering side. */
export async function reply(service: object, request: PostedRequest): Promise<PostedReply> {
  const { number, name, args } = request;
  try {
    const calls = service as Record<string, (...args: unknown[]) => unknown>;
    const call = calls[name]?.bind(service);
    if (call === undefined) throw new Error(`the worker thread does not know the request ${name}`);
    return { kind: 'reply', number, result: await call(...args) };
  } catch (error) {
    const { message: failure, code } = asError(error) as NodeJS.ErrnoException;
    return { kind: 'reply', number, failure, ...(typeof code === 'string' && { code }) };
  }
}
