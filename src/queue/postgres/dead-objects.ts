import type { DeadLetter, LetterFacts } from '../../admin-api';
import { type DeadLetters, type LetterPage, LETTERS } from '../dead-letters';
import { isObjectId } from '../object-id';
import { withoutOwner } from '../parking';
import { failureText } from './database';
import type { QueueParts } from './queue-parts';
import { numberIn, type ObjectRow } from './rows';

/** The dead letters of a queue: one list, whatever instance has set them aside. */
export class DeadObjects implements DeadLetters {
  constructor(private readonly queue: QueueParts) {}

  list({ after, limit = LETTERS }: LetterPage = {}): Promise<DeadLetter[]> {
    const from = after !== undefined && isObjectId(after) ? numberIn(after) : -1;
    return this.queue.db().rows.letters(from, limit);
  }

  count(): Promise<number> {
    return this.queue.db().rows.countLetters();
  }

  async has(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const row = await this.queue.db().rows.find(numberIn(id));
    return row?.id === id && row.state === 'dead';
  }

  async requeue(id: string): Promise<boolean> {
    if (!isObjectId(id)) return false;
    const { queue } = this;
    const isRequeued = await queue.count.during(
      () => queue.db().rows.requeue(numberIn(id), id),
      (done) => (done ? 1 : 0),
    );
    if (isRequeued) {
      queue.claimed.fetchSoon();
      queue.tell();
    }
    return isRequeued;
  }

  async discard(id: string): Promise<boolean> {
    return isObjectId(id) && this.queue.db().rows.removeDead(numberIn(id), id);
  }

  /** As `ObjectQueue.setAside`. */
  async setAside(id: string, why: string, facts: LetterFacts = {}, owner?: string): Promise<boolean> {
    if (!isObjectId(id)) return true;
    const { queue } = this;
    try {
      await queue.count.during(
        () => this.setRowAside(id, why, facts, owner),
        (became) => (became === 'dead-letter' ? -1 : 0),
      );
    } catch (error) {
      queue.failed(error);
      queue.onLeftover(new Error(`an object could not be set aside: ${failureText(error)}`));
      return false;
    }
    if (queue.removals.kept.has(id)) queue.removals.kept.restore(id);
    queue.claimed.drop(id);
    return true;
  }

  private setRowAside(
    id: string,
    why: string,
    facts: LetterFacts,
    owner: string | undefined,
  ): Promise<'none' | 'parked' | 'dead-letter' | undefined> {
    const { queue } = this;
    return queue.db().rows.change({ seq: numberIn(id), id }, async (row, change) => {
      if (row.state === 'dead') return 'none';
      const rest = row.parking && withoutOwner(row.parking, owner);
      if (rest !== undefined && rest.owners.length > 0) {
        await change.park({ ...rest, failure: { why, facts } }, queue.instance());
        return 'parked';
      }
      const isKept = row.state === 'kept' || queue.removals.kept.has(id);
      await change.setAside(letterOf(row, why, facts, isKept));
      return isKept ? 'none' : 'dead-letter';
    });
  }
}

/** @param isKept the flow had got it, and nobody was to acknowledge it */
export function letterOf(row: ObjectRow, why: string, facts: LetterFacts, isKept = false): DeadLetter {
  const hasFlowGotIt = isKept || row.state === 'parked' || facts.status !== undefined;
  const { id, deliveries, crashes } = row;
  const at = new Date().toISOString();
  return { id, at, why, deliveries: deliveries + (hasFlowGotIt ? 1 : 0), crashes, ...facts };
}
