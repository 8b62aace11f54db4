import type { Notices } from './notices';
import type { ObjectRow } from './object-rows';
import type { QueueParts } from './queue-parts';
import type { RemoteAnswer } from './remote-answers';
import { Waiters } from './waiters';

export interface AnswerListener {
  /** A flow, on whatever machine, has answered to an object of which the sender waits here. */
  onAnswer?(id: string, answer: RemoteAnswer): void;
}

/** Answers of flows to senders that wait at other instances: those that go there, and those that come from there. */
export class AnswerExchange {
  private readonly waiters = new Waiters();

  constructor(
    private readonly queue: Pick<QueueParts, 'db'>,
    private readonly notices: Pick<Notices, 'answers'>,
    private readonly listener: AnswerListener,
  ) {}

  /** This one has been claimed here, wherever its sender waits. */
  claimed({ id, waiter }: ObjectRow): void {
    if (waiter !== undefined && waiter !== this.run) this.waiters.add(id, waiter);
  }

  /** Its sender waits at another instance, as far as this one knows. */
  isAwaitedElsewhere(id: string): boolean {
    return this.waiters.has(id);
  }

  /** Passes a flow's answer on. False: nobody else waits for it. @throws the client's error */
  async give(id: string, answer: RemoteAnswer): Promise<boolean> {
    const run = await this.waiters.answer(this.queue.db().answers, id, answer);
    if (run !== undefined) this.notices.answers(run);
    return run !== undefined;
  }

  /** Tells of those that have come for senders here. @throws the client's error */
  async take(): Promise<void> {
    const { listener } = this;
    if (listener.onAnswer === undefined) return;
    for (const { id, answer } of await this.queue.db().answers.take(this.run)) listener.onAnswer(id, answer);
  }

  private get run(): number {
    return this.queue.db().session.run;
  }
}
