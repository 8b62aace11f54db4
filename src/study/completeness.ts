import { asError } from '../basics';
import type { Clock } from './clock';
import type { StudyQueues } from './collector';
import type { Group } from './group';
import { triggerOf, type Trigger, type TriggerSettings } from './triggers';

/** What was not complete is asked for again. */
export const ASK_AGAIN_MS = 1_000;

export interface CompletenessListener {
  /** It is: nothing has come while that was asked. */
  complete(group: Group, trigger: Trigger): void;
  failed(error: Error): void;
}

/** Says when groups are complete: a trigger holds, and where it must, nothing of the group waits elsewhere. */
export class Completeness {
  private isClosed = false;

  constructor(
    private readonly settings: TriggerSettings,
    private readonly queues: Pick<StudyQueues, 'isWaiting' | 'isOpen'>,
    private readonly clock: Clock,
    private readonly listener: CompletenessListener,
  ) {}

  look(group: Group, now: number): void {
    if (group.period.objects === 0 || group.isAsking || now < group.askAt) return;
    const trigger = triggerOf(this.settings, group.facts(now, this.settings));
    if (trigger === undefined) {
      group.period.isHeldUp = false;
      return;
    }
    if (trigger.quiet !== true) {
      this.listener.complete(group, trigger);
      return;
    }
    group.isAsking = true;
    this.ask(group, trigger)
      .catch((error: unknown) => this.listener.failed(asError(error)))
      .finally(() => {
        group.isAsking = false;
        group.askAt = this.clock.now() + ASK_AGAIN_MS;
      });
  }

  close(): void {
    this.isClosed = true;
  }

  private async ask(group: Group, trigger: Trigger): Promise<void> {
    const { period } = group;
    const { lastAt, objects, studies, associations, nodes } = period;
    period.isHeldUp =
      (await this.queues.isWaiting(studies, nodes)) ||
      (trigger.ended === true && (await this.queues.isOpen(associations, nodes, this.clock.now() - lastAt)));
    if (period.isHeldUp) return;
    // Something may have come while we asked.
    const isSame = group.period === period && period.lastAt === lastAt && period.objects === objects;
    if (isSame && !this.isClosed) this.listener.complete(group, trigger);
  }
}
