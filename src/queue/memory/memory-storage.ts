import type { DeadLetter } from '../../admin-api';
import { BlockBuffer } from '../block-buffer';
import { LETTERS, type LocalDeadLetters, type LetterPage } from '../dead-letters';
import type { PinnedBytes } from '../object-handle';
import { objectIds } from '../object-id';
import { ObjectDamaged } from '../object-damaged';
import type { FoundObject } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import type { CompletedObject, ObjectPart, ObjectStorage, StorageListener } from '../object-storage';

/** Bytes that a memory queue holds at most, all objects together, with dead letters and what is kept for a while. */
const MAX_BYTES = 268_435_456;

/** The memory of an object: given back when it has left and nobody reads it any more. */
interface Held {
  bytes: BlockBuffer;
  pins: number;
  isGone: boolean;
}

/**
 * Keeps objects in blocks of memory. Nothing of it outlives the process, so nothing need be written down; and nobody else
 * can write to these blocks, so a checksum would only cost.
 */
export class MemoryStorage implements ObjectStorage {
  readonly newestFound = '';
  readonly deadLetters: LocalDeadLetters;
  private readonly objects = new Map<string, Held>();
  private readonly kept = new Map<string, Held>();
  private readonly dead = new Map<string, { held: Held; letter: DeadLetter }>();
  private bytes = 0;
  private readonly nextId = objectIds(undefined, Date.now());

  constructor(private readonly listener: StorageListener) {
    this.deadLetters = {
      list: (page) => Promise.resolve(this.letters(page)),
      count: () => Promise.resolve(this.dead.size),
      has: (id) => this.dead.has(id),
      requeue: (id) => this.requeue(id),
      discard: (id) => this.discardDead(id),
    };
  }

  open(): Promise<FoundObject[]> {
    return Promise.resolve([]);
  }

  checkRoom(): void {
    if (this.bytes >= MAX_BYTES) throw full();
  }

  freeRoom(): boolean {
    return false;
  }

  begin(head: Buffer): ObjectPart {
    const held: Held = { bytes: new BlockBuffer(), pins: 0, isGone: false };
    const append = (bytes: Buffer): void => {
      if (this.bytes + bytes.length > MAX_BYTES) throw full();
      held.bytes.append(bytes);
      this.bytes += bytes.length;
    };
    append(head);
    return {
      append,
      content: () => {
        held.bytes.trim();
        return { kind: 'memory', bytes: held.bytes };
      },
      complete: () => Promise.resolve(this.add(held)),
      discard: () => this.giveBack(held),
    };
  }

  private add(held: Held): CompletedObject {
    const id = this.nextId({ size: held.bytes.size });
    this.objects.set(id, held);
    return { id, bytes: undefined, head: undefined };
  }

  private giveBack(held: Held | undefined): void {
    if (held === undefined) return;
    held.isGone = true;
    if (held.pins > 0) return;
    this.bytes -= held.bytes.size;
    held.bytes.clear();
  }

  isReady(): boolean {
    return true;
  }

  has(id: string): boolean {
    return this.objects.has(id);
  }

  read<T>(id: string, use: (content: ObjectContent) => T): T {
    return use({ kind: 'memory', bytes: this.held(id).bytes });
  }

  pin(id: string): PinnedBytes {
    const held = this.held(id);
    held.pins += 1;
    return {
      size: held.bytes.size,
      read: (offset, length) => Promise.resolve(held.bytes.copy(offset, length)),
      unpin: () => {
        held.pins -= 1;
        if (held.isGone) this.giveBack(held);
      },
    };
  }

  private held(id: string): Held {
    const held = this.objects.get(id) ?? this.kept.get(id);
    if (held === undefined) throw new ObjectDamaged(`there is no object ${id} in memory`);
    return held;
  }

  setAttempts(): void {}

  setParking(): void {}

  safe(): Promise<void> {
    return Promise.resolve();
  }

  remove(id: string): void {
    const held = this.objects.get(id);
    this.objects.delete(id);
    this.giveBack(held);
  }

  removeAgain(): void {}

  keep(id: string): void {
    move(id, this.objects, this.kept);
  }

  discardKept(id: string): void {
    const held = this.kept.get(id);
    this.kept.delete(id);
    this.giveBack(held);
  }

  restore(id: string): void {
    move(id, this.kept, this.objects);
  }

  setAside(letter: DeadLetter): undefined {
    const held = this.held(letter.id);
    this.objects.delete(letter.id);
    this.dead.set(letter.id, { held, letter });
  }

  private letters({ after = '', limit = LETTERS }: LetterPage = {}): DeadLetter[] {
    return [...this.dead.values()]
      .map(({ letter }) => letter)
      .filter(({ id }) => id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  private requeue(letterId: string): boolean {
    const dead = this.dead.get(letterId);
    if (dead === undefined) return false;
    this.dead.delete(letterId);
    const { id } = this.add(dead.held);
    this.listener.onCame(id, undefined);
    return true;
  }

  private discardDead(id: string): boolean {
    this.giveBack(this.dead.get(id)?.held);
    return this.dead.delete(id);
  }

  forget(): void {}

  close(): void {
    for (const held of [...this.objects.values(), ...this.kept.values()]) this.giveBack(held);
    for (const { held } of this.dead.values()) this.giveBack(held);
    this.objects.clear();
    this.kept.clear();
    this.dead.clear();
  }
}

function move(id: string, from: Map<string, Held>, to: Map<string, Held>): void {
  const held = from.get(id);
  if (held === undefined) return;
  from.delete(id);
  to.set(id, held);
}

function full(): QueueRefusal {
  return new QueueRefusal('QUEUE_FULL', `the queue in memory is full: ${MAX_BYTES / 1e6} MB`);
}
