import type { ReceiverHost } from '../../../src/receiver';
import { QueueOwner } from './queue-owner';

/** A deployed node whose queries and procedure steps the flow answers: `msg.dicom.queryId` and `mppsId` name them. */
export abstract class RequestOwner extends QueueOwner {
  /** Undefined: it does not run because of its settings. */
  abstract override readonly receiver: ReceiverHost | undefined;
}
