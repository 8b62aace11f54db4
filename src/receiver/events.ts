import type { LetterFacts } from '../admin-api';
import type { NetworkEvent } from '../network';
import type { QueueState } from '../queue';
import type { Counts } from './counts';

/** What the node's second output emits, with the time as ISO 8601. */
export type ReceiverEvent = { at: string } & (
  | NetworkEvent
  | { event: 'listening'; address: string; port: number }
  /** Nothing more is accepted, until the node starts anew; this many associations may still end. */
  | { event: 'draining'; openAssociations: number }
  /** The queue's objects go to the flow, and nothing is accepted here. */
  | { event: 'delivering' }
  | { event: 'stopped' }
  | { event: 'queue-full'; text: string }
  | { event: 'disk-low'; text: string }
  | { event: 'disk-slow'; text: string }
  | ({ event: 'dead-letter'; queueId: string; text: string } & LetterFacts)
  | { event: 'worker-restarted'; text: string; restarts: number }
  /** Events of the last `seconds` that were counted and not reported one by one. */
  | { event: 'events-suppressed'; count: number; seconds: number }
);

/** Without the time, as it is raised. */
export type RaisedEvent = ReceiverEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

/** A receiver's counts since its node's start, and what is so now. */
export interface Counters extends Counts {
  openAssociations: number;
  /** Objects that wait in the queue. */
  queued: number;
  deadLetters: number;
  /** Where machines share the queue; a few seconds old. */
  shared?: Omit<QueueState, 'deadLetters'>;
}
