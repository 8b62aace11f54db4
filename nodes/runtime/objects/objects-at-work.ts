import { sequenceOf } from '../../../src/queue';
import { queueNameOf, type ObjectMessage } from './message-object';
import { queueName, type QueueName } from '../queues';

/** A message that goes on is with a node that takes the object on, if there is one, in far less. */
const ON_THE_WAY_MS = 1_000;
/** Nobody waits any longer. */
const LONGEST_MS = 60_000;

/** An object that nodes work on which have not taken it on: it may become nobody's before their message is with one that does. */
interface AtWork {
  nodes: number;
  /** Messages that have gone on, and are with no node that takes the object on: each has a timer. */
  readonly onTheWay: Set<NodeJS.Timeout>;
  readonly waiting: Set<() => void>;
}

const atWork = new Map<string, AtWork>();

/** The one and the same object for all of its names. */
export function objectKey({ nodeId, objectId }: QueueName): string {
  return `${nodeId}:${sequenceOf(objectId)}`;
}

/** What is to be called when the work has ended. @param goesOn the message goes on, perhaps to a node that takes the object on */
export type WorkEnds = (goesOn: boolean) => void;

/** A node begins to work on the object of a message. */
export function beginWork(message: ObjectMessage): WorkEnds {
  const name = queueName(queueNameOf(message));
  if (name === undefined) return () => undefined;
  const key = objectKey(name);
  const object = atWork.get(key) ?? { nodes: 0, onTheWay: new Set(), waiting: new Set() };
  atWork.set(key, object);
  object.nodes += 1;
  return (goesOn) => {
    object.nodes -= 1;
    if (goesOn) {
      const timer = setTimeout(() => arrived(key, object, timer), ON_THE_WAY_MS).unref();
      object.onTheWay.add(timer);
    }
    endIfOver(key, object);
  };
}

/** A node has taken an object on: one of the messages that were on the way is there. */
export function takenOn(name: QueueName): void {
  const key = objectKey(name);
  const object = atWork.get(key);
  const [first] = object?.onTheWay ?? [];
  if (object !== undefined && first !== undefined) arrived(key, object, first);
}

/**
 * Resolves when nobody is at work on an object, or that takes very long. Where a message goes to several nodes, one that is done
 * with the object waits for the others: they would not find it any more, nor would those to whom they pass it on.
 */
export async function nobodyAtWork(key: string): Promise<void> {
  const object = atWork.get(key);
  if (object === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    object.waiting.add(resolve);
    timer = setTimeout(() => {
      object.waiting.delete(resolve);
      resolve();
    }, LONGEST_MS).unref();
  });
  clearTimeout(timer);
}

function arrived(key: string, object: AtWork, timer: NodeJS.Timeout): void {
  clearTimeout(timer);
  object.onTheWay.delete(timer);
  endIfOver(key, object);
}

function endIfOver(key: string, object: AtWork): void {
  if (object.nodes > 0 || object.onTheWay.size > 0) return;
  atWork.delete(key);
  for (const resolve of object.waiting) resolve();
}
