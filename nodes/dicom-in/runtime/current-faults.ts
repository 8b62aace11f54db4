import type { FaultKind, ReceiverFault } from '../../../src/receiver';

/** A fault that keeps a receiver from its work, and what it is in words. */
export interface CurrentFault {
  fault: ReceiverFault;
  problem: string;
}

/** The faults that a receiver has now. The last one is shown; when that passes, the one before it is so still. */
export class CurrentFaults {
  private faults: CurrentFault[] = [];

  get shown(): CurrentFault | undefined {
    return this.faults.at(-1);
  }

  /** One that keeps it from nothing is not of interest. */
  add(fault: ReceiverFault, problem: string): void {
    if (!fault.down) return;
    this.pass(fault.kind);
    this.faults.push({ fault, problem });
  }

  pass(kind: FaultKind): void {
    this.faults = this.faults.filter(({ fault }) => fault.kind !== kind);
  }

  /** It listens. */
  clear(): void {
    this.faults = [];
  }
}
