import { Fifo } from '../../basics';
import { BlockBuffer } from '../block-buffer';
import { objectIds } from '../object-id';
import {
  LETTERS,
  QueueRefusal,
  queueFull,
  type DeadLetter,
  type DeadLetters,
  type LetterFacts,
  type LetterPage,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
} from '../object-queue';

/** Bytes that a memory queue holds at most, all objects together, dead letters included. */
const MAX_BYTES = 268_435_456;

/** Of so many objects that have just come, what is known of them is kept, too. */
const MOST_NOTES = 64;

interface Held {
  bytes: BlockBuffer;
  unacknowledged: number;
}

/** Keeps objects in this process's memory: lost when it ends, and so honest only for `queue: memory`. */
export class MemoryQueue implements ObjectQueue {
  readonly deadLetters: DeadLetters;
  private waiting = new Fifo<string>();
  private readonly held = new Map<string, Held>();
  private readonly dead = new Map<string, Held & { letter: DeadLetter }>();
  /** Taken and given back, the next one last. */
  private returned: string[] = [];
  private readonly notes = new Map<string, unknown>();
  private bytes = 0;
  private readonly nextId = objectIds(undefined, Date.now());

  constructor(private readonly maxObjects: number) {
    this.deadLetters = {
      list: (page) => Promise.resolve(this.letters(page)),
      count: () => Promise.resolve(this.dead.size),
      requeue: (id) => this.requeue(id),
      discard: (id) => this.discardDead(id),
    };
  }

  get size(): number {
    return this.held.size;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.maxObjects) throw queueFull(this.maxObjects);
    const object = new BlockBuffer();
    const add = (bytes: Buffer): void => {
      if (this.bytes + bytes.length > MAX_BYTES) {
        throw new QueueRefusal('QUEUE_FULL', `memory queue is full: ${MAX_BYTES / 1e6} MB`);
      }
      object.append(bytes);
      this.bytes += bytes.length;
    };
    add(head);
    return {
      write: add,
      content: () => {
        object.trim();
        return { kind: 'memory', bytes: object };
      },
      commit: (note) => {
        const id = this.add({ bytes: object, unacknowledged: 0 });
        if (this.notes.size < MOST_NOTES) this.notes.set(id, note);
        return Promise.resolve(id);
      },
      discard: () => this.forget(object),
    };
  }

  private add(held: Held): string {
    const id = this.nextId({ size: held.bytes.size });
    this.held.set(id, held);
    this.waiting.push(id);
    return id;
  }

  private forget(bytes: BlockBuffer | undefined): void {
    this.bytes -= bytes?.size ?? 0;
    bytes?.clear();
  }

  take(): QueuedObject | undefined {
    const id = this.returned.pop() ?? this.waiting.shift();
    return id === undefined ? undefined : this.attempt(id);
  }

  retake(id: string): QueuedObject | undefined {
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    held.unacknowledged += 1;
    return this.attempt(id);
  }

  private attempt(id: string): QueuedObject | undefined {
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    const { bytes, unacknowledged } = held;
    const note = this.notes.get(id);
    const read: QueuedObject['read'] = (use) => use({ kind: 'memory', bytes });
    return { id, redelivered: unacknowledged, unacknowledged, crashes: 0, note, read };
  }

  /** Nothing of it outlives the process. */
  delivered(): void {}

  release(id: string): void {
    if (this.held.has(id)) this.returned.push(id);
  }

  remove(id: string): void {
    this.forget(this.held.get(id)?.bytes);
    this.held.delete(id);
    this.notes.delete(id);
  }

  park(id: string): void {
    this.notes.delete(id);
  }

  setAside(id: string, why: string, facts: LetterFacts = {}): boolean {
    const held = this.held.get(id);
    if (held === undefined) return true;
    this.held.delete(id);
    this.notes.delete(id);
    const letter = { id, at: new Date().toISOString(), why, deliveries: held.unacknowledged, ...facts };
    this.dead.set(id, { ...held, letter });
    return true;
  }

  private letters({ after = '', limit = LETTERS }: LetterPage = {}): DeadLetter[] {
    return [...this.dead.values()]
      .map(({ letter }) => letter)
      .filter(({ id }) => id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  private requeue(id: string): boolean {
    const held = this.dead.get(id);
    if (held === undefined) return false;
    this.dead.delete(id);
    this.add({ bytes: held.bytes, unacknowledged: 0 });
    return true;
  }

  private discardDead(id: string): boolean {
    this.forget(this.dead.get(id)?.bytes);
    return this.dead.delete(id);
  }

  close(): void {
    for (const { bytes } of [...this.held.values(), ...this.dead.values()]) this.forget(bytes);
    this.waiting = new Fifo();
    this.returned = [];
    this.held.clear();
    this.notes.clear();
    this.dead.clear();
  }
}
