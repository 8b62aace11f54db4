import type { NodeStatus } from 'node-red';
import type { Counters, FaultKind, ReceiverEvent, ReceiverFault } from '../../src/receiver';

/** Words by key and values: the node's locale. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** A status with machine-readable fields for Status nodes beside the words. */
export type ReceiverNodeStatus = NodeStatus & {
  state: 'starting' | 'listening' | 'refusing' | 'down';
  port?: number;
  fault?: FaultKind;
  counters?: Counters;
};

/** Faults that have words of their own under 20 characters; others are an error. */
const FAULT_STATUS: Partial<Record<FaultKind, string>> = {
  portInUse: 'portInUse',
  needsPrivilege: 'needsPrivilege',
  addressNotAvailable: 'addressNotAvailable',
  listenFailed: 'listenFailed',
  queueUnusable: 'queueUnusable',
  settingsInvalid: 'settings',
  tlsMissing: 'tls',
  workerCrashed: 'restarting',
};

/** Follows a receiver and says what its node shows: whether it listens, and what it has received since its start. */
export class ReceiverStatus {
  private port: number | undefined;
  private fault: ReceiverFault | undefined;
  private counters: Counters | undefined;
  /** Objects are refused for want of room, until one has been received again. */
  private noRoom: { text: 'queueFull' | 'diskLow'; received: number } | undefined;

  constructor(private readonly translate: Translate) {}

  /** True if the event changes what is shown. */
  sees(event: ReceiverEvent): boolean {
    switch (event.event) {
      case 'listening':
        this.port = event.port;
        this.fault = undefined;
        return true;
      case 'queue-full':
      case 'disk-low':
        this.noRoom = {
          text: event.event === 'disk-low' ? 'diskLow' : 'queueFull',
          received: this.counters?.received ?? 0,
        };
        return true;
      default:
        return false;
    }
  }

  failed(fault: ReceiverFault): void {
    if (fault.down) this.fault = fault;
  }

  counted(counters: Counters): void {
    this.counters = counters;
    if (this.noRoom !== undefined && counters.received > this.noRoom.received) this.noRoom = undefined;
  }

  current(): ReceiverNodeStatus {
    if (this.fault !== undefined) {
      const text = this.text(FAULT_STATUS[this.fault.kind] ?? 'error', this.fault.values);
      return { fill: 'red', shape: 'ring', text, state: 'down', fault: this.fault.kind };
    }
    if (this.port === undefined) {
      return { fill: 'yellow', shape: 'ring', text: this.text('starting'), state: 'starting' };
    }
    const { port, counters } = this;
    if (this.noRoom !== undefined) {
      const text = this.text(this.noRoom.text);
      return { fill: 'yellow', shape: 'dot', text, state: 'refusing', port, ...(counters && { counters }) };
    }
    const refused = counters === undefined ? 0 : refusedIn(counters);
    if (counters === undefined || counters.associations + refused === 0) {
      return {
        fill: 'green',
        shape: 'ring',
        text: this.text('listening', { port }),
        state: 'listening',
        port,
      };
    }
    const text = this.text(refused === 0 ? 'counts' : 'countsRefused', {
      associations: shortCount(counters.openAssociations),
      objects: shortCount(counters.received),
      refused: shortCount(refused),
    });
    return { fill: 'green', shape: 'dot', text, state: 'listening', port, counters };
  }

  private text(key: string, values?: Record<string, string | number>): string {
    return this.translate(`dicom-in.status.${key}`, values);
  }
}

/** Whoever and whatever was turned away: the log, the events and the stats say why. */
function refusedIn({ rejected, connectionsRefused, refused }: Counters): number {
  return rejected + connectionsRefused + refused;
}

/** 12345 → "12k": five characters at most, and no change with every object of a large study. */
function shortCount(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1_000_000 ? `${Math.floor(count / 1_000)}k` : `${Math.floor(count / 1_000_000)}M`;
}
