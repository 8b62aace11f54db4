import {
  QueueRefusal,
  queueFull,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
} from './object-queue';
import { objectIds } from './object-id';

/** Bytes that a memory queue holds at most, all objects together. */
const MAX_BYTES = 268_435_456;

/** Keeps objects in this process's memory: lost when it ends, and so honest only for `queue: memory`. */
export class MemoryQueue implements ObjectQueue {
  private readonly waiting: QueuedObject[] = [];
  /** Sizes of all objects in the queue, taken or not. */
  private readonly sizes = new Map<string, number>();
  private bytes = 0;
  private readonly nextId = objectIds(undefined, Date.now());

  constructor(private readonly maxObjects: number) {}

  get size(): number {
    return this.sizes.size;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.maxObjects) throw queueFull(this.maxObjects);
    const parts: Buffer[] = [];
    let length = 0;
    const add = (bytes: Buffer): void => {
      if (this.bytes + bytes.length > MAX_BYTES) {
        throw new QueueRefusal('QUEUE_FULL', `memory queue is full: ${MAX_BYTES / 1e6} MB`);
      }
      parts.push(bytes);
      length += bytes.length;
      this.bytes += bytes.length;
    };
    const whole = (): Buffer => {
      if (parts.length > 1) parts.splice(0, parts.length, Buffer.concat(parts, length));
      return parts[0] ?? Buffer.alloc(0);
    };
    add(head);
    return {
      write: add,
      content: () => ({ kind: 'memory', bytes: whole() }),
      commit: () => {
        this.add(whole());
        return Promise.resolve();
      },
      discard: () => {
        this.bytes -= length;
      },
    };
  }

  private add(bytes: Buffer): void {
    const id = this.nextId();
    this.sizes.set(id, bytes.length);
    this.waiting.push({ id, redelivered: 0, read: (use) => use({ kind: 'memory', bytes }) });
  }

  take(): QueuedObject | undefined {
    return this.waiting.shift();
  }

  remove(id: string): void {
    this.bytes -= this.sizes.get(id) ?? 0;
    this.sizes.delete(id);
  }

  /** There is no place to set it aside to: the caller reports it. */
  setAside(id: string): void {
    this.remove(id);
  }

  close(): void {
    this.waiting.length = 0;
    this.sizes.clear();
    this.bytes = 0;
  }
}
