import { DICOM_IN } from '../../../src/settings';
import type { ReceiverStatsJson } from './receiver-stats';

interface Metric {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  /** Undefined: the node has none. */
  value: (stats: ReceiverStatsJson) => number | undefined;
}

const gauge = (name: string, help: string, value: Metric['value']): Metric => ({
  name: `${DICOM_IN.type.replaceAll('-', '_')}_${name}`,
  type: 'gauge',
  help,
  value,
});
const counter = (name: string, help: string, value: Metric['value']): Metric => ({
  ...gauge(`${name}_total`, help, value),
  type: 'counter',
});

const METRICS: readonly Metric[] = [
  gauge('listening', 'Whether the node listens (1) or not (0).', ({ listening }) => Number(listening)),
  gauge('associations_open', 'Associations that are open now.', ({ counters }) => counters.openAssociations),
  gauge('queue_objects', 'Objects that wait in the queue now.', ({ counters }) => counters.queued),
  gauge(
    'queue_oldest_seconds',
    'For how many seconds the oldest object has been in a shared queue.',
    ({ counters }) => counters.shared?.oldestSeconds,
  ),
  gauge(
    'queue_leases',
    'Associations whose objects this machine delivers from a shared queue.',
    ({ counters }) => counters.shared?.leases,
  ),
  gauge(
    'dead_letters',
    'Objects that were set aside and wait for a person.',
    ({ counters }) => counters.deadLetters,
  ),
  counter('associations', 'Associations accepted.', ({ counters }) => counters.associations),
  counter('associations_rejected', 'Associations rejected.', ({ counters }) => counters.rejected),
  counter(
    'associations_aborted',
    'Associations that ended without a release.',
    ({ counters }) => counters.aborted,
  ),
  counter(
    'connections_refused',
    'Connections closed before an association.',
    ({ counters }) => counters.connectionsRefused,
  ),
  counter('objects_received', 'Objects received.', ({ counters }) => counters.received),
  counter('objects_refused', 'Objects and other requests refused.', ({ counters }) => counters.refused),
  counter('received_bytes', 'Bytes of data sets received.', ({ counters }) => counters.bytes),
  counter('messages', 'Messages handed to the flow.', ({ counters }) => counters.delivered),
  counter(
    'worker_restarts',
    'Restarts of the receiver after a crash.',
    ({ workerRestarts }) => workerRestarts,
  ),
];

/** The text that `PROMETHEUS_CONTENT_TYPE` announces: every metric with one line for each node, and the label `queue` if that is shared. */
export function prometheusText(nodes: readonly ReceiverStatsJson[]): string {
  const lines = METRICS.flatMap(({ name, type, help, value }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...nodes.flatMap((stats) => {
      const measured = value(stats);
      return measured === undefined ? [] : [`${name}{${labels(stats)}} ${measured}`];
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function labels({ id, name, sharedQueue }: ReceiverStatsJson): string {
  return Object.entries({ id, name, ...(sharedQueue !== undefined && { queue: sharedQueue }) })
    .map(([label, value]) => `${label}="${escape(value)}"`)
    .join(',');
}

function escape(label: string): string {
  return label.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
