/** Figures of runs at different times, one run a line of JSON: what one run says may be chance. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Curve } from './support/curve';
import type { Lifecycle } from './lifecycle';
import type { Comparison, Figures } from './receiving';
import { median } from './support/median';

/** What one run has measured. */
export interface Run {
  /** ISO 8601, when it began. */
  at: string;
  machine: string;
  /** Of the objects: runs of different scales are not compared. */
  scale: number;
  comparisons: readonly Comparison[];
  /** By name. */
  curves: Readonly<Record<string, Curve>>;
  lifecycle: Lifecycle | undefined;
  /** Of ten idle peers; undefined: not measured. */
  idlePeersMB?: number | undefined;
}

/** A figure of several runs. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spreadOf(numbers: readonly number[]): Spread {
  const known = numbers.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { median: NaN, least: NaN, most: NaN };
  return { median: median(known), least: Math.min(...known), most: Math.max(...known) };
}

export function appendRun(path: string, run: Run): void {
  mkdirSync(dirname(path), { recursive: true });
  // JSON has neither maps nor NaN.
  const comparisons = run.comparisons.map((each) => ({ ...each, figures: [...each.figures] }));
  appendFileSync(path, `${JSON.stringify({ ...run, comparisons })}\n`);
}

type StoredFigures = Record<keyof Figures, number | null> | string;
type StoredRun = Omit<Run, 'comparisons'> & {
  comparisons: (Omit<Comparison, 'figures' | 'beside'> & {
    /** Runs before senders were compared have none. */
    beside?: string;
    figures: [string, StoredFigures][];
  })[];
};

/** All runs of this scale, in the order in which they were made. */
export function readRuns(path: string, scale: number): Run[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as StoredRun)
    .filter((run) => run.scale === scale)
    .map((run) => ({ ...run, comparisons: run.comparisons.map(revived) }));
}

function revived(stored: StoredRun['comparisons'][number]): Comparison {
  const figures = stored.figures.map(([name, found]): [string, Figures | string] => [
    name,
    typeof found === 'string'
      ? found
      : (Object.fromEntries(Object.entries(found).map(([key, value]) => [key, value ?? NaN])) as never),
  ]);
  return { beside: 'storescp', ...stored, figures: new Map(figures) };
}

/** The same load in each run that has it. */
export function sameLoads(runs: readonly Run[]): Comparison[][] {
  const loads = new Map<string, Comparison[]>();
  for (const comparison of runs.flatMap(({ comparisons }) => comparisons)) {
    const key = `${comparison.work}, ${comparison.associations}`;
    loads.set(key, [...(loads.get(key) ?? []), comparison]);
  }
  return [...loads.values()];
}

/** The figures of a receiver in each run in which it has any. */
export function figuresOf(name: string, comparisons: readonly Comparison[]): Figures[] {
  return comparisons.flatMap(({ figures }) => {
    const found = figures.get(name);
    return typeof found === 'object' ? [found] : [];
  });
}

/** Medians of the runs. */
export function medianComparison(comparisons: readonly Comparison[]): Comparison {
  const [first, ...others] = comparisons;
  if (first === undefined) throw new Error('no run has this load');
  const names = new Set([first, ...others].flatMap(({ figures }) => [...figures.keys()]));
  const figures = new Map<string, Figures | string>();
  for (const name of names) {
    const measured = figuresOf(name, comparisons);
    const failure = comparisons
      .map((each) => each.figures.get(name))
      .find((each) => typeof each === 'string');
    figures.set(name, measured.length > 0 ? medianOf(measured) : (failure ?? 'not measured'));
  }
  return { ...first, figures };
}

/** The median of each field. */
export function medianOf<T extends object>(measured: readonly T[]): T {
  const keys = Object.keys(measured[0] ?? {}) as (keyof T)[];
  return Object.fromEntries(
    keys.map((key) => [key, spreadOf(measured.map((each) => Number(each[key] ?? NaN))).median]),
  ) as T;
}
