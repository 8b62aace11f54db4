import type { FeedNews, PostedObject } from '../delivery';
import type { WatchFault } from './faults';

/** What a host of a watched folder tells its worker. Whoever changes this file raises `PROTOCOL` (src/worker/protocol.ts). */
export type ToWatch = FeedNews;

/** How it goes with a folder. */
export interface WatchState {
  /** It is being watched. */
  isWatching: boolean;
  /** Objects that the flow got since the worker began. */
  delivered: number;
  /** Files that have been taken, and the flow is not done with. */
  queued: number;
  /** Files that are in the folder, and are complete as far as is known or still being written. */
  waiting: number;
  /** Files that are no DICOM objects. */
  foreign: number;
  deadLetters: number;
}

/** What a worker tells its host. */
export type FromWatch =
  | ({ kind: 'delivery' } & PostedObject)
  | { kind: 'state'; state: WatchState }
  | { kind: 'fault'; fault: WatchFault };
