import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Given } from '../../../src/edit';
import type { OpenedObject } from '../../../src/queue';
import { WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../deployed-nodes';
import { changesOf, type MessageObject, type ObjectMessage } from './message-object';
import { queueName, QueueOwner } from '../queues';

/** An object of a message, for one request to the worker that reads and changes objects. */
export interface GivenObject {
  given: Given;
  /** To its queue; undefined: none has it. */
  port: MessagePort | undefined;
}

/**
 * Opens the object of a message for a request, with the changes that are pending in the message. One of a queue stays as it is
 * until the worker is done with it.
 * @throws DicomError `changes-invalid`; WorkerNotRunning, RequestTimedOut, or the queue's error where it cannot be opened
 */
export async function givenObject(
  { place, sopInstanceUID }: MessageObject,
  message: ObjectMessage,
): Promise<GivenObject> {
  const changes = changesOf(message);
  // Where changes are pending, they say which object lies there.
  const expected =
    changes === undefined ? { ...(sopInstanceUID !== undefined && { sopInstanceUID }) } : { changes };
  if (place.kind !== 'queue') return { given: { place, ...expected }, port: undefined };
  const { port1: theirs, port2: ours } = new MessageChannel();
  try {
    const object = await openInQueue(place.queueId, theirs);
    return { given: { place: { kind: 'opened', object }, ...expected }, port: ours };
  } catch (error) {
    ours.close();
    throw error;
  }
}

async function openInQueue(queueId: string, port: MessagePort): Promise<OpenedObject> {
  const name = queueName(queueId);
  const receiver = name && deployedNodes.get(name.nodeId, QueueOwner)?.receiver;
  if (name === undefined || receiver === undefined)
    throw new WorkerNotRunning('the node in whose queue the object lies is not deployed');
  return receiver.ask('openObject', name.objectId, port);
}
