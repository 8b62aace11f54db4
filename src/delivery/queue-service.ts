import type { MessagePort } from 'node:worker_threads';
import type { DeadLetterList } from '../admin-api';
import { waitsForFlow, type WaitingSettings } from '../message';
import type { CommandStatus } from '../network';
import { serveHandle, type LetterPage, type ObjectQueue, type OpenedObject, type Unparked } from '../queue';
import type { Answers, AnswerOutcome } from './answers';
import type { Delivery } from './delivery';
import type { QueueRequests } from './queue-requests';

/** A queue with the delivery of its objects, as nodes of the family ask for them. */
export abstract class QueueService implements QueueRequests {
  protected abstract readonly queue: ObjectQueue;
  protected abstract readonly delivery: Delivery;
  protected abstract readonly answers: Answers;
  protected deadLetterCount = 0;
  private nowOpen: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.nowOpen = resolve));
  /** Objects of which the first answer is being followed. */
  private readonly answering = new Set<string>();

  protected constructor(
    private readonly nodeId: string,
    private readonly waits: WaitingSettings,
  ) {}

  /** Passes the flow's answer to an instance at which the sender waits. False: none does. */
  protected answeredElsewhere(_id: string, _status: CommandStatus): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** There may be something to tell of the queue. */
  protected abstract changed(): void;

  async answer(name: string, status: CommandStatus): Promise<AnswerOutcome> {
    if (!waitsForFlow(this.waits)) return 'notAwaited';
    const known = await this.queue.idOf(name);
    const id = known ?? this.answers.idOf(name) ?? name;
    const answered = this.answers.answer(id, status);
    this.changed();
    if (!this.waits.acknowledge) {
      if (answered) return 'answered';
      if (!(await this.answeredElsewhere(id, status))) return this.answers.outcome(id);
      this.answers.remember(id, 'alreadyAnswered');
      return 'answered';
    }
    const deliveries = this.delivery.deliveriesOf(id) ?? (known === undefined ? undefined : 1);
    // While what followed from the first answer is not safe yet, it is there still.
    if (deliveries === undefined || this.answering.has(id))
      return answered ? 'answered' : this.answers.outcome(id);
    this.answers.remember(id, 'alreadyAnswered', deliveries - 1);
    this.answering.add(id);
    try {
      // A failure that its sender hears of is the sender's business; else it would be nobody's.
      const isHeard = answered || (await this.answeredElsewhere(id, status));
      await this.delivery.acknowledged(id, isHeard ? undefined : status);
    } finally {
      this.answering.delete(id);
    }
    this.changed();
    return 'answered';
  }

  extend(name: string, leastMs?: number): Promise<boolean> {
    return this.withObject(name, false, (id) => this.delivery.extend(id, leastMs));
  }

  release(name: string): Promise<boolean> {
    return this.withObject(name, false, (id) => Promise.resolve(this.delivery.release(id)));
  }

  notWorkedOn(name: string, reason: string): Promise<boolean> {
    return this.withObject(name, false, (id) => Promise.resolve(this.delivery.notWorkedOn(id, reason)));
  }

  park(name: string, owner: string): Promise<boolean> {
    return this.withObject(name, false, (id) => this.delivery.park(id, owner));
  }

  unpark(name: string, owner: string): Promise<Unparked['state']> {
    return this.withObject(name, 'unknown', async (id) => {
      const state = await this.delivery.unpark(id, owner);
      // Another owner had given it up, perhaps in an earlier run.
      if (state === 'dead-letter') await this.countDeadLetters();
      return state;
    });
  }

  giveUp(name: string, owner: string, status: CommandStatus): Promise<boolean> {
    return this.withObject(name, false, async (id) => {
      await this.delivery.acknowledged(id, status, owner);
      return true;
    });
  }

  waiting(studyInstanceUID: string): Promise<number> {
    return this.queue.waiting(studyInstanceUID);
  }

  async owners(): Promise<string[]> {
    await this.opened;
    return this.queue.owners();
  }

  async disown(owners: readonly string[]): Promise<void> {
    for (const owner of owners) await this.queue.disown(owner);
    this.delivery.wake();
    this.changed();
  }

  async openObject(id: string, port: MessagePort): Promise<OpenedObject> {
    return serveHandle(await this.queue.openObject(id), port);
  }

  async deadLetters(page: LetterPage): Promise<DeadLetterList> {
    const deadLetters = await this.queue.deadLetters.list(page);
    // People look at the first page, and may have taken files away themselves.
    if (page.after === undefined) await this.countDeadLetters();
    return { deadLetters, total: this.deadLetterCount };
  }

  async requeue(id: string): Promise<boolean> {
    const found = await this.queue.deadLetters.requeue(id);
    if (found) this.deadLetterCount -= 1;
    this.delivery.wake();
    this.changed();
    return found;
  }

  async discard(id: string): Promise<boolean> {
    const found = await this.queue.deadLetters.discard(id);
    if (found) this.deadLetterCount -= 1;
    this.changed();
    return found;
  }

  async repeatable(ids: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const id of ids)
      if ((await this.queue.deadLetters.has(id)) || (await this.queue.isKept(id))) found.push(id);
    return found;
  }

  async repeat(id: string): Promise<boolean> {
    if (await this.requeue(id)) return true;
    if (!(await this.queue.isKept(id)) || !(await this.queue.park(id, this.repeater))) return false;
    await this.disown([this.repeater]);
    return true;
  }

  /** The queue is open. @throws the system's error */
  protected async queueOpened(): Promise<void> {
    // An earlier run ended before it had let go of them.
    await this.queue.disown(this.repeater);
    this.nowOpen();
  }

  protected async countDeadLetters(): Promise<void> {
    this.deadLetterCount = await this.queue.deadLetters.count();
    this.changed();
  }

  /** Has what is to be delivered again, for a moment. */
  private get repeater(): string {
    return `${this.nodeId}/repeat`;
  }

  private async withObject<T>(name: string, unknown: T, act: (id: string) => Promise<T>): Promise<T> {
    const id = await this.queue.idOf(name);
    if (id === undefined) return unknown;
    const result = await act(id);
    this.changed();
    return result;
  }
}
