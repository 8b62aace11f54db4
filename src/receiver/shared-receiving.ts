import type { CommandStatus } from '../network';
import { SharedState, type PostgresQueue, type QueueState } from '../queue';
import { OpenAssociations } from './open-associations';
import type { SharedQueue } from './receiver-config';

/** How often a queue is looked at that others change, too. */
const LOOK_MS = 5_000;
/** Time before an answer to a sender at another instance is tried again, in milliseconds. */
const ANSWER_AGAIN_MS = 1_000;

export interface SharedReceivingOptions {
  queue: PostgresQueue;
  place: SharedQueue;
  receiverId: string;
  queueDirectory: string;
  /** How long a sender may wait for the flow's answer. */
  responseTimeoutSeconds: number;
  /** The associations that are open here. */
  openAssociationIds(this: void): readonly string[];
  /** The queue has been looked at. Undefined: its database is away. */
  looked(this: void, state: QueueState | undefined): void;
  /** Another instance could not be told; it is tried again. */
  failed(this: void, error: Error): void;
}

/** What a receiver has to do with the other instances that share its queue. */
export class SharedReceiving {
  /** What instances know together beside the objects of the queue. */
  readonly state: SharedState;
  private readonly associations: OpenAssociations;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(private readonly options: SharedReceivingOptions) {
    const { place, receiverId: user, queueDirectory: directory } = options;
    this.state = new SharedState(
      { ...place, user, directory },
      // A session that has ended has nothing but what others go on with; the queue says that its database is away.
      { ended: () => undefined, failed: () => undefined },
    );
    this.associations = new OpenAssociations(
      this.state,
      () => options.openAssociationIds(),
      // The queue says that its database is away.
      () => undefined,
    );
  }

  /** Once. @throws what a database says that cannot be asked */
  async open(): Promise<void> {
    await this.state.open();
    await this.associations.start();
  }

  /** No more answers are passed on. */
  stop(): void {
    this.isStopping = true;
    clearTimeout(this.timer);
  }

  async close(): Promise<void> {
    this.stop();
    this.associations.stop();
    await this.state.close();
  }

  /** Looks at the queue from now on: other instances change what is in it, too. */
  async look(): Promise<void> {
    const state = await this.options.queue.state();
    if (this.isStopping) return;
    this.options.looked(state);
    this.timer = setTimeout(() => void this.look(), LOOK_MS);
  }

  /** The sender of an object has been answered without the flow: an answer at another instance comes too late. */
  async waitsNoMore(id: string): Promise<void> {
    // Where the database is away, that instance learns nothing either.
    await this.options.queue.refuseAnswer(id).catch((error: unknown) => this.options.failed(error as Error));
  }

  /** Passes the flow's answer to the instance at which the sender waits, as long as it may wait. False: none does. */
  async answer(id: string, status: CommandStatus): Promise<boolean> {
    const until = performance.now() + this.options.responseTimeoutSeconds * 1_000;
    for (;;) {
      try {
        return await this.options.queue.answerElsewhere(id, status);
      } catch (error) {
        if (this.isStopping || performance.now() > until) return false;
        this.options.failed(error as Error);
      }
      await new Promise((resolve) => setTimeout(resolve, ANSWER_AGAIN_MS).unref());
    }
  }
}
