import { join } from 'node:path';
import { DeliveringHost, type QueueHost, type QueueRequests } from '../delivery';
import type { FlowMessage } from '../message';
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
export class WatchHost
  extends DeliveringHost<WatchConfig, ToWatch, FromWatch, QueueRequests>
  implements QueueHost
{
  constructor(
    config: WatchConfig,
    private readonly listener: WatchListener,
  ) {
    const file = join(__dirname, 'worker.js');
    super({ file, name: `dicom-watch:${config.nodeId}`, heapMB: WORKER_HEAP_MB }, config, listener);
  }

  protected receive(message: FromWatch): void {
    switch (message.kind) {
      case 'delivery':
        this.deliver(message);
        break;
      case 'state':
        this.listener.state(message.state);
        break;
      case 'fault':
        this.listener.fault(message.fault);
        break;
    }
  }
}
