import type { ReceiverHost } from '../../src/receiver';

/** A deployed node with its own queue, which knows the objects that `msg.dicom.queueId` names. */
export abstract class QueueOwner {
  /** Undefined: it does not run because of its settings. */
  abstract readonly receiver: Pick<ReceiverHost, 'ask'> | undefined;
}
