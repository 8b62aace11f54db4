import { FlowFeed, type QueueHost, type QueueRequests } from '../delivery';
import type { FlowMessage } from '../message';
import type { ReceiverFault } from '../receiver';
import type { RetrievedConfig, RetrievedState } from '../retrieve';
import { Boundary, type Asked } from '../worker';
import type { FromSender, ToSender } from './worker-protocol';

/** Who has a queue for what C-GETs bring, on the main thread. */
export interface RetrievedUser {
  /** Where it throws, the flow has not got the message: it comes again. */
  message(message: FlowMessage): void;
  state(state: RetrievedState): void;
  fault(fault: ReceiverFault): void;
}

/** What the host of the worker does for it. */
interface Way {
  post(message: ToSender): void;
  ask(queue: string, name: keyof QueueRequests, args: unknown[]): Promise<unknown>;
}

type OfQueue = FromSender & { kind: 'retrieved-delivery' | 'retrieved-state' | 'retrieved-fault' };

/** The queue of one node for what C-GETs bring, as it is seen from the main thread. */
export class RetrievedHost implements QueueHost {
  private readonly boundary = new Boundary(({ message: reason }) =>
    this.user.fault({ kind: 'unexpected', values: { reason }, down: false }),
  );
  private readonly feed: FlowFeed;

  constructor(
    readonly config: RetrievedConfig,
    private readonly user: RetrievedUser,
    private readonly way: Way,
  ) {
    const { id: queue } = config;
    this.feed = new FlowFeed(this.boundary, {
      message: (message) => user.message(message),
      delivered: (id) => way.post({ kind: 'retrieved-delivered', queue, id }),
      notDelivered: (id, reason) => way.post({ kind: 'retrieved-not-delivered', queue, id, reason }),
    });
  }

  ask<Name extends keyof QueueRequests>(
    name: Name,
    ...args: Asked<QueueRequests, Name>['args']
  ): Promise<Asked<QueueRequests, Name>['result']> {
    return this.way.ask(this.config.id, name, args);
  }

  receive(message: OfQueue): void {
    if (message.kind === 'retrieved-delivery') this.feed.add(message);
    else if (message.kind === 'retrieved-state') this.boundary.run(() => this.user.state(message.state));
    else this.boundary.run(() => this.user.fault(message.fault));
  }

  /** What waits here is in the queue, and comes again from the next worker. */
  lost(): void {
    this.feed.drop();
  }

  /** The flow gets nothing until `goOn`. */
  hold(): void {
    this.feed.hold();
  }

  goOn(): void {
    this.feed.goOn();
  }

  /** The flow gets nothing more. */
  stop(): void {
    this.feed.stop();
  }
}
