import { Fifo } from '../basics';
import type { QueuedObject } from './object-queue';

/** The order in which objects are claimed, and the one call of `claim` that may be open. Objects go by their ids, or by themselves. */
export class Claims<T = string> {
  private waiting = new Fifo<T>();
  /** Released, the next one last. */
  private released: T[] = [];
  /** In here, and not to be claimed any more. */
  private readonly withdrawn = new Set<T>();
  private open: { max: number; resolve(objects: QueuedObject[]): void } | undefined;
  private isClosed = false;

  /** @param take begins an attempt with the object at the head, which it shifts; undefined: not now */
  constructor(private readonly take: () => QueuedObject | undefined) {}

  get size(): number {
    return this.waiting.size + this.released.length - this.withdrawn.size;
  }

  /** The next one. */
  get head(): T | undefined {
    let id = this.released.at(-1) ?? this.waiting.head;
    while (id !== undefined && this.withdrawn.size > 0 && this.withdrawn.delete(id)) {
      this.shift();
      id = this.released.at(-1) ?? this.waiting.head;
    }
    return id;
  }

  /** Takes the head out. */
  shift(): void {
    if (this.released.pop() === undefined) this.waiting.shift();
  }

  /** Behind all others. */
  add(id: T): void {
    this.waiting.push(id);
    this.wake();
  }

  /** The same with several: one claim may get all of them. */
  addAll(ids: Iterable<T>): void {
    for (const id of ids) this.waiting.push(id);
    this.wake();
  }

  /** Before all others. */
  release(id: T): void {
    if (!this.withdrawn.delete(id)) this.released.push(id);
    this.wake();
  }

  /** Of all that wait, in no order. */
  ids(): T[] {
    return [...this.waiting, ...this.released].filter((id) => !this.withdrawn.has(id));
  }

  /** It waits, and is not to be claimed any more. */
  withdraw(id: T): void {
    this.withdrawn.add(id);
  }

  /** It waits no more. */
  isWithdrawn(id: T): boolean {
    return this.withdrawn.has(id);
  }

  claim(max: number): Promise<QueuedObject[]> {
    if (this.open !== undefined) return Promise.reject(new Error('one claim may be open at a time'));
    if (this.isClosed) return Promise.resolve([]);
    const objects = this.takeUpTo(max);
    if (objects.length > 0) return Promise.resolve(objects);
    return new Promise((resolve) => (this.open = { max, resolve }));
  }

  /** There may be something to claim. */
  wake(): void {
    const { open } = this;
    if (open === undefined) return;
    // Taking may wake.
    this.open = undefined;
    const objects = this.takeUpTo(open.max);
    if (objects.length > 0) open.resolve(objects);
    else this.open = open;
  }

  /** Begins anew, with nothing. */
  reset(): void {
    this.isClosed = false;
    this.waiting = new Fifo();
    this.released = [];
    this.withdrawn.clear();
  }

  close(): void {
    this.reset();
    this.isClosed = true;
    this.open?.resolve([]);
    this.open = undefined;
  }

  private takeUpTo(max: number): QueuedObject[] {
    const objects: QueuedObject[] = [];
    while (objects.length < max) {
      const object = this.take();
      if (object === undefined) break;
      objects.push(object);
    }
    return objects;
  }
}
