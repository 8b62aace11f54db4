import type { FlowMessage } from '../message';
import { Boundary, WorkerHost, type Asked, type WorkerChoice, type WorkerNews } from '../worker';
import { FlowFeed, type PostedObject } from './flow-feed';

/** What became of a message that a worker has posted. */
export type FeedNews =
  | { kind: 'delivered'; id: string }
  /** The message could not be sent to the flow. */
  | { kind: 'not-delivered'; id: string; reason: string };

/** What is wrong with a worker, or with its host. */
interface WorkerFault {
  kind: 'workerCrashed' | 'workerStuck' | 'workerOutdated' | 'diskSilent' | 'unexpected';
  /** Facts for the text. */
  values: Record<string, string | number>;
  /** True while nothing is received because of it. */
  down: boolean;
}

/** What a host tells the node, on the main thread. Where one of these throws, a fault `unexpected` tells of it. */
interface DeliveringListener {
  /** Where it throws, the flow has not got the message: it comes again. */
  message(message: FlowMessage): void;
  fault(fault: WorkerFault): void;
  /** A fault that was `down` is so no more. */
  recovered(kind: WorkerFault['kind']): void;
}

/** Runs a worker that has a queue: delivers its objects' messages to the flow, and tells the node what becomes of the worker. */
export abstract class DeliveringHost<Config, In, Out extends { kind: string }, Requests> {
  protected readonly worker: WorkerHost<Config, In | FeedNews, Out, Requests>;
  protected readonly boundary = new Boundary(({ message: reason }) =>
    this.node.fault({ kind: 'unexpected', values: { reason }, down: false }),
  );
  private readonly feed = new FlowFeed(this.boundary, {
    message: (message) => this.node.message(message),
    delivered: (id) => this.worker.post({ kind: 'delivered', id }),
    notDelivered: (id, reason) => this.worker.post({ kind: 'not-delivered', id, reason }),
  });

  /** @param config for each start of the worker anew */
  protected constructor(
    choice: WorkerChoice,
    config: Config,
    private readonly node: DeliveringListener,
  ) {
    this.worker = new WorkerHost<Config, In | FeedNews, Out, Requests>(choice, config, {
      message: (message) => this.receive(message),
      started: () => this.started(),
      news: (news) => this.heard(news),
      failed: (error) => this.boundary.failed(error),
    });
  }

  /** What goes wrong is a fault, and is tried again. */
  start(): void {
    this.worker.start();
  }

  /** The flow gets nothing until `goOn`. */
  hold(): void {
    this.feed.hold();
  }

  goOn(): void {
    this.feed.goOn();
  }

  /**
   * Stops. Objects under way may be finished within the grace; messages that the flow has not got yet stay in the queue.
   * Resolves when the worker is gone, with what it had, or a fault tells that it cannot be ended.
   */
  async stop(graceMs: number): Promise<void> {
    this.feed.stop();
    await this.worker.stop(graceMs);
  }

  /** Asks the worker. @throws as `WorkerHost.ask` */
  ask<Name extends keyof Requests & string>(
    name: Name,
    ...args: Asked<Requests, Name>['args']
  ): Promise<Asked<Requests, Name>['result']> {
    return this.worker.ask(name, ...args);
  }

  protected abstract receive(message: Out): void;

  /** A worker that has just begun knows nothing but its configuration. */
  protected started(): void {}

  /** A worker has posted it. */
  protected deliver(object: PostedObject): void {
    this.feed.add(object);
  }

  protected heard(news: WorkerNews): void {
    switch (news.kind) {
      case 'ended':
        // What waits here comes again from the next worker.
        this.feed.drop();
        this.down('workerCrashed', { reason: news.reason, seconds: news.waitMs / 1_000 });
        break;
      case 'waits-for-disk':
        this.down('diskSilent');
        break;
      case 'goes-on':
        this.node.recovered('diskSilent');
        break;
      case 'stuck':
        this.down('workerStuck', this.stuckFacts());
        break;
      case 'outdated':
        this.down('workerOutdated');
        break;
      case 'stopped':
        break;
    }
  }

  /** Of the fault `workerStuck`: what the worker still has. */
  protected stuckFacts(): WorkerFault['values'] {
    return {};
  }

  private down(kind: WorkerFault['kind'], values: WorkerFault['values'] = {}): void {
    this.node.fault({ kind, values, down: true });
  }
}
