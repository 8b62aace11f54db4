import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import type { Curve } from './support/curve';
import type { Comparison, Figures } from './receiving';
import { figuresOf, medianComparison, spreadOf, type Run, type Spread } from './results';
import { number, table } from './support/markdown';

/** What the results were measured on. */
export function machine(rounds: number): string {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const dcmtk = /v\d\S*/.exec(firstLine('storescp', '--version'))?.[0] ?? 'not installed';
  const orthanc = /\d\S*/.exec(firstLine('Orthanc', '--version'))?.[0] ?? 'not installed';
  return (
    `Virtual machine with ${cpus().length} cores (${model}) and ${memory} GiB, Linux ${release().split('-')[0] ?? ''}, ` +
    `Node ${process.version}, DCMTK ${dcmtk}, Orthanc ${orthanc}. Each run: medians of ${rounds} interleaved rounds.`
  );
}

function firstLine(command: string, ...args: string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n')[0] ?? '';
}

const header = (beside: string): string[] => [
  beside === SENDER ? 'sender' : 'receiver',
  'objects/s',
  `× ${beside}`,
  'MB/s',
  'p50 ms',
  'p99 ms',
  'CPU ms/object',
  `× ${beside}`,
  'peak RSS MB',
  'loop p99 ms',
];

/** Beside it, senders are compared. */
const SENDER = 'dcmsend';

/** One load in each of the runs that have it: medians, and in brackets the range of the runs. */
export function comparisonMarkdown(runs: readonly Comparison[]): string {
  const { work, beside, associations, figures } = medianComparison(runs);
  const rows = [...figures].map(([name, found]) => {
    if (typeof found === 'string') return [`${name}: ${found}`];
    const of = (field: keyof Figures): Spread =>
      spreadOf(figuresOf(name, runs).map((measured) => measured[field]));
    return [
      name,
      range(of('perSecond'), digitsOf(found.perSecond)),
      range(ratio(name, beside, runs, 'perSecond'), 2),
      number(found.megabytesPerSecond, 0),
      number(found.p50, 2),
      number(found.p99, 2),
      range(of('cpuPerObject'), found.cpuPerObject < 10 ? 3 : 0),
      range(ratio(name, beside, runs, 'cpuPerObject'), 2),
      number(found.peakMB, 0),
      number(found.loopP99, 1),
    ];
  });
  return `### ${loadTitle(work, associations)}\n\n${table(header(beside), rows)}`;
}

/** Of objects a second. */
function digitsOf(perSecond: number): number {
  return perSecond < 10 ? 2 : 0;
}

function loadTitle(work: string, associations: number): string {
  return `${work}, ${associations} association${associations > 1 ? 's' : ''}`;
}

/** One beside its peer, within each run. */
function ratio(name: string, beside: string, runs: readonly Comparison[], field: keyof Figures): Spread {
  const ratios = runs.map((run) => {
    const [ours] = figuresOf(name, [run]);
    const [theirs] = figuresOf(beside, [run]);
    return ours === undefined || theirs === undefined ? NaN : ours[field] / theirs[field];
  });
  return spreadOf(ratios);
}

function range({ median, least, most }: Spread, digits: number): string {
  const [from, to] = [number(least, digits), number(most, digits)];
  return from === to ? number(median, digits) : `${number(median, digits)} (${from}–${to})`;
}

/** How much the peers differ from themselves, and what follows for what is compared with them. */
export function ownSpreads(loads: readonly (readonly Comparison[])[]): string {
  const peers = new Set(loads.flatMap(([first]) => first?.beside ?? []));
  return [...peers]
    .map((peer) =>
      ownSpread(
        peer,
        loads.filter(([first]) => first?.beside === peer),
      ),
    )
    .join('\n\n');
}

function ownSpread(peer: string, loads: readonly (readonly Comparison[])[]): string {
  const spreads = loads.flatMap((runs) => {
    const measured = figuresOf(peer, runs).map(({ perSecond }) => perSecond);
    const [first] = runs;
    if (first === undefined || measured.length < 2) return [];
    return [{ load: loadTitle(first.work, first.associations), spread: spreadOf(measured) }];
  });
  if (spreads.length === 0) return `### ${peer} beside itself\n\nIt took part in fewer than two runs.`;
  const factor = ({ most, least }: Spread): number => most / least;
  const rows = spreads.map(({ load, spread }) => [
    load,
    number(spread.median, digitsOf(spread.median)),
    `${number(spread.least, digitsOf(spread.median))}–${number(spread.most, digitsOf(spread.median))}`,
    number(factor(spread), 2),
  ]);
  const worst = Math.max(...spreads.map(({ spread }) => factor(spread)));
  return (
    `### ${peer} beside itself\n\n${table(['load', 'objects/s', 'range', 'most ÷ least'], rows)}\n\n` +
    `On this machine ${peer} differs from itself by a factor of up to ${number(worst, 2)} between runs: a ratio to it tells a ` +
    'difference only where its range in the tables does not include 1.'
  );
}

/** When the runs were made, and on what. */
export function runsMarkdown(runs: readonly Run[]): string {
  const dates = runs.map(({ at }) => `${at.slice(0, 16).replace('T', ' ')} UTC`).join(', ');
  return `${runs.length} runs: ${dates}.\n\n${[...new Set(runs.map((run) => run.machine))].join('\n\n')}`;
}

/** The same curve in each run: medians, and the range of the cost. */
export function curveMarkdown(curves: readonly Curve[]): string {
  const { title, x, y, points } = medianCurve(curves);
  const rows = points.map(({ label, memoryMB }, index) => {
    const costs = curves.map((curve) => curve.points[index]?.cost ?? NaN);
    return [label, range(spreadOf(costs), 3), number(memoryMB, 0)];
  });
  return `### ${title}\n\n${table([x, y, 'memory MB'], rows)}`;
}

export function medianCurve(curves: readonly Curve[]): Curve {
  const [first] = curves;
  if (first === undefined) throw new Error('no run has this curve');
  const points = first.points.map((point, index) => ({
    ...point,
    cost: spreadOf(curves.map((curve) => curve.points[index]?.cost ?? NaN)).median,
    memoryMB: spreadOf(curves.map((curve) => curve.points[index]?.memoryMB ?? NaN)).median,
  }));
  return { ...first, points };
}
