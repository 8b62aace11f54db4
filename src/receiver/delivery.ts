import type { ObjectQueue, QueuedObject } from '../queue';
import { convertQueued, type ConversionSettings, type ConvertedObject } from './conversion';

/** Objects on their way to the flow at a time: enough to keep it busy, few enough to hold in memory. */
const MAX_UNDER_WAY = 16;

/** Takes objects from the queue, converts them and passes them on, oldest first, as fast as they are handed over. */
export class Delivery {
  private readonly underWay = new Set<string>();
  private scheduled: NodeJS.Immediate | undefined;
  private stopped = false;

  constructor(
    private readonly queue: ObjectQueue,
    private readonly settings: ConversionSettings,
    private readonly deliver: (id: string, converted: ConvertedObject) => void,
    /** An accepted object could not be converted: it has been set aside in the queue. */
    private readonly failed: (id: string, error: unknown) => void,
  ) {}

  /** There may be something to deliver. */
  wake(): void {
    if (this.stopped || this.scheduled !== undefined || this.underWay.size >= MAX_UNDER_WAY) return;
    // One object a turn: sockets and timers have theirs between any two.
    this.scheduled = setImmediate(() => {
      this.scheduled = undefined;
      const queued = this.queue.take();
      if (queued === undefined) return;
      this.pass(queued);
      this.wake();
    });
  }

  /** The flow has got it. */
  handedOver(id: string): void {
    if (!this.underWay.delete(id)) return;
    this.queue.remove(id);
    this.wake();
  }

  stop(): void {
    this.stopped = true;
    clearImmediate(this.scheduled);
  }

  private pass(queued: QueuedObject): void {
    let converted: ConvertedObject;
    try {
      converted = convertQueued(queued, this.settings);
    } catch (error) {
      this.queue.setAside(queued.id, String(error));
      this.failed(queued.id, error);
      return;
    }
    this.underWay.add(queued.id);
    this.deliver(queued.id, converted);
  }
}
