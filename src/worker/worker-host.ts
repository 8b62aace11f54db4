import { asError, BackOff } from '../basics';
import { Boundary } from './boundary';
import { HOST_LIMITS, type HostLimits } from './limits';
import { WorkerNotRunning, type Asked } from './requests';
import { WorkerThread, type WorkerChoice } from './worker-thread';

/** What becomes of a worker, unasked. */
export type WorkerNews =
  /** It ended, or was ended because it hung, and is started again after `waitMs`. */
  | { kind: 'ended'; reason: string; waitMs: number; restarts: number }
  /** It has been in a call to a disk for long, and nobody can end it there. */
  | { kind: 'waits-for-disk' }
  /** It no longer waits. */
  | { kind: 'goes-on' }
  /** It cannot be ended, and keeps what it has, such as a port. Should it end after all, it is `ended`. */
  | { kind: 'stuck'; reason: string }
  /** It has ended after `stop`, be it late. */
  | { kind: 'stopped' }
  /** Its files are of another version of this package than the code that started it. It is not started again. */
  | { kind: 'outdated' };

/** What a host tells, on the main thread. */
export interface WorkerListener<Out> {
  message(message: Out): void;
  /** A thread runs, the first or another one: it can be told what it has to know. */
  started?(): void;
  news(news: WorkerNews): void;
  /** What one of these two has thrown, or what could not be said to the worker. */
  failed(error: Error): void;
}

/**
 * Runs a worker: starts it, watches over it, starts it again when it ends or hangs, with growing pauses, and stops it.
 * Nothing that goes wrong in the worker, or in a listener, reaches the main thread's other work.
 */
export class WorkerHost<Config, In, Out extends { kind: string }, Requests> {
  private thread: WorkerThread<In, Out, Requests> | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private readonly backOff: BackOff;
  private readonly boundary: Boundary;
  private startedAt = 0;
  private restarts = 0;
  private isOutdated = false;
  private isStopping = false;

  /** @param config for each start of the worker anew; data that can be copied to another thread */
  constructor(
    private readonly choice: WorkerChoice,
    private readonly config: Config,
    private readonly listener: WorkerListener<Out>,
    private readonly limits: HostLimits = HOST_LIMITS,
  ) {
    this.backOff = new BackOff(limits.restartFirstMs, limits.restartLastMs);
    this.boundary = new Boundary((error) => listener.failed(error));
  }

  /** What goes wrong is news, and is tried again. */
  start(): void {
    if (this.isStopping) return;
    this.startedAt = performance.now();
    try {
      this.thread = this.newThread();
      this.boundary.run(() => this.listener.started?.());
    } catch (error) {
      this.ended(asError(error).message);
    }
  }

  /** False where there is no worker: then a later one does not get it either. */
  post(message: In): boolean {
    return this.thread?.post(message) ?? false;
  }

  /**
   * Asks the worker.
   * @throws WorkerNotRunning where there is none, or it has ended; RequestTimedOut; an Error with the words of what the
   * worker threw
   */
  ask<Name extends keyof Requests & string>(
    name: Name,
    ...args: Asked<Requests, Name>['args']
  ): Promise<Asked<Requests, Name>['result']> {
    return (
      this.thread?.requests.ask(name, ...args) ??
      Promise.reject(
        new WorkerNotRunning('the worker thread is not running; it is being restarted or stopped'),
      )
    );
  }

  /** Stops the worker, for good. Resolves when it is gone; one that cannot be ended is news, and keeps nobody waiting. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.restartTimer);
    await this.thread?.stop(graceMs);
  }

  private newThread(): WorkerThread<In, Out, Requests> {
    const { listener, boundary } = this;
    return new WorkerThread<In, Out, Requests>(
      this.choice,
      this.config,
      {
        message: (message) => listener.message(message),
        outdated: () => {
          this.isOutdated = true;
          listener.news({ kind: 'outdated' });
        },
        pulse: (pulse) => {
          if (pulse !== 'hangs') listener.news({ kind: pulse === 'alive' ? 'goes-on' : pulse });
        },
        stuck: (reason) => listener.news({ kind: 'stuck', reason }),
        exited: (reason) => this.ended(reason),
        failed: (error) => boundary.failed(error),
      },
      this.limits,
    );
  }

  private ended(reason: string): void {
    this.thread = undefined;
    if (this.isStopping) this.boundary.run(() => this.listener.news({ kind: 'stopped' }));
    if (this.isStopping || this.isOutdated) return;
    if (performance.now() - this.startedAt > this.limits.stableMs) this.backOff.reset();
    const waitMs = this.backOff.wait();
    this.restarts += 1;
    this.restartTimer = setTimeout(() => this.start(), waitMs);
    const { restarts } = this;
    this.boundary.run(() => this.listener.news({ kind: 'ended', reason, waitMs, restarts }));
  }
}
