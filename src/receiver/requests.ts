import type { CommandStatus } from '../network';
import type { DeadLetter, LetterPage } from '../queue';
import type { AnswerOutcome } from './answers';
import type { QueueRequests } from './queue-requests';

/** One page of dead letters, and how many there are. */
export interface DeadLetterList {
  deadLetters: DeadLetter[];
  total: number;
}

/** What the main thread may ask of a receiver, by name: its arguments and its result. */
export interface ReceiverRequests extends QueueRequests {
  /** The flow's answer to an object, by either of its names. Resolves when what follows from it is safe. */
  answer(name: string, status: CommandStatus): Promise<AnswerOutcome>;
  deadLetters(page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(id: string): boolean;
  discard(id: string): boolean;
}

export type RequestName = keyof ReceiverRequests;
export type RequestArguments<Name extends RequestName> = Parameters<ReceiverRequests[Name]>;
export type RequestResult<Name extends RequestName> = Awaited<ReturnType<ReceiverRequests[Name]>>;

/** A request on its way to the worker, and its reply on the way back. */
export interface PostedRequest {
  kind: 'request';
  number: number;
  name: RequestName;
  args: unknown[];
}
export type PostedReply =
  { kind: 'reply'; number: number; result: unknown } | { kind: 'reply'; number: number; failure: string };

/** The receiver does not run: it could not be asked, or ended before it replied. */
export class ReceiverNotRunning extends Error {
  override readonly name = 'ReceiverNotRunning';
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** The asking side: numbers requests and resolves them with their replies. */
export class RequestSender {
  private readonly pending = new Map<number, Pending>();
  private count = 0;

  /** @param post false when there is nobody to post to */
  constructor(private readonly post: (request: PostedRequest) => boolean) {}

  ask<Name extends RequestName>(name: Name, ...args: RequestArguments<Name>): Promise<RequestResult<Name>> {
    return new Promise((resolve, reject) => {
      this.count += 1;
      const number = this.count;
      this.pending.set(number, { resolve: (result) => resolve(result as RequestResult<Name>), reject });
      if (!this.post({ kind: 'request', number, name, args })) this.abandon();
    });
  }

  replied(reply: PostedReply): void {
    const request = this.pending.get(reply.number);
    this.pending.delete(reply.number);
    if ('failure' in reply) request?.reject(new Error(reply.failure));
    else request?.resolve(reply.result);
  }

  /** Nobody will reply any more. */
  abandon(): void {
    for (const { reject } of this.pending.values())
      reject(new ReceiverNotRunning('the receiver is not running'));
    this.pending.clear();
  }
}

/** The answering side. */
export async function reply(receiver: ReceiverRequests, request: PostedRequest): Promise<PostedReply> {
  const { number, name, args } = request;
  try {
    const calls = receiver as unknown as Record<RequestName, (...args: unknown[]) => unknown>;
    return { kind: 'reply', number, result: await calls[name](...args) };
  } catch (error) {
    return { kind: 'reply', number, failure: error instanceof Error ? error.message : String(error) };
  }
}
