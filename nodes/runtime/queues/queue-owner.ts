import type { QueueHost } from '../../../src/delivery';
import type { PayloadSettings } from '../../../src/message';
import type { SharedStateOptions } from '../../../src/queue';
import type { DeadLetterBox } from '../routes';

/** A queue in a database, and the directory of this machine for it. */
export type SharedPlaceHere = Omit<SharedStateOptions, 'user'>;

/** A deployed node with its own queue, which knows the objects that `msg.dicom.queueId` names. */
export abstract class QueueOwner {
  /** Undefined: it does not run because of its settings. */
  abstract readonly receiver: QueueHost | undefined;
  /** The flow acknowledges its objects: they stay in flight until then. */
  abstract readonly isAcknowledged: boolean;
  /** Seconds from its receipt for which the sender of an object waits for its answer. Undefined: it has been answered. */
  abstract readonly answersWithinSeconds: number | undefined;

  /** Something keeps it from its work, nobody knows for how long. */
  get isDown(): boolean {
    return false;
  }

  /** Undefined: it has no queue, because of its settings. */
  get deadLetterBox(): DeadLetterBox | undefined {
    const { receiver } = this;
    return (
      receiver && {
        deadLetters: (page) => receiver.ask('deadLetters', page),
        requeue: (id) => receiver.ask('requeue', id),
        discard: (id) => receiver.ask('discard', id),
      }
    );
  }

  /** The ids of associations through which more may come. @throws as `QueueHost.ask` */
  openAssociations(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** The AE title under which others reach it; undefined: none does. */
  get aeTitle(): string | undefined {
    return undefined;
  }

  /** Where its queue is that several machines share, if it delivers from one. Undefined: the queue is this machine's own. */
  get sharedPlace(): SharedPlaceHere | undefined {
    return undefined;
  }

  /** How it makes the payload of its messages. Undefined: the usual way. */
  get payload(): PayloadSettings | undefined {
    return undefined;
  }
}

/** The parts of a queueId or an acknowledgeId: a node's id may hold anything, an object's holds no colon. */
export interface QueueName {
  nodeId: string;
  objectId: string;
}

/** Undefined: it is none. */
export function queueName(id: unknown): QueueName | undefined {
  const separator = typeof id === 'string' ? id.lastIndexOf(':') : -1;
  if (typeof id !== 'string' || separator < 0) return undefined;
  return { nodeId: id.slice(0, separator), objectId: id.slice(separator + 1) };
}
