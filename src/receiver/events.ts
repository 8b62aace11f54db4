import type { NetworkEvent } from '../network';

/** What the node's second output emits, with the time as ISO 8601. */
export type ReceiverEvent = { at: string } & (
  | NetworkEvent
  | { event: 'listening'; address: string; port: number }
  | { event: 'stopped' }
  | { event: 'queue-full'; text: string }
  | { event: 'disk-low'; text: string }
  | { event: 'dead-letter'; queueId: string; text: string }
  | { event: 'worker-restarted'; text: string; restarts: number }
);

/** Without the time, as it is raised. */
export type RaisedEvent = ReceiverEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

/** A receiver's counters since its start. */
export interface Counters {
  openAssociations: number;
  associations: number;
  rejected: number;
  aborted: number;
  received: number;
  refused: number;
  /** Bytes of data sets received. */
  bytes: number;
  /** Objects handed to the flow. */
  delivered: number;
  /** Objects that wait in the queue now. */
  queued: number;
}
