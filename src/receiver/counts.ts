import type { NetworkEvent } from '../network';

/** What a receiver counts, from its node's start on. */
const COUNT_NAMES = [
  /** Associations accepted. */
  'associations',
  /** Associations rejected by A-ASSOCIATE-RJ. */
  'rejected',
  /** Connections that were closed before an association: host, TLS, ARTIM. */
  'connectionsRefused',
  'aborted',
  /** Objects received. */
  'received',
  /** Objects refused, and requests for other services. */
  'refused',
  /** Bytes of data sets received. */
  'bytes',
  /** Objects delivered to the flow. */
  'delivered',
] as const;

export type Counts = Record<(typeof COUNT_NAMES)[number], number>;

/** Memory for a set of counts that both threads see, and that outlives a worker. */
export function countsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(COUNT_NAMES.length * Float64Array.BYTES_PER_ELEMENT);
}

/**
 * Counts that live in the given memory: a worker counts, and the main thread reads what it has counted even if it died
 * in the same moment. Only one thread writes; a float64 holds every whole number up to 2^53.
 */
export function countsIn(memory: SharedArrayBuffer): Counts {
  const cells = new Float64Array(memory);
  const counts = {} as Counts;
  COUNT_NAMES.forEach((name, index) => {
    Object.defineProperty(counts, name, {
      enumerable: true,
      get: () => cells[index],
      set: (value: number) => (cells[index] = value),
    });
  });
  return counts;
}

export function countEvent(counts: Counts, event: NetworkEvent): void {
  switch (event.event) {
    case 'association-accepted':
      counts.associations += 1;
      break;
    case 'association-rejected':
      counts.rejected += 1;
      break;
    case 'connection-refused':
      counts.connectionsRefused += 1;
      break;
    case 'association-aborted':
      counts.aborted += 1;
      break;
    case 'object-refused':
    case 'request-refused':
      counts.refused += 1;
      break;
    case 'object-received':
      counts.received += 1;
      counts.bytes += event.bytes;
      break;
    case 'association-released':
      break;
  }
}
