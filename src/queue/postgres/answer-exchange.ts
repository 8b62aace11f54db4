import type { QueueParts } from './queue-parts';
import type { ObjectRow, RemoteAnswer } from './rows';
import type { Notices } from './session';
import { Waiters } from './waiters';

/** A flow that answers later than so long after its sender is told that it was in time. */
const REFUSED_MS = 600_000;

export interface AnswerListener {
  /** A flow, on whatever machine, has answered to an object of which the sender waits here. */
  onAnswer?(id: string, answer: RemoteAnswer): void;
}

/** Answers of flows to senders that wait at other instances: those that go there, and those that come from there. */
export class AnswerExchange {
  private readonly waiters = new Waiters();
  /** The oldest first. */
  private refused: { id: string; until: number }[] = [];

  constructor(
    private readonly queue: Pick<QueueParts, 'db'>,
    private readonly notices: Pick<Notices, 'answers'>,
    private readonly listener: AnswerListener,
  ) {}

  /** This one has been claimed here, wherever its sender waits. */
  claimed({ id, waiter }: ObjectRow): void {
    if (waiter !== undefined && waiter !== this.run) this.waiters.add(id, waiter);
  }

  /** Passes a flow's answer on. False: nobody else waits for it. @throws the client's error */
  async give(id: string, answer: RemoteAnswer): Promise<boolean> {
    const run = await this.waiters.answer(this.queue.db().answers, id, answer);
    if (run !== undefined) this.notices.answers(run);
    return run !== undefined;
  }

  /** The sender of an object, which waited here, has been answered without the flow. @throws the client's error */
  async refuse(id: string): Promise<void> {
    this.refused.push({ id, until: performance.now() + REFUSED_MS });
    await this.queue.db().answers.refuse(this.run, id);
  }

  /** Tells of those that have come for senders here. @throws the client's error */
  async take(): Promise<void> {
    const { listener } = this;
    if (listener.onAnswer === undefined) return;
    await this.forgetRefused();
    for (const { id, answer } of await this.queue.db().answers.take(this.run)) listener.onAnswer(id, answer);
  }

  private async forgetRefused(): Promise<void> {
    const over = this.refused.filter(({ until }) => until <= performance.now());
    if (over.length === 0) return;
    await this.queue.db().answers.forget(
      this.run,
      over.map(({ id }) => id),
    );
    this.refused = this.refused.slice(over.length);
  }

  private get run(): number {
    return this.queue.db().session.run;
  }
}
