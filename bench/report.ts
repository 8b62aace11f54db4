import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import type { Curve } from './growth';
import type { Comparison } from './receiving';
import { number, table } from './support/markdown';

/** What the results were measured on. */
export function machine(rounds: number): string {
  const date = new Date().toISOString().slice(0, 10);
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const dcmtk = /v\d\S*/.exec(firstLine('storescp', '--version'))?.[0] ?? 'not installed';
  const orthanc = /\d\S*/.exec(firstLine('Orthanc', '--version'))?.[0] ?? 'not installed';
  return (
    `${date}, virtual machine with ${cpus().length} cores (${model}) and ${memory} GiB, Linux ${release().split('-')[0] ?? ''}, ` +
    `Node ${process.version}, DCMTK ${dcmtk}, Orthanc ${orthanc}. Medians of ${rounds} interleaved rounds.`
  );
}

function firstLine(command: string, ...args: string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n')[0] ?? '';
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
    if (typeof found === 'string') return [`${name}: ${found}`];
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

export function curveMarkdown({ title, x, y, points }: Curve): string {
  const rows = points.map(({ label, cost, memoryMB }) => [label, number(cost, 3), number(memoryMB, 0)]);
  return `### ${title}\n\n${table([x, y, 'memory MB'], rows)}`;
}
