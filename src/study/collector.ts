import type { OpenStudies } from '../admin-api';
import type { AnswerOutcome } from '../delivery';
import type { CommandStatus } from '../network';
import type { Listing } from './listing';
import type { FiringReason, StudyObject } from './records';
import type { TriggerSettings } from './triggers';

/** The queues in which the objects lie. Names are those of messages: a node's id, a colon, and what the node calls the object. */
export interface StudyQueues {
  /** As `ObjectQueue.park`. @throws where the queue is not heard */
  park(name: string, owner: string): Promise<boolean>;
  /** The owner is done with an object, which is acknowledged with this. False: the queue is not heard now. */
  letGo(name: string, owner: string, status: CommandStatus): Promise<boolean>;
  /** What is held by others whose name begins so is delivered again. @param isOwner asked when it is known who holds something */
  disownOthers(begin: string, isOwner: (owner: string) => boolean): Promise<void>;
  /** Something of one of these studies waits to be delivered, or for the flow. @param nodes whose queues are to be heard */
  isWaiting(studies: Iterable<string>, nodes: ReadonlySet<string>): Promise<boolean>;
  /**
   * One of these associations is open still.
   * @param quietMs so long ago the last object came
   */
  isOpen(associations: ReadonlySet<string>, nodes: ReadonlySet<string>, quietMs: number): Promise<boolean>;
}

/** A message that says that a study is complete. */
export interface StudyFiring {
  /** Acknowledges all of it. */
  id: string;
  number: number;
  reason: FiringReason;
  /** Different objects that had come at all. */
  objects: number;
  /** How often it may have been sent before. */
  redelivered: number;
  listing: Listing;
}

/** For the status. */
export interface StudySummary {
  open: number;
  /** Of these, such as would be complete, but for objects of them in queues, or associations. */
  heldUp: number;
  /** Milliseconds of the wall clock; Infinity: not known. */
  next: number;
  unacknowledged: number;
}

export interface StudiesListener {
  fire(firing: StudyFiring): void;
  /** There is something else to show. */
  changed(): void;
  /** What went wrong beside any message. */
  failed(error: Error): void;
  /** Objects of a study that their queues do not have any more. */
  lost(key: string, objects: number): void;
}

export interface StudiesOptions extends TriggerSettings {
  nodeId: string;
  groupBy: string;
  /** Firings are acknowledged when their message has been sent. */
  acknowledgesItself: boolean;
}

type Soon<T> = T | Promise<T>;

/** Collects objects into groups, and says when they are complete: by itself, or together with other instances. */
export interface StudyCollector {
  /** Finds what an earlier run left behind. @throws the system's error; UnknownLog */
  open(): Promise<void>;
  /**
   * An object has come. Resolves when it is safe that it is part of its group, and its queue has it parked.
   * @throws ChangesTooLarge; ObjectLost; what the store or the queue throws. Then it is not part of it
   */
  add(object: StudyObject): Promise<void>;
  /** How many objects are expected, or which. Resolves when that is safe. */
  expect(key: string, expected: number, instances: readonly string[] | undefined): Promise<void>;
  /** The keys of groups that are open and of which this is true of a study. */
  keysOf(studyInstanceUID: string): Soon<string[]>;
  /** Sends what has come of a group. False: nothing has. */
  fireNow(key: string): Soon<boolean>;
  /** Does not say for so long that a group is complete, unless what was expected has come. False: there is nothing of it. */
  extend(key: string, milliseconds: number): Promise<boolean>;
  /** Forgets a group. What came since the last firing is given up: it becomes dead letters of its queues. False: it is not known. */
  forget(key: string, status: CommandStatus): Promise<boolean>;
  /** The flow is done with a firing. Resolves when that is safe; its objects hear of it next. */
  acknowledge(id: string, status: CommandStatus): Promise<AnswerOutcome>;
  /** Waits for its acknowledgement. */
  isUnacknowledged(id: string): Soon<boolean>;
  /** The flow gives it back: it is sent again, in a while or when flows start. */
  giveBack(id: string): Soon<boolean>;
  /** Sends the unacknowledged firings of a group again. False: there are none. */
  repeat(key: string): Soon<boolean>;
  /** Flows have started: what was given back goes to nodes that are there again, and queues may be heard. */
  flowsStarted(): void;
  /** What is open, the next to fire first; `most` of it. */
  openStudies(most: number): Soon<OpenStudies>;
  summary(): StudySummary;
  /** Resolves when nothing is under way. What has not been fired or acknowledged is there the next time. */
  close(): Promise<void>;
}

/** Its queue did not have the object any more when the node wanted to take it on. */
export class ObjectLost extends Error {
  override readonly name = 'ObjectLost';
}
