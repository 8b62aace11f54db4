import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { asError } from '../basics';
import type { OpenedObject } from '../queue';
import { type Asked, unlessUnheard } from '../worker';
import { isForNow } from './for-now';
import type { OutboxNote } from './outbox-entry';
import type { SenderRequests } from './requests';
import type { SendOutcome } from './send-job';
import type { SendRequest, ToSender } from './worker-protocol';

/** What somebody wants sent, on the main thread. */
export interface Sending extends SendRequest {
  /** Opens the object in its queue, where it lies in one, for a reader at the other end of the port. */
  readonly openObject?: (port: MessagePort) => Promise<OpenedObject>;
  /** Called once, unless it was cancelled. */
  readonly settled: (outcome: SendOutcome) => void;
}

interface OpenSending {
  readonly openObject: Sending['openObject'] | undefined;
  readonly settled: Sending['settled'];
  /** What the worker is told. */
  readonly message: ToSender;
}

/** The worker, as far as it is needed here. */
interface SendingWorker {
  post(message: ToSender): void;
  /** @throws as `WorkerHost.ask` */
  ask<Name extends 'opened' | 'notOpened'>(
    name: Name,
    ...args: Asked<SenderRequests, Name>['args']
  ): Promise<unknown>;
}

/** What is to be sent, or stored in an outbox, and has no outcome, on the main thread. */
export class OpenSendings {
  private readonly sendings = new Map<string, OpenSending>();

  constructor(private readonly worker: SendingWorker) {}

  get size(): number {
    return this.sendings.size;
  }

  send({ openObject, settled, ...request }: Sending): void {
    this.add(request.id, { openObject, settled, message: { kind: 'send', request } });
  }

  /** Settled as sent once the object is safe in the outbox. */
  store({ openObject, settled, ...request }: Sending, outbox: string, note: OutboxNote): void {
    this.add(request.id, { openObject, settled, message: { kind: 'store', request, outbox, note } });
  }

  private add(id: string, sending: OpenSending): void {
    this.sendings.set(id, sending);
    this.worker.post(sending.message);
  }

  /** It is not to be sent any more, and nobody hears what becomes of it. False: it has an outcome. */
  cancel(id: string): boolean {
    if (!this.sendings.delete(id)) return false;
    this.worker.post({ kind: 'cancel', id });
    return true;
  }

  /** A worker that has just begun knows of none. */
  tellAll(): void {
    for (const { message } of this.sendings.values()) this.worker.post(message);
  }

  settled(id: string, outcome: SendOutcome): void {
    const sending = this.sendings.get(id);
    this.sendings.delete(id);
    sending?.settled(outcome);
  }

  /** The worker wants its object. */
  async open(id: string): Promise<void> {
    const { port1: theirs, port2: ours } = new MessageChannel();
    try {
      const opened = await this.sendings.get(id)?.openObject?.(theirs);
      if (opened === undefined) throw new Error('the object is no longer to be sent');
      await this.worker.ask('opened', id, opened, ours);
    } catch (error) {
      ours.close();
      // A worker that has ended asks again when it is back.
      await this.worker.ask('notOpened', id, asError(error).message, isForNow(error)).catch(unlessUnheard);
    }
  }

  /** Nobody hears of them. */
  clear(): void {
    this.sendings.clear();
  }
}
