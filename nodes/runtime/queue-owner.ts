import type { ReceiverHost } from '../../src/receiver';

/** A deployed node with a queue of its own: what `msg.dicom.queueId` names is asked of it. */
export abstract class QueueOwner {
  /** Undefined: it does not run because of its settings. */
  abstract readonly receiver: Pick<ReceiverHost, 'ask'> | undefined;
}
