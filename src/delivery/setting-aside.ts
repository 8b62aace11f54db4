import type { LetterFacts } from '../admin-api';
import { hexStatus, type CommandStatus } from '../network';
import type { HeadOf } from '../object';
import type { ObjectQueue, QueuedObject } from '../queue';
import { giveUpText, type GiveUpReason } from './give-up-reason';
import { letterFacts } from './letter-facts';

/** When a dead letter cannot be written, the disk or the operator need time. */
const SET_ASIDE_AGAIN_MS = 60_000;

/** Makes dead letters of objects that are given up. What cannot be set aside stays in the queue, and is tried again. */
export class SettingAside {
  private readonly timers = new Set<NodeJS.Timeout>();

  /** @param gaveUp it is a dead letter now */
  constructor(
    private readonly queue: ObjectQueue,
    private readonly headOf: HeadOf,
    private readonly gaveUp: (id: string, reason: GiveUpReason, facts: LetterFacts) => void,
  ) {}

  /** @param readsDataSet false: it may be what ended the process, again and again */
  async giveUp(queued: QueuedObject, reason: GiveUpReason, readsDataSet: boolean): Promise<void> {
    const { id } = queued;
    const facts = { ...letterFacts(queued, this.headOf, readsDataSet), ...statusOf(reason) };
    if (await this.queue.setAside(id, giveUpText(reason), facts)) this.gaveUp(id, reason, facts);
    else this.giveUpLater(queued, reason, readsDataSet);
  }

  /** It stays in the queue meanwhile, and holds no place under way. */
  private giveUpLater(queued: QueuedObject, reason: GiveUpReason, readsDataSet: boolean): void {
    this.queue.postpone(queued.id);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.giveUp(queued, reason, readsDataSet);
    }, SET_ASIDE_AGAIN_MS);
    this.timers.add(timer);
  }

  /**
   * The same of an object that is not under way.
   * @param owner who has it parked, and gives it up
   * @throws an Error when it cannot be set aside: whoever asked may ask again
   */
  async giveUpParked(id: string, status: CommandStatus, owner?: string): Promise<void> {
    const reason: GiveUpReason = { kind: 'failed', status };
    const known = await this.queue.describe(id, (queued) => letterFacts(queued, this.headOf, true));
    const facts = { ...known, ...statusOf(reason) };
    if (!(await this.queue.setAside(id, giveUpText(reason), facts, owner)))
      throw new Error(`the object ${id} could not be set aside`);
    this.gaveUp(id, reason, facts);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

function statusOf(reason: GiveUpReason): LetterFacts {
  return reason.kind === 'failed' ? { status: hexStatus(reason.status.status) } : {};
}
