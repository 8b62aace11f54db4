import type { DiskQueue, ObjectQueue, QueuedObject } from '../../src/queue';
import { textOf } from './queue-folder';

/** As a crash leaves it: nothing is cleaned up, but the system ends the lock. */
export function dieWithout(queue: DiskQueue): void {
  (queue as unknown as { lock: { release(): void } }).lock.release();
}

/** Puts an object into the queue, in these parts; resolves with its id. */
export async function put(queue: ObjectQueue, ...parts: string[]): Promise<string> {
  const writer = queue.begin(Buffer.from(parts[0] ?? ''));
  for (const part of parts.slice(1)) writer.write(Buffer.from(part));
  return writer.commit();
}

/** Takes all that waits. */
export function takeAll(queue: ObjectQueue): QueuedObject[] {
  const taken: QueuedObject[] = [];
  for (let object = queue.take(); object !== undefined; object = queue.take()) taken.push(object);
  return taken;
}

/** The texts of all that waits. */
export function takeTexts(queue: ObjectQueue): string[] {
  return takeAll(queue).map((object) => object.read(textOf));
}

/** Resolves when what is to happen at the end of this turn has happened. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
