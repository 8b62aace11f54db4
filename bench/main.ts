/**
 * `npm run bench`: this node beside its peers, in one run. Needs Linux; says which peers are missing.
 *
 *     --rounds 5                  interleaved rounds; medians are told
 *     --only sr,ct                some of: sr, ct, 20mb, 1gb, growth, lifecycle
 *     --receivers storescp,disk   those whose names have one of these in them
 *     --scale 0.1                 a part of the objects, to see that it works
 *     --write                     puts the results into docs/performance.md and its pictures
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../test/support/user-dir';
import { associations, backlog, sizes, type Curve } from './growth';
import { measureLifecycle } from './lifecycle';
import { compareReceivers, plans, RECEIVERS } from './receiving';
import { comparisonMarkdown, curveMarkdown, machine } from './report';
import { curveSvg } from './support/svg';
import { targetsMarkdown } from './targets';

const PAGE = join(PACKAGE_DIR, 'docs', 'performance.md');
const PICTURES = join('images', 'performance');
const MARK = '<!-- what follows is written by npm run bench -- --write -->';
const CURVES: Readonly<Record<string, () => Promise<Curve>>> = { backlog, associations, sizes };

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const only = option('--only')?.split(',');
  const wants = (part: string): boolean => only?.includes(part) ?? true;
  const rounds = Number(option('--rounds') ?? 5);
  const told: string[] = [];
  const tell = (markdown: string): void => {
    console.log(`${markdown}\n`);
    told.push(markdown);
  };

  tell(machine(rounds));
  const loads = Object.entries(plans(Number(option('--scale') ?? 1))).filter(([name]) => wants(name));
  const comparisons = await compareReceivers(
    receivers(option('--receivers')?.split(',')),
    loads.map(([, load]) => load),
    rounds,
    (comparison) => tell(comparisonMarkdown(comparison)),
  );
  if (wants('growth')) {
    for (const [name, measure] of Object.entries(CURVES)) {
      const curve = await measure();
      tell(`${curveMarkdown(curve)}\n\n![${curve.title}](${PICTURES}-${name}.svg)`);
      if (args.includes('--write'))
        writeFileSync(join(PACKAGE_DIR, 'docs', `${PICTURES}-${name}.svg`), curveSvg(curve));
    }
  }
  const lifecycle = wants('lifecycle') ? await measureLifecycle(rounds) : undefined;
  tell(`### Targets\n\n${targetsMarkdown(comparisons, lifecycle)}`);
  if (args.includes('--write')) {
    const [prose = ''] = readFileSync(PAGE, 'utf8').split(MARK);
    writeFileSync(PAGE, `${prose}${MARK}\n\n${told.join('\n\n')}\n`);
  }
}

function receivers(named: readonly string[] | undefined): typeof RECEIVERS {
  return RECEIVERS.filter(({ name, missing }) => {
    if (named?.some((part) => name.includes(part)) === false) return false;
    if (missing !== undefined) console.log(`${name} is left out: it is not installed (${missing})`);
    return missing === undefined;
  });
}
