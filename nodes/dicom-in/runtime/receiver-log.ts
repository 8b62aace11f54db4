import type { Node, NodeAPI } from 'node-red';
import { printable } from '../../../src/basics';
import { hexStatus } from '../../../src/network';
import type { Boundary } from '../../../src/worker';
import { EventGate, type FaultKind, type ReceiverEvent, type SharedQueue } from '../../../src/receiver';

/** A log is read by people: what comes faster than this is counted. */
const LOG_LIMITS = { windowMs: 10_000, perCaller: 10, total: 100 };

const DIRECTORY_BACK = 'the shared directory of the queue can be used again';
const DATABASE_BACK = 'the database of the shared queue can be used again';
const RECOVERED: Partial<Record<FaultKind, string>> = {
  databaseAway: DATABASE_BACK,
  databaseUnsafe: DATABASE_BACK,
  sharedDirectoryMissing: DIRECTORY_BACK,
  sharedDirectoryReadOnly: DIRECTORY_BACK,
  sharedDirectoryOther: DIRECTORY_BACK,
  sharedDirectoryUnnamed: 'the queue has no objects in a shared directory any more',
  diskSilent: 'the disk answers again',
};

/**
 * Writes what an operator wants to find later to Node-RED's log: who came, who was turned away and why. No patient data:
 * AE titles, addresses, UIDs and counts only, and those that come from a peer made printable.
 */
export class ReceiverLog {
  private readonly gate: EventGate;

  /** @param boundary loggers of others may throw, and the end of a window of time comes from a timer */
  constructor(
    private readonly node: Node,
    boundary: Boundary,
  ) {
    this.gate = new EventGate(
      LOG_LIMITS,
      boundary.wrap(({ count, seconds }) =>
        node.warn(
          `${count} more refused, rejected or aborted in ${seconds} s; the counters include them all`,
        ),
      ),
    );
  }

  write(event: ReceiverEvent): void {
    const isRoutine = event.event === 'association-accepted' || event.event === 'association-released';
    if (isRoutine || this.gate.passes(event)) writeLine(this.node, event);
  }

  /** Which queue it uses with others. */
  uses({ queue, schema, database: { host, port, database } }: SharedQueue): void {
    const place = printable(`${database} at ${host}:${port}, schema ${schema}`);
    this.node.log(`uses the shared queue ${queue} in the database ${place}`);
  }

  /** A fault has passed, which was told when it came. */
  recovered(kind: FaultKind): void {
    const words = RECOVERED[kind];
    if (words !== undefined) this.node.log(words);
  }

  close(): void {
    this.gate.close();
  }
}

/** Does any of Node-RED's logs take `debug` lines? Node-RED itself does not say. */
export function logsDetails(RED: NodeAPI): boolean {
  const { logging = {} } = RED.settings as { logging?: Record<string, { level?: string }> };
  return Object.values(logging).some(({ level = '' }) => level === 'debug' || level === 'trace');
}

function writeLine(node: Node, event: ReceiverEvent): void {
  switch (event.event) {
    case 'listening':
      node.log(`listening on ${event.address} port ${event.port}`);
      break;
    case 'draining':
      node.log(`draining: nothing is accepted any more, ${event.openAssociations} associations are open`);
      break;
    case 'delivering':
      node.log('delivering from the shared queue, not listening');
      break;
    case 'association-accepted':
      node.debug(`association accepted from ${caller(event)}`);
      break;
    case 'association-released':
      node.debug(`association from ${caller(event)} released after ${event.objects} objects`);
      break;
    case 'association-rejected':
      node.warn(
        `association from ${caller(event)} rejected (${event.result}/${event.source}/${event.reason}): ${event.text}`,
      );
      break;
    case 'association-aborted':
      node.warn(
        `association from ${caller(event)} aborted by ${event.by} (${event.source}/${event.reason}): ${event.text}`,
      );
      break;
    case 'connection-refused':
      node.warn(`connection from ${event.remoteAddress} refused: ${event.text}`);
      break;
    case 'object-refused':
      node.warn(
        `object ${printable(event.sopInstanceUID)} from ${caller(event)} refused with ` +
          `${hexStatus(event.status)}: ${event.text}`,
      );
      break;
    case 'object-received':
      node.debug(`object ${printable(event.sopInstanceUID)} received from ${caller(event)}`);
      break;
    case 'request-refused':
      node.warn(`${event.operation} from ${caller(event)} refused: ${event.text}`);
      break;
    case 'queue-full':
    case 'disk-low':
      node.warn(`objects are refused: ${event.text}`);
      break;
    case 'disk-slow':
      node.warn(event.text);
      break;
    case 'events-suppressed':
      node.warn(
        `${event.count} events in ${event.seconds} s were only counted: a peer is flooding this node`,
      );
      break;
    case 'dead-letter':
      // For every other reason there is an error.
      if (event.status !== undefined)
        node.warn(`object ${event.queueId} is a dead letter: the flow answered ${event.status}`);
      break;
    case 'worker-restarted':
    case 'stopped':
      break;
  }
}

function caller({ callingAET, remoteAddress }: { callingAET: string; remoteAddress: string }): string {
  return `${printable(callingAET) || '(no AE title)'} at ${remoteAddress}`;
}
