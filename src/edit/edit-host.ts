import { join } from 'node:path';
import {
  type Asked,
  HOST_LIMITS,
  type HostLimits,
  WorkerEnded,
  WorkerHost,
  type WorkerNews,
  WorkerNotRunning,
} from '../worker';
import { LentMemory } from './lent-memory';
import type { EditRequests } from './requests';

/** Of the worker: an object is read where it lies, and its elements are indexed. */
const HEAP_MB = 512;
/** At once: more would only hold more in memory. */
const MOST_AT_ONCE = 4;
/** After the worker has ended, requests are worked on one by one for so long: what ends it again shows itself. */
const CAREFUL_MS = 600_000;
const STOP_GRACE_MS = 5_000;
/**
 * A large object on a slow disk takes minutes, and shows life meanwhile. One that is given up although the work goes on would
 * be done twice.
 */
const LIMITS = { ...HOST_LIMITS, replyTicks: 900 };
const MADE = { file: join(__dirname, 'worker.js'), limits: LIMITS };

/** The worker ended while it was at work on several requests. Each may be the reason; it can be asked again. */
export class WorkInterrupted extends WorkerNotRunning {}

/** The worker ended while it was at work on this request and no other. */
export class WorkerBroken extends WorkerNotRunning {}

type EditWorker = WorkerHost<undefined, { kind: never }, never, EditRequests>;

/** One thread of the worker, from its start to its end. */
interface Life {
  /** Requests that were at work when it ended. */
  together?: number;
  /** Nobody needs it any more. */
  isOver?: boolean;
}

/** Reads and changes objects, in one worker that runs from the first request on, while there are nodes that use it. */
export class EditHost {
  private readonly users = new Set<object>();
  private worker: EditWorker | undefined;
  private life: Life = {};
  /** What is at work, each with the life that it began in. */
  private readonly atWork = new Set<{ readonly life: Life }>();
  /** Resolves when there is a thread again, or will be none. Undefined: there is one. */
  private restart: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  private readonly memory = new LentMemory();
  private isClosed = false;
  private carefulUntil = 0;
  private atOnce = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param told what becomes of the worker
   * @param failed told of what nobody waits for
   * @param made tests have a worker of their own, and less time
   */
  constructor(
    private readonly told: (news: WorkerNews) => void,
    private readonly failed: (error: Error) => void,
    private readonly made: { readonly file: string; readonly limits: HostLimits } = MADE,
  ) {}

  addUser(user: object): void {
    this.users.add(user);
    this.isClosed = false;
  }

  /** Resolves when the worker is gone, where nobody else uses it. */
  async removeUser(user: object): Promise<void> {
    this.users.delete(user);
    if (this.users.size > 0) return;
    const { worker } = this;
    this.isClosed = true;
    this.worker = undefined;
    this.life.isOver = true;
    this.life = {};
    this.restarted();
    await worker?.stop(STOP_GRACE_MS);
  }

  /**
   * Asks for work on an object. Some requests are at work at once, the others wait, in their order.
   * @throws WorkInterrupted, WorkerBroken; WorkerNotRunning, RequestTimedOut
   */
  async ask<Name extends keyof EditRequests>(
    name: Name,
    ...args: Asked<EditRequests, Name>['args']
  ): Promise<Asked<EditRequests, Name>['result']> {
    await this.turn();
    try {
      return await this.asked(name, args);
    } finally {
      this.atOnce -= 1;
      this.admit();
    }
  }

  private async asked<Name extends keyof EditRequests>(
    name: Name,
    args: Asked<EditRequests, Name>['args'],
  ): Promise<Asked<EditRequests, Name>['result']> {
    await this.restart?.over;
    const job = { life: this.life };
    this.atWork.add(job);
    const { lent, giveBack } = this.memory.lend(args);
    try {
      const result = await this.running().ask(name, ...lent);
      giveBack();
      return result;
    } catch (error) {
      throw error instanceof WorkerEnded ? this.ended(job.life, error) : error;
    } finally {
      this.atWork.delete(job);
    }
  }

  private async turn(): Promise<void> {
    const admitted = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.admit();
    await admitted;
  }

  private admit(): void {
    const most = performance.now() < this.carefulUntil ? 1 : MOST_AT_ONCE;
    while (this.atOnce < most) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.atOnce += 1;
      next();
    }
  }

  /** All that were at work hear of it in a row, before one of them is done with. */
  private ended(life: Life, error: WorkerEnded): Error {
    if (life.isOver === true) return error;
    life.together ??= [...this.atWork].filter((job) => job.life === life).length;
    this.carefulUntil = performance.now() + CAREFUL_MS;
    // Its end may be told of later.
    if (life === this.life) this.restarting();
    return life.together === 1
      ? new WorkerBroken('the worker thread ended at work on this object alone')
      : new WorkInterrupted('the worker thread ended at work on several objects, of which this is one');
  }

  private running(): EditWorker {
    if (this.isClosed) throw new WorkerNotRunning('there is no node any more that uses the worker thread');
    return this.worker ?? this.begin();
  }

  private begin(): EditWorker {
    const worker: EditWorker = new WorkerHost<undefined, { kind: never }, never, EditRequests>(
      { file: this.made.file, name: 'dicom-edit', heapMB: HEAP_MB },
      undefined,
      {
        message: () => undefined,
        started: () => this.restarted(),
        news: (news) => {
          if (worker === this.worker) this.heard(news);
          this.told(news);
        },
        failed: (error) => this.failed(error),
      },
      this.made.limits,
    );
    this.worker = worker;
    worker.start();
    return worker;
  }

  private heard({ kind }: WorkerNews): void {
    if (kind === 'ended') {
      this.life = {};
      this.restarting();
    }
    // It is not started again, or not now.
    if (kind === 'outdated' || kind === 'stuck') this.restarted();
  }

  private restarting(): void {
    if (this.restart !== undefined) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.restart = { over, end };
  }

  private restarted(): void {
    this.restart?.end();
    this.restart = undefined;
  }
}
