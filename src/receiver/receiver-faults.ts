import type { OnWarning } from '../basics';
import { RunningFaults, type DeliveryListener } from '../delivery';
import type { FaultKind, ReceiverFault } from './faults';

/** Faults of what came over a network, and goes to the flow. */
export class ReceiverFaults extends RunningFaults<FaultKind> {
  readonly onWarning: OnWarning = ({ kind, values }) => this.add(kind, values);
  /** Those of a delivery. */
  readonly ofDelivery: Pick<DeliveryListener, 'notPlaced' | 'notRemoved' | 'notRead'> = {
    notPlaced: ({ id, reason, objects }, facts) => this.add('notPlaced', { id, reason, objects }, facts),
    notRemoved: (error) => this.leftover(error),
    notRead: ({ id, reason, objects }, facts) => this.add('notRead', { id, reason, objects }, facts),
  };

  constructor(tell: (fault: ReceiverFault) => void) {
    super('queueLeftover', tell);
  }
}
