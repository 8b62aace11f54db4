/**
 * `npm run bench`: this node beside its peers, in one run. Options: `--rounds N` (5), `--only sr,ct,20mb,1gb,growth,life,convert`,
 * `--receivers storescp,disk` (parts of their names), `--write` (puts the results into docs/performance.md). Needs Linux and the corpus; says which peers are missing.
 */
import { comparisonMarkdown, machine, targetsMarkdown } from './report';
import { compareReceivers, plans, RECEIVERS } from './receiving';

void main();

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const rounds = Number(option('--rounds') ?? 5);
  const only = option('--only')?.split(',');
  const named = option('--receivers')?.split(',');
  const kinds = RECEIVERS.filter(({ name, missing }) => {
    if (named?.some((part) => name.includes(part)) === false) return false;
    if (missing !== undefined) console.log(`${name} is left out: it is not installed (${missing})`);
    return missing === undefined;
  });
  console.log(machine(rounds));
  const loads = Object.entries(plans()).filter(([name]) => only?.includes(name) ?? true);
  const comparisons = await compareReceivers(
    kinds,
    loads.map(([, load]) => load),
    rounds,
    (comparison) => console.log(`\n${comparisonMarkdown(comparison)}`),
  );
  console.log(`\n${targetsMarkdown(comparisons)}`);
}
