import type { AnswerOutcome, QueueHost, QueueRequests } from '../../../src/delivery';
import type { CommandStatus } from '../../../src/network';
import type { StudyCollector } from '../../../src/study';
import type { Asked } from '../../../src/worker';

/** What has been fired, as a queue: so whoever acknowledges objects of queues acknowledges firings, too. There is nothing to open in it. */
export class FiringQueue implements QueueHost, QueueRequests {
  constructor(private readonly studies: () => Promise<StudyCollector>) {}

  ask<Name extends keyof QueueRequests>(
    name: Name,
    ...args: Asked<QueueRequests, Name>['args']
  ): Promise<Asked<QueueRequests, Name>['result']> {
    const answer = this[name].bind(this) as unknown as (...args: unknown[]) => unknown;
    return Promise.resolve().then(() => answer(...args));
  }

  async answer(id: string, status: CommandStatus): Promise<AnswerOutcome> {
    return (await this.studies()).acknowledge(id, status);
  }

  async extend(id: string): Promise<boolean> {
    return (await this.studies()).isUnacknowledged(id);
  }

  async release(id: string): Promise<boolean> {
    return (await this.studies()).giveBack(id);
  }

  notWorkedOn(): Promise<boolean> {
    return Promise.resolve(false);
  }

  park(): Promise<boolean> {
    return Promise.resolve(false);
  }

  unpark(): Promise<'unknown'> {
    return Promise.resolve('unknown');
  }

  giveUp(): Promise<boolean> {
    return Promise.resolve(false);
  }

  waiting(): Promise<number> {
    return Promise.resolve(0);
  }

  owners(): Promise<string[]> {
    return Promise.resolve([]);
  }

  disown(): Promise<void> {
    return Promise.resolve();
  }

  repeatable(): Promise<string[]> {
    return Promise.resolve([]);
  }

  repeat(): Promise<boolean> {
    return Promise.resolve(false);
  }

  openObject(): Promise<never> {
    return Promise.reject(new Error('what acknowledges a study opens no object'));
  }

  deadLetters(): Promise<{ deadLetters: []; total: number }> {
    return Promise.resolve({ deadLetters: [], total: 0 });
  }

  requeue(): Promise<boolean> {
    return Promise.resolve(false);
  }

  discard(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
