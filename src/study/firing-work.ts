import { asError, passedOn, soManyAtATime } from '../basics';
import type { CommandStatus } from '../network';
import { isUnheard } from '../worker';
import type { Clock } from './clock';
import type { StudiesListener, StudyQueues } from './collector';
import { ASK_AGAIN_MS } from './completeness';
import { firingId } from './firing-name';
import type { Firing, Group } from './group';
import { listingOf, type Listing } from './listing';
import type { Placed } from './study-store';

/** What was given back, or could not be let go, has its next turn. */
export const AGAIN_MS = 10_000;
/** Asked of a queue at a time. */
const ASKED = 32;

/** Where firings are kept. */
export interface FiringLog {
  read(group: Group, firing: Firing): AsyncIterable<Placed[]>;
  /** Who holds its objects in their queues. */
  owner(group: Group, number: number): string;
  /** It is ours to send, and to let go of what it lists. */
  isOurs(group: Group, firing: Firing): boolean;
  acknowledge(id: string, status: CommandStatus): Promise<unknown>;
  /** All that it lists has been let go. */
  released(group: Group, firing: Firing): Promise<void>;
}

/** Sends the messages of firings, and lets what they list go when they have been acknowledged. */
export class FiringWork {
  /** One at a time: a list is large. */
  private emitting: Promise<void> = Promise.resolve();
  private readonly releasing = new Map<Firing, Promise<void>>();
  private isClosed = false;

  /** @param acknowledgesItself as `StudiesOptions` */
  constructor(
    private readonly acknowledgesItself: boolean,
    private readonly log: FiringLog,
    private readonly queues: StudyQueues,
    private readonly listener: StudiesListener,
    private readonly clock: Clock,
  ) {}

  /** Goes on with it, whatever is to be done next. */
  resume(group: Group, firing: Firing): void {
    if (firing.status === undefined) this.emit(group, firing);
    else this.release(group, firing);
  }

  /** The same with those of the group that have their next turn. */
  resumeDue(group: Group, now: number): void {
    for (const firing of group.firings.values()) {
      if (firing.againAt === undefined || firing.againAt > now) continue;
      delete firing.againAt;
      this.resume(group, firing);
    }
  }

  emit(group: Group, firing: Firing): void {
    const emitted = this.emitting.then(() => this.emitNow(group, firing));
    this.emitting = emitted.catch((error: unknown) => {
      if (!isUnheard(error)) this.listener.failed(asError(error));
      firing.againAt = this.clock.now() + (isUnheard(error) ? ASK_AGAIN_MS : AGAIN_MS);
    });
  }

  /** Lets all objects of an acknowledged firing go. */
  release(group: Group, firing: Firing): void {
    if (this.releasing.has(firing)) return;
    const released = this.releaseAll(group, firing)
      .catch((error: unknown) => {
        this.listener.failed(asError(error));
        firing.againAt = this.clock.now() + AGAIN_MS;
      })
      .finally(() => this.releasing.delete(firing));
    this.releasing.set(firing, released);
  }

  /** Nothing more is begun. Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.settled();
  }

  /** What has been begun is done. */
  async settled(): Promise<void> {
    await this.emitting;
    await Promise.allSettled(this.releasing.values());
  }

  private isOver(group: Group, firing: Firing): boolean {
    return this.isClosed || !this.log.isOurs(group, firing);
  }

  private async emitNow(group: Group, firing: Firing): Promise<void> {
    if (firing.status !== undefined || this.isOver(group, firing)) return;
    if (firing.isUnsure) await this.makeSure(group, firing);
    const listing = await this.listing(group, firing);
    const id = firingId(group.id, firing.number);
    if (listing.added > 0) {
      if (this.isOver(group, firing)) return;
      const redelivered = firing.sent;
      firing.sent += 1;
      const { number, reason, objects } = firing;
      this.listener.fire({ id, number, reason, objects, redelivered, listing });
      // Who closes in between has not sent it.
      await passedOn();
      if (this.isClosed) return;
    }
    if (this.acknowledgesItself || listing.added === 0) await this.log.acknowledge(id, { status: 0 });
  }

  /** An earlier run may have ended before they were parked. */
  private async makeSure(group: Group, firing: Firing): Promise<void> {
    const { held } = await this.listing(group, firing);
    const lost = new Set<string>();
    await soManyAtATime(ASKED, held, async (name) => {
      if (!(await this.queues.park(name, this.log.owner(group, firing.number)))) lost.add(name);
    });
    firing.isUnsure = false;
    if (lost.size === 0) return;
    for (const name of lost) firing.lost.add(name);
    this.listener.lost(group.key, lost.size);
  }

  private listing(group: Group, firing: Firing): Promise<Listing> {
    return listingOf(this.log.read(group, firing), firing);
  }

  private async releaseAll(group: Group, firing: Firing): Promise<void> {
    const { status, number } = firing;
    if (status === undefined) return;
    const { held } = await this.listing(group, firing);
    let isDone = true;
    await soManyAtATime(ASKED, held, async (name) => {
      if (this.isOver(group, firing)) isDone = false;
      else if (!(await this.queues.letGo(name, this.log.owner(group, number), status))) isDone = false;
    });
    if (!isDone) {
      firing.againAt = this.clock.now() + AGAIN_MS;
      return;
    }
    await this.log.released(group, firing);
    this.listener.changed();
  }
}
