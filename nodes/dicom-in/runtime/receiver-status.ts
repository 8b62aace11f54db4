import type { NodeStatus } from 'node-red';
import type { Counters, FaultKind, ReceiverEvent, ReceiverFault } from '../../../src/receiver';
import { CurrentFaults } from './current-faults';
import type { Text } from '../../runtime/node-texts';
import { shortCount } from '../../runtime/short-count';

/** A status with machine-readable fields for Status nodes beside the words. */
export type ReceiverNodeStatus = NodeStatus & {
  state: 'starting' | 'listening' | 'refusing' | 'draining' | 'drained' | 'delivering' | 'down';
  port?: number;
  fault?: FaultKind;
  /** What is wrong, in words. */
  problem?: string;
  counters?: Counters;
};

const MAX_TEXT = 20;

/** Faults with their own short text (under 20 characters), apart from wrong settings; others show "error". */
const FAULT_STATUS: Partial<Record<FaultKind, string>> = {
  portInUse: 'portInUse',
  needsPrivilege: 'needsPrivilege',
  addressNotAvailable: 'addressNotAvailable',
  listenFailed: 'listenFailed',
  queueUnusable: 'queueUnusable',
  queueInUse: 'queueUnusable',
  queueShared: 'queueUnusable',
  queueNoLock: 'queueUnusable',
  queueNotSyncable: 'queueUnusable',
  queueNewer: 'queueUnusable',
  outputNotSyncable: 'queueUnusable',
  sharedQueueMissing: 'database',
  databaseClientMissing: 'database',
  databaseUnsafe: 'database',
  databasePooled: 'database',
  databaseNewer: 'database',
  databaseAway: 'databaseAway',
  sharedDirectoryMissing: 'queueUnusable',
  sharedDirectoryReadOnly: 'queueUnusable',
  sharedDirectoryOther: 'queueUnusable',
  sharedDirectoryUnnamed: 'queueUnusable',
  tlsMissing: 'tls',
  workerCrashed: 'restarting',
  workerStuck: 'restartNodeRed',
  workerOutdated: 'restartNodeRed',
  diskSilent: 'diskSilent',
};

/** Follows a receiver and makes the status of its node: whether it is listening, and what it has received since its start. */
export class ReceiverStatus {
  private port: number | undefined;
  private isDraining = false;
  private isDelivering = false;
  private readonly faults = new CurrentFaults();
  private counters: Counters | undefined;
  /** Objects are refused because there is no room, until one has been received again. */
  private noRoom: { text: 'queueFull' | 'diskLow'; received: number } | undefined;

  /** @param answersRequests queries or procedure steps: that no object has come is not what its callers do */
  constructor(
    private readonly words: Text,
    private readonly answersRequests = false,
  ) {}

