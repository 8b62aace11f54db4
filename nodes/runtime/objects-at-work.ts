import { sequenceOf } from '../../src/queue';
import { queueNameOf, type ObjectMessage } from './message-object';
import { queueName, type QueueName } from './queue-owner';

/** A message that goes on is with a node that takes the object on, if there is one, in far less. */
const ON_THE_WAY_MS = 1_000;
/** No failure waits any longer. */
const LONGEST_MS = 60_000;

/** How many nodes read an object without having taken it on, or have just sent its message on; and who waits for them. */
interface AtWork {
  count: number;
  waiting: Set<() => void>;
}

const atWork = new Map<string, AtWork>();

/** The one and the same object for all of its names. */
export function objectKey({ nodeId, objectId }: QueueName): string {
  return `${nodeId}:${sequenceOf(objectId)}`;
}

/**
 * A node begins to work on the object of a message, which is to go on to others. Returns what is to be called when it has gone on,
 * or does not.
 */
export function beginWork(message: ObjectMessage): () => void {
  const name = queueName(queueNameOf(message));
  if (name === undefined) return () => undefined;
  const key = objectKey(name);
  const object = atWork.get(key) ?? { count: 0, waiting: new Set() };
  atWork.set(key, object);
  object.count += 1;
  return () => void setTimeout(() => endWork(key, object), ON_THE_WAY_MS).unref();
}

function endWork(key: string, object: AtWork): void {
  object.count -= 1;
  if (object.count > 0) return;
  atWork.delete(key);
  for (const resolve of object.waiting) resolve();
}

/**
 * Resolves when nobody is at work on an object, or that takes very long. Where a message goes to several nodes, one that gives the
 * object up waits for those that would meet it as a dead letter otherwise: they may pass it on to somebody who takes it on.
 */
export async function nobodyAtWork(key: string): Promise<void> {
  const object = atWork.get(key);
  if (object === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  let over: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    over = resolve;
    object.waiting.add(over);
    timer = setTimeout(resolve, LONGEST_MS).unref();
  });
  object.waiting.delete(over);
  clearTimeout(timer);
}
