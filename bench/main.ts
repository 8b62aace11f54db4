/**
 * `npm run bench`: this node beside its peers, by turns. Needs Linux; says which peers are missing. Each run adds its figures
 * to a file; docs/performance.md tells the medians and ranges of all runs in it, three at least, made at different times.
 *
 *     --rounds 5                  interleaved rounds; a run's figures are their medians
 *     --only sr,ct                some of: sr, ct, 20mb, 1gb, growth, lifecycle, and those of --sending
 *     --sending                   what is sent by dicom-out and its peers, instead: send-sr, send-ct, send-20mb, send-1gb, idle-peers
 *     --retrieve                  only C-GET of a study from dcmqrscp by dicom-retrieve beside getscu, and C-FIND of 5 000 matches by
 *                                 dicom-query beside findscu; it is not kept
 *     --receivers storescp,disk   those whose names have one of these in them; --senders dcmsend,wait: likewise
 *     --scale 0.1                 a part of the objects, to see that it works
 *     --results FILE              where runs are kept; bench/results/runs.jsonl
 *     --page FILE                 what is written instead of docs/performance.md
 *     --write                     puts the results of all runs of this scale into docs/performance.md and its pictures
 *     --render                    the same, without measuring
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_DIR } from '../test/support/package/package-dir';
import { compareFinding } from './finding';
import { associations, backlog, sizes } from './growth';
import type { Curve } from './support/curve';
import { measureLifecycle } from './lifecycle';
import { compareReceivers, plans, RECEIVERS, type Comparison } from './receiving';
import { comparisonMarkdown, curveMarkdown, machine, medianCurve, ownSpreads, runsMarkdown } from './report';
import { compareRetrieving } from './retrieving';
import { appendRun, medianComparison, medianOf, readRuns, sameLoads, spreadOf, type Run } from './results';
import { compareSenders, idlePeersMB, SENDERS, sendingPlans } from './sending';
import { curveSvg } from './support/svg';
import { targetsMarkdown } from './targets';

const RESULTS = join(PACKAGE_DIR, 'bench', 'results', 'runs.jsonl');
const PAGE = join(PACKAGE_DIR, 'docs', 'performance.md');
const PICTURES = join('images', 'performance');
const MARK = '<!-- what follows is written by npm run bench -- --write -->';
const CURVES: Readonly<Record<string, () => Promise<Curve>>> = { backlog, associations, sizes };
const FEWEST_RUNS = 3;
const RECEIVING = [...Object.keys(plans()), 'growth', 'lifecycle'];
const SENDING = [...Object.keys(sendingPlans()), 'idle-peers'];

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const results = option('--results') ?? RESULTS;
  const scale = Number(option('--scale') ?? 1);
  if (args.includes('--retrieve')) {
    const rounds = Number(option('--rounds') ?? 5);
    console.log(`${await compareRetrieving(rounds, scale)}\n\n${await compareFinding(rounds, scale)}`);
    return;
  }
  const isToBeRendered = args.includes('--render');
  if (!isToBeRendered) {
    const only = option('--only')?.split(',') ?? (args.includes('--sending') ? SENDING : RECEIVING);
    const wants = (part: string): boolean => only.includes(part);
    const [receivers, senders] = [
      named(RECEIVERS, option('--receivers')?.split(',')),
      named(SENDERS, option('--senders')?.split(',')),
    ];
    appendRun(results, await measure(Number(option('--rounds') ?? 5), scale, receivers, senders, wants));
  }
  if (isToBeRendered || args.includes('--write'))
    write(readRuns(results, scale), results, option('--page') ?? PAGE);
}

async function measure(
  rounds: number,
  scale: number,
  receivers: typeof RECEIVERS,
  senders: typeof SENDERS,
  wants: (part: string) => boolean,
): Promise<Run> {
  const at = new Date().toISOString();
  const tell = (markdown: string): void => console.log(`${markdown}\n`);
  tell(machine(rounds));
  const tellComparison = (comparison: Comparison): void => tell(comparisonMarkdown([comparison]));
  const wanted = <T>(all: Readonly<Record<string, T>>): T[] =>
    Object.entries(all).flatMap(([name, each]) => (wants(name) ? [each] : []));
  const comparisons = [
    ...(await compareReceivers(receivers, wanted(plans(scale)), rounds, tellComparison)),
    ...(await compareSenders(senders, wanted(sendingPlans(scale)), rounds, tellComparison)),
  ];
  const curves: Record<string, Curve> = {};
  for (const [name, curve] of wants('growth') ? Object.entries(CURVES) : []) {
    curves[name] = await curve();
    tell(curveMarkdown([curves[name]]));
  }
  const lifecycle = wants('lifecycle') ? await measureLifecycle(rounds) : undefined;
  const idlePeers = wants('idle-peers') ? await idlePeersMB(rounds) : undefined;
  tell(`### Targets\n\n${targetsMarkdown(comparisons, lifecycle, idlePeers)}`);
  return { at, machine: machine(rounds), scale, comparisons, curves, lifecycle, idlePeersMB: idlePeers };
}

/** What one run tells may be chance. */
function write(runs: readonly Run[], results: string, page: string): void {
  if (runs.length < FEWEST_RUNS)
    throw new Error(
      `${results} has ${runs.length} runs of this scale: run npm run bench at other times, until there are ${FEWEST_RUNS}`,
    );
  const loads = sameLoads(runs);
  const told = [runsMarkdown(runs), ownSpreads(loads), ...loads.map(comparisonMarkdown)];
  for (const name of Object.keys(CURVES)) {
    const curves = runs.flatMap((run) => run.curves[name] ?? []);
    if (curves.length === 0) continue;
    const picture = `${PICTURES}-${name}.svg`;
    const curve = medianCurve(curves);
    told.push(`${curveMarkdown(curves)}\n\n![${curve.title}](${picture})`);
    writeFileSync(join(dirname(page), picture), curveSvg(curve));
  }
  const lifecycles = runs.flatMap(({ lifecycle }) => lifecycle ?? []);
  const lifecycle = lifecycles.length > 0 ? medianOf(lifecycles) : undefined;
  const idlePeers = runs.flatMap((run) => run.idlePeersMB ?? []);
  const ofIdlePeers = idlePeers.length > 0 ? spreadOf(idlePeers).median : undefined;
  told.push(`### Targets\n\n${targetsMarkdown(loads.map(medianComparison), lifecycle, ofIdlePeers)}`);
  const [prose = ''] = readFileSync(page, 'utf8').split(MARK);
  writeFileSync(page, `${prose}${MARK}\n\n${told.join('\n\n')}\n`);
}

function named<T extends { name: string; missing?: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  return all.filter(({ name, missing }) => {
    if (names?.some((part) => name.includes(part)) === false) return false;
    if (missing !== undefined) console.log(`${name} is left out: it is not installed (${missing})`);
    return missing === undefined;
  });
}
