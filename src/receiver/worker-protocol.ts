import type { Counters, ReceiverEvent } from './events';
import type { ReceiverFault } from './faults';
import type { PostedReply, PostedRequest } from './requests';

/** From the host to its worker; posted in batches (Outbox). */
export type ToWorker =
  | { kind: 'handed-over'; id: string }
  /** The message could not be sent to the flow. */
  | { kind: 'not-handed-over'; id: string; reason: string }
  | { kind: 'stop'; graceMs: number }
  | PostedRequest;

/** From the worker to its host; posted in batches, too. */
export type FromWorker =
  /** `json` is a FlowMessage as text: parsing it costs the main thread a third of what cloning does. */
  | {
      kind: 'delivery';
      id: string;
      json: string;
      object?: Uint8Array<ArrayBuffer>;
      document?: Uint8Array<ArrayBuffer>;
    }
  | { kind: 'event'; event: ReceiverEvent }
  | { kind: 'counters'; counters: Counters }
  | { kind: 'fault'; fault: ReceiverFault }
  | PostedReply;
