import type { QueueRequests } from '../delivery';
import { Retrieve, RetrievedObjects, type RetrievedConfig, type RetrieveRequest } from '../retrieve';
import type { Weight } from '../worker';
import type { FromSender } from './worker-protocol';

export type Tell = (message: FromSender, weight?: Weight) => void;

/** What is retrieved in the outgoing worker, and the queues that it goes into. */
export class Retrievals {
  /** By the id of their node. */
  private readonly queues = new Map<string, RetrievedObjects>();

  constructor(private readonly tell: Tell) {}

  /** One retrieval, for a line of its peer. */
  begin(request: RetrieveRequest): Retrieve {
    const { id, queue } = request;
    return new Retrieve(
      request,
      {
        progress: (counts) => this.tell({ kind: 'retrieve-progress', id, counts }),
        ended: (end) => this.tell({ kind: 'retrieve-ended', id, end }),
      },
      queue === undefined ? undefined : this.queues.get(queue),
    );
  }

  addQueue(config: RetrievedConfig): void {
    const { id: queue } = config;
    if (this.queues.has(queue)) return;
    const objects = new RetrievedObjects(config, {
      deliver: (id, { json, object, document }) => {
        const parts = { ...(object && { object }), ...(document && { document }) };
        // Each alone in its memory (see conversion.ts), so they move to the main thread instead of being copied.
        const transfer = Object.values(parts).map(({ buffer }) => buffer);
        const bytes = transfer.reduce((total, { byteLength }) => total + byteLength, json.length);
        this.tell({ kind: 'retrieved-delivery', queue, id, json, ...parts }, { bytes, transfer });
      },
      state: (state) => this.tell({ kind: 'retrieved-state', queue, state }),
      fault: (fault) => this.tell({ kind: 'retrieved-fault', queue, fault }),
    });
    this.queues.set(queue, objects);
    objects.start();
  }

  delivered(queue: string, id: string): void {
    this.queues.get(queue)?.delivered(id);
  }

  notDelivered(queue: string, id: string, reason: string): void {
    this.queues.get(queue)?.notDelivered(id, reason);
  }

  /** @throws Error when there is no such queue; what the request throws */
  ask(queue: string, name: keyof QueueRequests, args: unknown[]): unknown {
    const objects = this.queues.get(queue);
    if (objects === undefined) throw new Error('there is no such queue');
    const request = objects[name].bind(objects) as (...args: unknown[]) => unknown;
    return request(...args);
  }

  async closeQueue(queue: string): Promise<void> {
    const objects = this.queues.get(queue);
    this.queues.delete(queue);
    await objects?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.keys()].map((queue) => this.closeQueue(queue)));
  }
}
