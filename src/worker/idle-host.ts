import { HOST_LIMITS, type HostLimits } from './limits';
import { WorkerNotRunning, type Asked } from './requests';
import { WorkerHost } from './worker-host';
import type { WorkerChoice } from './worker-thread';

const IDLE_MS = 30_000;

/**
 * A worker that is started when it is asked, and ended when it has had nothing to do for half a minute: the memory of
 * WebAssembly, and of much that was done at once, is given back in no other way. What breaks the worker, or takes longer
 * than a worker may be silent, fails; the next request has a new worker.
 */
export class IdleHost<Requests> {
  private host: WorkerHost<undefined, { kind: string }, never, Requests> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private busy = 0;
  /** Its file is of another version of this package than the code that starts it. */
  private isOutdated = false;

  /** @param failed hears of what nobody waits for: an error within the host */
  constructor(
    private readonly choice: WorkerChoice,
    private readonly failed: (error: Error) => void,
    private readonly idleMs = IDLE_MS,
    private readonly limits: HostLimits = HOST_LIMITS,
  ) {}

  get isRunning(): boolean {
    return this.host !== undefined;
  }

  /** @throws WorkerNotRunning, RequestTimedOut; an Error with the words of what the worker threw */
  async ask<Name extends keyof Requests & string>(
    name: Name,
    ...args: Asked<Requests, Name>['args']
  ): Promise<Asked<Requests, Name>['result']> {
    if (this.isOutdated)
      throw new WorkerNotRunning('the package was updated while Node-RED was running: restart Node-RED');
    clearTimeout(this.timer);
    this.busy += 1;
    try {
      return await (this.host ??= this.start()).ask(name, ...args);
    } finally {
      this.busy -= 1;
      if (this.busy === 0) this.timer = setTimeout(() => void this.close(), this.idleMs).unref();
    }
  }

  /** Ends the worker. What it is asked for fails. Another request starts a new one. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    const { host } = this;
    this.host = undefined;
    await host?.stop(0);
  }

  private start(): WorkerHost<undefined, { kind: string }, never, Requests> {
    const host: WorkerHost<undefined, { kind: string }, never, Requests> = new WorkerHost(
      this.choice,
      undefined,
      {
        message: () => undefined,
        // It is started again by the next request, not by itself.
        news: ({ kind }) => {
          if (kind === 'outdated') this.isOutdated = true;
          if (kind === 'ended' && this.host === host) void this.close();
        },
        failed: this.failed,
      },
      this.limits,
    );
    host.start();
    return host;
  }
}