  /** True if the event changes the status. */
  sees(event: ReceiverEvent): boolean {
    switch (event.event) {
      case 'listening':
        this.port = event.port;
        this.faults.clear();
        return true;
      case 'draining':
        this.isDraining = true;
        this.faults.clear();
        return true;
      case 'delivering':
        this.isDelivering = true;
        this.faults.clear();
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

  /** @param problem the fault in words */
  failed(fault: ReceiverFault, problem = ''): void {
    this.faults.add(fault, problem);
  }

  /** A fault has passed. */
  recovered(kind: FaultKind): void {
    this.faults.pass(kind);
  }

  counted(counters: Counters): void {
    this.counters = counters;
    if (this.noRoom !== undefined && counters.received > this.noRoom.received) this.noRoom = undefined;
  }

  current(): ReceiverNodeStatus {
    const { shown } = this.faults;
    if (shown !== undefined) {
      const { fault, problem } = shown;
      const text = this.faultText(fault);
      return { fill: 'red', shape: 'ring', text, state: 'down', fault: fault.kind, problem };
    }
    if (this.isDraining) return this.drainStatus();
    if (this.isDelivering) return this.deliverStatus();
    if (this.port === undefined) {
      return { fill: 'yellow', shape: 'ring', text: this.text('starting'), state: 'starting' };
    }
    const { port, counters } = this;
    if (this.noRoom !== undefined) {
      const text = this.text(this.noRoom.text);
      return { fill: 'yellow', shape: 'dot', text, state: 'refusing', port, ...(counters && { counters }) };
    }
    if (counters === undefined) {
      return {
        fill: 'green',
        shape: 'ring',
        text: this.text('listening', { port }),
        state: 'listening',
        port,
      };
    }
    const hasWorked = counters.associations + refusedIn(counters) > 0;
    return {
      fill: counters.deadLetters > 0 ? 'yellow' : 'green',
      shape: hasWorked ? 'dot' : 'ring',
      text: this.workText(port, counters),
      state: 'listening',
      port,
      ...((hasWorked || counters.queued + counters.deadLetters > 0) && { counters }),
    };
  }

  /** What is queued still goes to the flow. */
  private drainStatus(): ReceiverNodeStatus {
    const { counters } = this;
    const associations = counters?.openAssociations ?? 0;
    const isDrained = associations === 0;
    const text = isDrained
      ? this.text('drained')
      : this.inFullOr('draining', 'drainingMany', { associations: shortCount(associations) });
    const state = isDrained ? 'drained' : 'draining';
    return { fill: 'yellow', shape: 'ring', text, state, ...(counters && { counters }) };
  }

  /** There is no port. */
  private deliverStatus(): ReceiverNodeStatus {
    const { counters } = this;
    const { queued = 0, deadLetters = 0 } = counters ?? {};
    const fill = deadLetters > 0 ? 'yellow' : 'green';
    const text = queued > 0 ? this.text('backlog', { objects: shortCount(queued) }) : this.text('delivering');
    return { fill, shape: 'dot', text, state: 'delivering', ...(counters && { counters }) };
  }

  /** Names the wrong setting, if there is room for its name. */
  private faultText({ kind, values }: ReceiverFault): string {
    if (kind !== 'settingsInvalid') return this.text(FAULT_STATUS[kind] ?? 'error', values);
    const named = this.text('setting', { setting: values['setting'] ?? '' });
    return fits(named) ? named : this.text('settings');
  }

  /** Objects received, waiting, and dead letters; if there is no room for all, dead letters come first, because a person must act. */
  private workText(port: number, counters: Counters): string {
    const { queued, deadLetters } = counters;
    const counts = this.countsText(port, counters);
    const backlog = queued > 0 ? this.text('backlog', { objects: shortCount(queued) }) : '';
    const dead = deadLetters > 0 ? this.text('deadLetters', { objects: shortCount(deadLetters) }) : '';
    const both =
      backlog === '' || dead === ''
        ? ''
        : this.text('backlogAndDeadLetters', {
            objects: shortCount(queued),
            deadLetters: shortCount(deadLetters),
          });
    const inFull = [counts, backlog, dead].filter((part) => part !== '').join(', ');
    return [inFull, both, dead, backlog].find((text) => text !== '' && fits(text)) ?? counts;
  }

  /** Objects received with refusals or open associations, if there is room for both. */
  private countsText(port: number, counters: Counters): string {
    const refused = refusedIn(counters);
    const isIdle = counters.associations + refused === 0;
    const hasOnlyAnswered = this.answersRequests && counters.received === 0;
    if (isIdle || (hasOnlyAnswered && refused === 0)) return this.text('listening', { port });
    const values = {
      associations: shortCount(counters.openAssociations),
      objects: shortCount(counters.received),
      refused: shortCount(refused),
    };
    if (hasOnlyAnswered) return this.text('refused', values);
    if (refused > 0) return this.inFullOr('countsRefused', 'refused', values);
    return counters.openAssociations > 0
      ? this.inFullOr('countsOpen', 'counts', values)
      : this.text('counts', values);
  }

  private inFullOr(inFull: string, short: string, values: Record<string, string>): string {
    const text = this.text(inFull, values);
    return fits(text) ? text : this.text(short, values);
  }

  private text(key: string, values?: Record<string, string | number>): string {
    return this.words(`status.${key}`, values);
  }
}

/** Node-RED has no room for longer ones beside its nodes. */
function fits(text: string): boolean {
  return text.length < MAX_TEXT;
}

/** Everything that was refused: the log, the events and the stats give the reasons. */
function refusedIn({ rejected, connectionsRefused, refused }: Counters): number {
  return rejected + connectionsRefused + refused;
}
