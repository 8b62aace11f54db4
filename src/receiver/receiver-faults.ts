import type { OnWarning } from '../basics';
import { RunningFaults, type DeliveryListener } from '../delivery';
import { LATER_VERSION } from '../object';
import type { FaultKind, ReceiverFault } from './faults';

/** Faults of what came over a network, and goes to the flow. */
export class ReceiverFaults extends RunningFaults<FaultKind> {
  readonly onWarning: OnWarning = ({ kind, values }) => this.add(kind, values);
  /** Those of a delivery. */
  readonly ofDelivery: Pick<DeliveryListener, 'notPlaced' | 'notRemoved' | 'notRead'> = {
    notPlaced: ({ id, reason, objects }, facts) => this.add('notPlaced', { id, reason, objects }, facts),
    notRemoved: (error) => this.leftover(error),
    notRead: ({ key, ...values }, facts) =>
      this.add(key === LATER_VERSION ? 'objectNewer' : 'notRead', values, facts),
  };

  constructor(tell: (fault: ReceiverFault) => void) {
    super('queueLeftover', tell);
  }
}
