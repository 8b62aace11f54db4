import { Worker } from 'node:worker_threads';
import { asError, inTime, lifeMemory } from '../basics';
import { Heartbeat, type Pulse } from './heartbeat';
import type { HostLimits } from './limits';
import { Outbox } from './outbox';
import { PROTOCOL, protocolIn, type FromWorker, type ToWorker, type WorkerStart } from './protocol';
import { isReply, isRequest, portsIn, RequestSender } from './requests';
import { isFree, isStuck } from './stuck-threads';

/** What a worker is made of. */
export interface WorkerChoice {
  /** Absolute path of its entry, which calls `serve`. */
  file: string;
  /** For debuggers, and for whoever lists threads. */
  name: string;
  /** Of its own; a worker that outgrows it ends alone. */
  heapMB: number;
}

/** What a thread tells of itself; all of it on the main thread. */
export interface ThreadListener<Out> {
  message(message: Out): void;
  /** Its protocol is another. It has been told to end. @param theirs undefined: it has none */
  outdated(theirs: number | undefined): void;
  /** How it is now, told when that changes. */
  pulse(pulse: Pulse): void;
  /** It should have ended, and has not. */
  stuck(reason: string): void;
  /** @param reason in words, for an operator */
  exited(reason: string): void;
  /** Something above has thrown. */
  failed(error: unknown): void;
}

/** One thread of a worker, from its start to its end. What it is asked while it runs, it replies, or the asker hears why not. */
export class WorkerThread<In, Out extends { kind: string }, Requests> {
  readonly requests: RequestSender<Requests>;
  private readonly worker: Worker;
  private readonly outbox: Outbox<ToWorker<In>>;
  private readonly heartbeat: Heartbeat;
  private readonly watch: NodeJS.Timeout;
  private pulse: Pulse = 'alive';
  /** It has said hello. */
  private isReady = false;
  /** Why it is being ended. */
  private reason: string | undefined;
  private isGone = false;
  private readonly exited: Promise<void>;

  /** @throws what cannot be copied to another thread */
  constructor(
    { file, name, heapMB }: WorkerChoice,
    config: unknown,
    private readonly listener: ThreadListener<Out>,
    private readonly limits: HostLimits,
  ) {
    const life = lifeMemory();
    const workerData: WorkerStart<unknown> = { protocol: PROTOCOL, config, life, beatMs: limits.tickMs };
    this.heartbeat = new Heartbeat(life);
    this.worker = new Worker(file, { name, workerData, resourceLimits: { maxOldGenerationSizeMb: heapMB } });
    this.outbox = new Outbox((messages) => this.postBatch(messages));
    this.requests = new RequestSender((request) => this.postNow(request), limits.replyTicks);
    this.watch = setInterval(() => this.look(), limits.tickMs).unref();
    let reason: string | undefined;
    this.worker.on('message', (messages) => this.guarded(() => this.received(messages)));
    // What it said is lost: only a new one knows what has been missed.
    this.worker.on('messageerror', (error) => this.end(error.message));
    this.worker.on('error', (error) => (reason = asError(error).message));
    this.worker.on('exit', (code) => {
      this.isGone = true;
      clearInterval(this.watch);
      this.requests.abandon();
      isFree(this);
      this.guarded(() => listener.exited(this.reason ?? reason ?? `exit code ${code}`));
    });
    this.exited = new Promise((resolve) => this.worker.once('exit', () => resolve()));
  }

  /** False: it is being ended, or has ended. */
  post(message: ToWorker<In>): boolean {
    if (this.isOver) return false;
    this.outbox.add(message);
    return true;
  }

  /** The same, and everything that waits to be posted with it. */
  private postNow(message: ToWorker<In>): boolean {
    if (!this.post(message)) return false;
    this.outbox.flush();
    return true;
  }

  /** Ends it by force. Where that is impossible, the listener hears of it, and of its end whenever that comes. */
  end(reason: string): void {
    if (this.isOver) return;
    this.reason = reason;
    void this.worker.terminate();
    this.requests.abandon();
    setTimeout(() => this.tellIfStuck(reason), this.limits.endMs).unref();
  }

  /** Lets it end by itself in this time, then by force. Resolves when it is gone, or cannot be ended. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.watch);
    if (this.postNow({ kind: 'stop', graceMs })) {
      await inTime(this.exited, graceMs + this.limits.stopMarginMs);
      this.end('it did not stop');
    }
    await inTime(this.exited, this.limits.endMs + 1);
  }

  private get isOver(): boolean {
    return this.isGone || this.reason !== undefined;
  }

  private received(messages: unknown): void {
    if (this.isOver) return;
    if (!this.isReady) {
      const theirs = protocolIn(messages);
      if (theirs === PROTOCOL) this.isReady = true;
      else {
        this.end('its protocol is another');
        this.listener.outdated(theirs);
      }
      return;
    }
    if (!Array.isArray(messages))
      throw new Error('a worker thread has sent something that is no batch of messages');
    for (const message of messages as FromWorker<Out>[])
      this.guarded(() =>
        isReply(message) ? this.requests.replied(message) : this.listener.message(message),
      );
  }

  private look(): void {
    this.requests.tick();
    const { silentTicks, startTicks, tickMs } = this.limits;
    const patience = this.isReady ? silentTicks : startTicks;
    const pulse = this.heartbeat.tick(patience);
    if (pulse !== this.pulse) this.guarded(() => this.listener.pulse(pulse));
    this.pulse = pulse;
    if (pulse === 'hangs') this.end(`no sign of life for ${Math.round((patience * tickMs) / 1_000)} s`);
  }

  private postBatch(messages: ToWorker<In>[]): void {
    try {
      this.worker.postMessage(messages, messages.flatMap(portsIn));
    } catch (error) {
      // Nothing of it has been posted.
      if (messages.length > 1) for (const message of messages) this.postBatch([message]);
      else for (const message of messages) this.notPosted(message, error);
    }
  }

  /**
   * A message has something in it that no other thread can have. Who asks hears of that. A worker that has not been told
   * something else would wait for it for ever: a new one begins at a known point.
   */
  private notPosted(message: ToWorker<In>, error: unknown): void {
    const posted = message as { kind: string };
    if (isRequest(posted)) {
      this.requests.replied({ kind: 'reply', number: posted.number, failure: asError(error).message });
      return;
    }
    this.end(asError(error).message);
    this.listener.failed(error);
  }

  private tellIfStuck(reason: string): void {
    if (this.isGone) return;
    isStuck(this);
    this.guarded(() => this.listener.stuck(reason));
  }

  private guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.listener.failed(error);
    }
  }
}
