import type { Counters, ReceiverEvent } from './events';
import type { ReceiverFault } from './faults';

/** What a receiver's host tells its worker. Whoever changes this file raises `PROTOCOL` (src/worker/protocol.ts). */
export type ToReceiver =
  | { kind: 'delivered'; id: string }
  /** The message could not be sent to the flow. */
  | { kind: 'not-delivered'; id: string; reason: string };

/** What a receiver tells its host. */
export type FromReceiver =
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
  | { kind: 'fault'; fault: ReceiverFault };
