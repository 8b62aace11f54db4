import type { AnswerExchange } from './answer-exchange';
import type { Link } from './link';
import type { ObjectCount } from './object-count';
import type { QueueParts } from './queue-parts';
import type { QueueRoom } from './queue-room';

/** Without a notification, new objects are found within this. */
const ROUND_MS = 1_000;

export interface Rounds {
  /** Undefined: there is no database. */
  link: () => Link | undefined;
  answers: AnswerExchange;
  /** Of all objects. */
  bytes: ObjectCount;
  room: QueueRoom;
}

/** What a queue does again and again, as long as it is open: for what nobody has told it, and for what it could not do before. */
export class QueueRounds {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = true;

  constructor(
    private readonly queue: QueueParts,
    private readonly rounds: Rounds,
  ) {}

  start(): void {
    this.isStopped = false;
    this.schedule();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (!this.isStopped) this.timer = setTimeout(() => void this.round(), ROUND_MS);
  }

  private async round(): Promise<void> {
    const { queue, rounds } = this;
    void rounds.link()?.watch.look();
    try {
      const link = queue.db();
      if (link.session.isAlive) await this.ask(link);
    } catch (error) {
      queue.failed(error);
    }
    queue.claimed.fetchSoon();
    this.schedule();
  }

  /** @throws the client's error */
  private async ask(link: Link): Promise<void> {
    const { puts, rows } = link;
    const { count, claimed, removals } = this.queue;
    const { answers, bytes, room } = this.rounds;
    await answers.take();
    await puts.removeDoubtful();
    await claimed.unlease(link);
    await count.refresh(async () => (await rows.count()) - removals.pending);
    if (room.countsBytes) await bytes.refresh(() => rows.bytes());
  }
}
