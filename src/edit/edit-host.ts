import { join } from 'node:path';
import { WorkerHost, type Asked, type WorkerNews } from '../worker';
import type { EditRequests } from './requests';

/** Of the worker: an object is read where it lies, and its elements are indexed. */
const HEAP_MB = 512;
/** At once: more would only hold more in memory. */
const MOST_AT_ONCE = 4;
const STOP_GRACE_MS = 5_000;

/** Reads and changes objects, in one worker that runs from the first request on, while there are nodes that use it. */
export class EditHost {
  private readonly users = new Set<object>();
  private worker: WorkerHost<undefined, { kind: never }, never, EditRequests> | undefined;
  private atOnce = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param failed told of what becomes of the worker */
  constructor(
    private readonly told: (news: WorkerNews) => void,
    private readonly failed: (error: Error) => void,
  ) {}

  addUser(user: object): void {
    this.users.add(user);
  }

  /** Resolves when the worker is gone, where nobody else uses it. */
  async removeUser(user: object): Promise<void> {
    this.users.delete(user);
    if (this.users.size > 0) return;
    const { worker } = this;
    this.worker = undefined;
    await worker?.stop(STOP_GRACE_MS);
  }

  /**
   * Asks for work on an object. Some requests are at work at once, the others wait, in their order.
   * @throws WorkerNotRunning, RequestTimedOut
   */
  async ask<Name extends keyof EditRequests>(
    name: Name,
    ...args: Asked<EditRequests, Name>['args']
  ): Promise<Asked<EditRequests, Name>['result']> {
    if (this.atOnce >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.atOnce += 1;
    try {
      return await this.running().ask(name, ...args);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.atOnce -= 1;
      else next();
    }
  }

  private running(): WorkerHost<undefined, { kind: never }, never, EditRequests> {
    if (this.worker === undefined) {
      this.worker = new WorkerHost<undefined, { kind: never }, never, EditRequests>(
        { file: join(__dirname, 'worker.js'), name: 'dicom-edit', heapMB: HEAP_MB },
        undefined,
        {
          message: () => undefined,
          news: (news) => this.told(news),
          failed: (error) => this.failed(error),
        },
      );
      this.worker.start();
    }
    return this.worker;
  }
}
