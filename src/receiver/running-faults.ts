import type { LetterFacts } from '../admin-api';
import { OnceInAWhile, type OnWarning } from '../basics';
import type { DeliveryListener } from '../delivery';
import type { FaultKind, ReceiverFault } from './faults';

const LEFTOVER_INTERVAL_MS = 600_000;

/** Faults of a queue and of its delivery while they run: people are told, and it goes on. */
export class RunningFaults {
  readonly onWarning: OnWarning = ({ kind, values }) => this.add(kind, values);
  /** Those of a delivery. */
  readonly ofDelivery: Pick<DeliveryListener, 'notPlaced' | 'notRemoved' | 'notRead'> = {
    notPlaced: ({ id, reason, objects }, facts) => this.add('notPlaced', { id, reason, objects }, facts),
    notRemoved: (error) => this.leftover(error),
    notRead: ({ id, reason, objects }, facts) => this.add('notRead', { id, reason, objects }, facts),
  };
  private readonly leftovers = new OnceInAWhile(LEFTOVER_INTERVAL_MS);

  constructor(private readonly tell: (fault: ReceiverFault) => void) {}

  add(kind: FaultKind, values: ReceiverFault['values'], object?: LetterFacts): void {
    this.tell({ kind, values, down: false, ...(object && { object }) });
  }

  /** The same failure of a disk, which may come with every object, is told once in a while. */
  leftover(error: Error): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && !this.leftovers.passes(code)) return;
    this.add('queueLeftover', { reason: error.message });
  }
}
