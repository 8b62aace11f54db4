import type { Lifecycle } from './lifecycle';
import type { Comparison, Figures } from './receiving';
import { number, table } from './support/markdown';

/** What this project wants to reach, and what was measured. */
interface Outcome {
  target: string;
  load: string;
  measured: number;
  reached: boolean;
}

/** Without sync, as storescp is. */
const UNSYNCED = ['memory', 'disk'];
const FLOOR = 'bare TCP to file';

export function targetsMarkdown(
  comparisons: readonly Comparison[],
  lifecycle: Lifecycle | undefined,
  idlePeersMB: number | undefined,
): string {
  const outcomes = [
    ...comparisons.flatMap((each) =>
      each.beside === 'dcmsend' ? sendingOutcomes(each) : receivingOutcomes(each),
    ),
    ...(lifecycle === undefined ? [] : lifecycleOutcomes(comparisons, lifecycle)),
    ...(idlePeersMB === undefined ? [] : [below('ten idle peers, memory in MB', 'sending', idlePeersMB, 40)]),
  ];
  const rows = outcomes.map(({ target, load, measured, reached }) => [
    `${target}: ${load}`,
    number(measured, 2),
    reached ? 'yes' : '**no**',
  ]);
  return table(['target', 'measured', 'reached'], rows);
}

function receivingOutcomes(comparison: Comparison): Outcome[] {
  const { kind, associations, work } = comparison;
  const load = `${work}, ${associations} association${associations > 1 ? 's' : ''}`;
  const ratio = (
    queue: string,
    peer: string,
    field: keyof Figures,
    limit: number,
    atMost = false,
  ): Outcome[] => {
    const [ours, theirs] = [comparison.figures.get(`dicom-in, ${queue}`), comparison.figures.get(peer)];
    if (typeof ours !== 'object' || typeof theirs !== 'object') return [];
    const measured = ours[field] / theirs[field];
    const target = `${queue}, ${FIELD_NAMES[field]} ${atMost ? '≤' : '≥'} ${limit} × ${peer}`;
    return [{ target, load, measured, reached: atMost ? measured <= limit : measured >= limit }];
  };
  if (kind === 'large') return ratio('disk', FLOOR, 'megabytesPerSecond', 0.6);
  return [
    ...UNSYNCED.flatMap((queue) =>
      ratio(queue, 'storescp', 'cpuPerObject', kind === 'small' ? 1.3 : 1, true),
    ),
    ...UNSYNCED.flatMap((queue) => ratio(queue, 'storescp', 'perSecond', associations === 1 ? 1.2 : 1)),
    ...[...UNSYNCED, 'disk-synced'].flatMap((queue) => ratio(queue, 'Orthanc', 'perSecond', 5)),
    ...UNSYNCED.flatMap((queue) => ratio(queue, 'dcmjs-dimse server', 'perSecond', 6)),
  ];
}

const FIELD_NAMES: Readonly<Record<keyof Figures, string>> = {
  perSecond: 'objects/s',
  megabytesPerSecond: 'MB/s',
  p50: 'p50',
  p99: 'p99',
  cpuPerObject: 'CPU per object',
  peakMB: 'peak memory',
  loopP99: 'p99 of the main event loop',
};

/** One association, mode *wait*. */
function sendingOutcomes({ kind, associations, work, figures }: Comparison): Outcome[] {
  const [ours, theirs] = [figures.get('dicom-out, wait'), figures.get('dcmsend')];
  if (typeof ours !== 'object' || associations > 1) return [];
  if (kind === 'large') {
    return work.includes('1 GB') ? [below('dicom-out, growth of memory in MB', work, ours.peakMB, 64)] : [];
  }
  const loop = below('dicom-out, p99 of the main event loop above idle in ms', work, ours.loopP99, 10);
  if (typeof theirs !== 'object') return [loop];
  const least = kind === 'small' ? 1.5 : 1.2;
  const [speed, cpu] = [ours.perSecond / theirs.perSecond, ours.cpuPerObject / theirs.cpuPerObject];
  return [
    {
      target: `dicom-out, objects/s ≥ ${least} × dcmsend`,
      load: work,
      measured: speed,
      reached: speed >= least,
    },
    { target: 'dicom-out, CPU per object ≤ 1 × dcmsend', load: work, measured: cpu, reached: cpu <= 1 },
    loop,
  ];
}

const below = (target: string, load: string, measured: number, limit: number): Outcome => ({
  target: `${target} < ${limit}`,
  load,
  measured,
  reached: measured < limit,
});

function lifecycleOutcomes(comparisons: readonly Comparison[], lifecycle: Lifecycle): Outcome[] {
  const delays = comparisons
    .map(({ figures }) => figures.get('dicom-in, disk'))
    .flatMap((figures) => (typeof figures === 'object' ? [figures.loopP99] : []));
  return [
    below('1 GB object, growth of memory in MB', 'disk', lifecycle.object1G, 64),
    below('200 associations × 512 KB, growth of memory in MB', 'disk', lifecycle.associations200, 256),
    ...(delays.length === 0
      ? []
      : [
          below(
            'main event loop, worst p99 above idle in ms',
            'disk',
            Math.max(...delays) - lifecycle.idleLoopP99,
            10,
          ),
        ]),
    below('second idle node, memory in MB', 'disk', lifecycle.secondNode, 40),
    below('start to listening in ms', 'disk', lifecycle.startToListening, 400),
    below('full deploy refuses connections, in ms', 'disk', lifecycle.redeployGap, 300),
  ];
}
