import assert from 'node:assert/strict';
import type { QueuedObject } from '../../../src/queue';
import type { LocalQueue } from '../../../src/queue/local-queue';
import { textOf } from './queue-folder';

/** As a crash leaves it: nothing is cleaned up, but the system ends the lock. */
export function dieWithout(queue: LocalQueue): void {
  (queue as unknown as { storage: { lock: { release(): void } } }).storage.lock.release();
}

/** Puts an object into the queue, in these parts; resolves with its id. */
export async function put(queue: LocalQueue, ...parts: string[]): Promise<string> {
  const writer = queue.begin(Buffer.from(parts[0] ?? ''));
  for (const part of parts.slice(1)) writer.append(Buffer.from(part));
  return writer.complete();
}

/** A file of an earlier run is looked at before it is given. */
const LOOK_MS = 5_000;

/** The next object, once it may be taken. Undefined: none waits. */
export async function next(queue: LocalQueue, taken = 0): Promise<QueuedObject | undefined> {
  const until = performance.now() + LOOK_MS;
  for (;;) {
    const object = queue.take();
    if (object !== undefined || queue.size <= taken || performance.now() > until) return object;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Takes all that waits; so many have been taken before. */
export async function takeAll(queue: LocalQueue, before = 0): Promise<QueuedObject[]> {
  const taken: QueuedObject[] = [];
  for (;;) {
    const object = await next(queue, before + taken.length);
    if (object === undefined) return taken;
    taken.push(object);
  }
}

/** The texts of all that waits; so many have been taken before. */
export async function takeTexts(queue: LocalQueue, before = 0): Promise<string[]> {
  return (await takeAll(queue, before)).map((object) => object.read(textOf));
}

/** Removes an object on a disk that may fail. False: that could not be written down. */
export async function couldRemove(queue: LocalQueue, id: string): Promise<boolean> {
  try {
    await queue.remove(id);
    return true;
  } catch (error) {
    assert.match((error as NodeJS.ErrnoException).code ?? String(error), /^E[A-Z]+$/);
    return false;
  }
}

/** Resolves when what is to happen at the end of this turn has happened. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
