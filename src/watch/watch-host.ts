import { join } from 'node:path';
import { FlowFeed, type QueueHost, type QueueRequests } from '../delivery';
import type { FlowMessage } from '../message';
import { Boundary, WorkerHost, type Asked, type WorkerNews } from '../worker';
import type { WatchFault, WatchFaultKind } from './faults';
import type { WatchConfig } from './watch-config';
import type { FromWatch, ToWatch, WatchState } from './worker-protocol';

/** What a host tells the node, on the main thread. Where one of these throws, a fault `unexpected` tells of it. */
export interface WatchListener {
  /** Where it throws, the flow has not got the message: it comes again. */
  message(message: FlowMessage): void;
  state(state: WatchState): void;
  fault(fault: WatchFault): void;
  /** A fault that was `down` is so no more. */
  recovered(kind: WatchFaultKind): void;
}

/** The worker's heap: the index of the largest folder has room. */
const WORKER_HEAP_MB = 512;

/** Watches a folder in a worker thread: a disk that hangs, or a file that breaks it, holds up nothing else. */
export class WatchHost implements QueueHost {
  private readonly worker: WorkerHost<WatchConfig, ToWatch, FromWatch, QueueRequests>;
  private readonly boundary = new Boundary(({ message: reason }) =>
    this.listener.fault({ kind: 'unexpected', values: { reason }, down: false }),
  );
  private readonly feed = new FlowFeed(this.boundary, {
    message: (message) => this.listener.message(message),
    delivered: (id) => this.worker.post({ kind: 'delivered', id }),
    notDelivered: (id, reason) => this.worker.post({ kind: 'not-delivered', id, reason }),
  });

  constructor(
    config: WatchConfig,
    private readonly listener: WatchListener,
  ) {
    const file = join(__dirname, 'worker.js');
    this.worker = new WorkerHost(
      { file, name: `dicom-watch:${config.nodeId}`, heapMB: WORKER_HEAP_MB },
      config,
      {
        message: (message) => this.receive(message),
        news: (news) => this.heard(news),
        failed: (error) => this.boundary.failed(error),
      },
    );
  }

  /** What goes wrong is a fault, and is tried again. */
  start(): void {
    this.worker.start();
  }

  /** Stops. Resolves when the worker is gone, or a fault tells that it cannot be ended. */
  async stop(graceMs: number): Promise<void> {
    this.feed.stop();
    await this.worker.stop(graceMs);
  }

  ask<Name extends keyof QueueRequests>(
    name: Name,
    ...args: Asked<QueueRequests, Name>['args']
  ): Promise<Asked<QueueRequests, Name>['result']> {
    return this.worker.ask(name, ...args);
  }

  private receive(message: FromWatch): void {
    switch (message.kind) {
      case 'delivery':
        this.feed.add(message);
        break;
      case 'state':
        this.listener.state(message.state);
        break;
      case 'fault':
        this.listener.fault(message.fault);
        break;
    }
  }

  private heard(news: WorkerNews): void {
    switch (news.kind) {
      case 'ended':
        // What waits here comes again from the next worker.
        this.feed.drop();
        this.down('workerCrashed', { reason: news.reason, seconds: news.waitMs / 1_000 });
        break;
      case 'waits-for-disk':
        this.down('diskSilent', {});
        break;
      case 'goes-on':
        this.listener.recovered('diskSilent');
        break;
      case 'stuck':
        this.down('workerStuck', {});
        break;
      case 'outdated':
        this.down('workerOutdated', {});
        break;
      case 'stopped':
        break;
    }
  }

  private down(kind: WatchFaultKind, values: WatchFault['values']): void {
    this.listener.fault({ kind, values, down: true });
  }
}
