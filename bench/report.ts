import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { number, table } from './support/markdown';
import type { Comparison, Figures } from './receiving';

/** What the results were measured on. */
export function machine(rounds: number): string {
  const date = new Date().toISOString().slice(0, 10);
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const dcmtk = firstLine('storescp', '--version').replace(/^\$dcmtk: \w+ (v\S+).*/, 'DCMTK $1');
  const orthanc = firstLine('Orthanc', '--version');
  return `${date}, ${cpus().length} cores (${model}), ${memory} GiB, Node ${process.version}, ${dcmtk}, ${orthanc}. Medians of ${rounds} interleaved rounds.`;
}

function firstLine(command: string, ...args: string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout?.split('\n')[0]?.trim() ?? `no ${command}`;
}

const HEADER = [
  'receiver',
  'objects/s',
  '× storescp',
  'MB/s',
  'p50 ms',
  'p99 ms',
  'CPU ms/object',
  '× storescp',
  'peak RSS MB',
  'loop p99 ms',
];

export function comparisonMarkdown({ work, associations, figures }: Comparison): string {
  const peer = figures.get('storescp');
  const ratio = (value: number, field: 'perSecond' | 'cpuPerObject'): string =>
    typeof peer === 'object' ? number(value / peer[field], 2) : '–';
  const rows = [...figures].map(([name, found]) => {
    if (typeof found === 'string') return [name, found];
    return [
      name,
      number(found.perSecond, found.perSecond < 10 ? 2 : 0),
      ratio(found.perSecond, 'perSecond'),
      number(found.megabytesPerSecond, 0),
      number(found.p50, 2),
      number(found.p99, 2),
      number(found.cpuPerObject, found.cpuPerObject < 10 ? 3 : 0),
      ratio(found.cpuPerObject, 'cpuPerObject'),
      number(found.peakMB, 0),
      number(found.loopP99, 1),
    ];
  });
  return `### ${work}, ${associations} association${associations > 1 ? 's' : ''}\n\n${table(HEADER, rows)}`;
}

interface Target {
  what: string;
  /** Undefined: it cannot be said of this comparison. */
  measured: (comparison: Comparison) => number | undefined;
  reached: (value: number) => boolean;
}

const isSmall = ({ work }: Comparison): boolean => work.startsWith('SR');
const isCt = ({ work }: Comparison): boolean => work.startsWith('CT, ');
const isLarge = (comparison: Comparison): boolean => !isSmall(comparison) && !isCt(comparison);

/** The quotient of a figure of ours and of a peer's. */
function quotient(
  comparison: Comparison,
  ours: string,
  peer: string,
  field: keyof Figures,
): number | undefined {
  const [a, b] = [comparison.figures.get(`dicom-in, ${ours}`), comparison.figures.get(peer)];
  return typeof a === 'object' && typeof b === 'object' ? a[field] / b[field] : undefined;
}

function targets(): Target[] {
  return ['memory', 'disk'].flatMap((queue): Target[] => [
    {
      what: `${queue}: CPU per object ≤ storescp's (5 KB: ≤ 1.3 ×)`,
      measured: (each) => (isLarge(each) ? undefined : quotient(each, queue, 'storescp', 'cpuPerObject')),
      reached: (value) => value <= 1,
    },
  ]);
}

export function targetsMarkdown(comparisons: readonly Comparison[]): string {
  const rows = targets().flatMap(({ what, measured, reached }) =>
    comparisons.flatMap((comparison) => {
      const value = measured(comparison);
      if (value === undefined) return [];
      return [
        [
          what,
          `${comparison.work}, ${comparison.associations}`,
          number(value, 2),
          reached(value) ? 'yes' : 'no',
        ],
      ];
    }),
  );
  return `### Targets\n\n${table(['target', 'load', 'measured', 'reached'], rows)}`;
}
