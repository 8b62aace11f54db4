import type { MessagePort } from 'node:worker_threads';
import type { DeadLetterList } from '../admin-api';
import type { CommandStatus } from '../network';
import type { LetterPage, OpenedObject, Unparked } from '../queue';
import type { Asked } from '../worker';
import type { AnswerOutcome } from './answers';

/**
 * What nodes of the family ask of the queue in which an object lies. `name` is the object's id or its acknowledge id; only the
 * id opens it.
 */
export interface QueueRequests {
  /** The flow's answer to an object. Resolves when what follows from it is safe. */
  answer(name: string, status: CommandStatus): Promise<AnswerOutcome>;
  /**
   * The flow is still at work on it. False: it is not in flight.
   * @param leastMs for so long it is not delivered again, however soon that is to be done otherwise
   */
  extend(name: string, leastMs?: number): Promise<boolean>;
  /** The flow gives it back: it is delivered again, and nothing is counted. False: it is not in flight. */
  release(name: string): Promise<boolean>;
  /** A node could not work on it, for a reason without patient data: should nobody acknowledge it, its dead letter tells. False: it is not in flight. */
  notWorkedOn(name: string, reason: string): Promise<boolean>;
  /** As `ObjectQueue.park`. False: there is no such object. */
  park(name: string, owner: string): Promise<boolean>;
  /** As `ObjectQueue.unpark`. */
  unpark(name: string, owner: string): Promise<Unparked['state']>;
  /** An owner gives it up for good: it becomes a dead letter. False: there is no such object. */
  giveUp(name: string, owner: string, status: CommandStatus): Promise<boolean>;
  /** As `ObjectQueue.waiting`. */
  waiting(studyInstanceUID: string): Promise<number>;
  /** Who holds objects, once the queue is open. */
  owners(): Promise<string[]>;
  /** These owners are gone for good: what they held is delivered again. */
  disown(owners: readonly string[]): Promise<void>;
  /** Which of these can be delivered again: dead letters, and what is kept after its delivery. */
  repeatable(ids: readonly string[]): Promise<string[]>;
  /** Delivers such an object again. False: it is none. */
  repeat(id: string): Promise<boolean>;
  /** Opens an object for a reader at the other end of the port, who gets a handle from `remoteHandle`. */
  openObject(id: string, port: MessagePort): Promise<OpenedObject>;
  deadLetters(page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(id: string): Promise<boolean>;
  discard(id: string): Promise<boolean>;
}

/** What asks a queue in another thread. */
export interface QueueHost {
  /** @throws as `WorkerHost.ask` */
  ask<Name extends keyof QueueRequests>(
    name: Name,
    ...args: Asked<QueueRequests, Name>['args']
  ): Promise<Asked<QueueRequests, Name>['result']>;
}
