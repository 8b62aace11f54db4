import type { Refusal } from '../../../src/admin-api';
import { printable } from '../../../src/basics';
import { hexStatus } from '../../../src/network';
import type { Counters, FaultKind, ReceiverEvent, ReceiverFault } from '../../../src/receiver';
import { CurrentFaults } from './current-faults';

/** `GET dicom-in/:id/stats`. */
export interface ReceiverStatsJson {
  id: string;
  name: string;
  /** When this node was started, ISO 8601: counting begins there. */
  since: string;
  listening: boolean;
  /** It was drained: it accepts nothing until it starts anew. */
  draining?: true;
  /** It delivers from a shared queue, and accepts nothing. */
  delivering?: true;
  /** The name of its shared queue, whose figures all nodes have that use it. */
  sharedQueue?: string;
  /** ISO 8601 */
  listeningSince?: string;
  address?: string;
  port?: number;
  /** Why it does not listen. */
  fault?: FaultKind;
  /** The same in words, in the editor's language: which setting is wrong, or what to do. */
  problem?: string;
  counters: Counters;
  workerRestarts: number;
  /** Events that were counted but neither logged nor sent one by one, because there were too many. */
  suppressedEvents: number;
  /** The last ones, newest first. */
  refusals: readonly Refusal[];
}

const REFUSALS_KEPT = 10;
const NOTHING: Counters = {
  associations: 0,
  rejected: 0,
  connectionsRefused: 0,
  aborted: 0,
  received: 0,
  refused: 0,
  bytes: 0,
  delivered: 0,
  openAssociations: 0,
  queued: 0,
  deadLetters: 0,
};

/** What a node has seen of its receiver, for the admin routes and the status. */
export class ReceiverStats {
  private readonly since = new Date().toISOString();
  private readonly refusals: Refusal[] = [];
  private listening: { listeningSince: string; address: string; port: number } | undefined;
  private readonly faults = new CurrentFaults();
  private isDraining = false;
  private isDelivering = false;
  private workerRestarts = 0;
  private suppressedEvents = 0;
  /** Undefined: its queue is this machine's own. */
  sharedQueue: string | undefined;
  /** Where the counters are read from; the node's receiver, once there is one. */
  counters = (): Counters => NOTHING;

  constructor(
    private readonly id: string,
    private readonly name: string,
  ) {}

  saw(event: ReceiverEvent): void {
    if (event.event === 'listening') {
      this.listening = { listeningSince: event.at, address: event.address, port: event.port };
      this.faults.clear();
    } else if (event.event === 'draining') {
      this.isDraining = true;
      this.listening = undefined;
      this.faults.clear();
    } else if (event.event === 'delivering') {
      this.isDelivering = true;
      this.faults.clear();
    } else if (event.event === 'worker-restarted') this.workerRestarts = event.restarts;
    else if (event.event === 'events-suppressed') this.suppressedEvents += event.count;
    const refusal = refusalOf(event);
    if (refusal === undefined) return;
    this.refusals.unshift(refusal);
    this.refusals.length = Math.min(this.refusals.length, REFUSALS_KEPT);
  }

  failed(fault: ReceiverFault, problem = ''): void {
    this.faults.add(fault, problem);
  }

  /** A fault has passed. */
  recovered(kind: FaultKind): void {
    this.faults.pass(kind);
  }

  /** It listens, as far as is known. */
  get isListening(): boolean {
    return this.listening !== undefined && this.faults.shown === undefined;
  }

  toJSON(): ReceiverStatsJson {
    const { id, name, since, listening, isListening, workerRestarts, suppressedEvents, sharedQueue } = this;
    const { shown } = this.faults;
    return {
      id,
      name,
      since,
      listening: isListening,
      ...(isListening && listening),
      ...(this.isDraining && { draining: true as const }),
      ...(this.isDelivering && { delivering: true as const }),
      ...(sharedQueue !== undefined && { sharedQueue }),
      ...(shown && { fault: shown.fault.kind, problem: shown.problem }),
      counters: this.counters(),
      workerRestarts,
      suppressedEvents,
      refusals: [...this.refusals],
    };
  }
}

function refusalOf(event: ReceiverEvent): Refusal | undefined {
  switch (event.event) {
    case 'connection-refused':
      return refusal(event, undefined);
    case 'association-rejected':
      return refusal(event, `${event.result}/${event.source}/${event.reason}`);
    case 'association-aborted':
      return refusal(event, `${event.source}/${event.reason}`);
    case 'object-refused':
    case 'request-refused':
      return refusal(event, hexStatus(event.status));
    default:
      return undefined;
  }
}

function refusal(
  from: {
    at: string;
    event: string;
    remoteAddress: string;
    text: string;
    callingAET?: string;
    calledAET?: string;
  },
  code: string | undefined,
): Refusal {
  const { at, event, remoteAddress, text, callingAET, calledAET } = from;
  return {
    at,
    event,
    remoteAddress,
    ...(callingAET !== undefined && { callingAET: printable(callingAET) }),
    ...(calledAET !== undefined && { calledAET: printable(calledAET) }),
    ...(code !== undefined && { code }),
    text,
  };
}
