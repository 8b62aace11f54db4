// The flow library's scorecard. Needs a build.
//   node scripts/scorecard.mjs                  all that can be reached: our own check, the registry, node-red-dev
//   node scripts/scorecard.mjs --local [FOLDER] only the rules that need no network, on this package or that in FOLDER
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { localRules } from './scorecard-rules.mjs';

const NODE_RED_DEV = 'node-red-dev@0.1.6';
const CATALOGUE = 'https://catalogue.nodered.org/catalogue.json';
/** D03, for the reason that CONTRIBUTING gives. */
const BEHIND_FOR_A_REASON = ['dcmjs'];

const isLocal = process.argv[2] === '--local';
const folder = resolve(process.argv[3] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
let failed = false;

function report(code, rule, problem) {
  if (problem) failed = true;
  console.log(`${problem ? '✖' : '✔'} ${code.padEnd(4)} ${rule}${problem ? `: ${problem}` : ''}`);
}

for (const { code, rule, problem } of localRules(folder)) report(code, rule, problem);
if (!isLocal) {
  const behind = outdated();
  if (behind === undefined) console.log('– D03  not checked: the npm registry cannot be reached');
  else reportBehind(behind);
  if (await isReachable(CATALOGUE)) runNodeRedDev();
  else console.log(`– P08, N01 against all packages: not checked, ${CATALOGUE} cannot be reached`);
}
process.exitCode = failed ? 1 : 0;

/** Dependencies whose latest version is outside the range that is asked for; undefined without a registry. */
function outdated() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  try {
    return Object.entries(dependencies)
      .filter(([name, range]) => !semver.satisfies(npm('view', name, 'version').trim(), range))
      .map(([name]) => name);
  } catch (error) {
    console.error(error.message);
    return undefined;
  }
}

function reportBehind(packages) {
  const unexplained = packages.filter((name) => !BEHIND_FOR_A_REASON.includes(name));
  const explained = packages.filter((name) => BEHIND_FOR_A_REASON.includes(name));
  report('D03', 'has its dependencies at their latest, or a reason', unexplained.join(', '));
  for (const name of explained) console.log(`– D03  ${name} is behind: CONTRIBUTING says why`);
}

async function isReachable(url) {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) })).ok;
  } catch (error) {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    return false;
  }
}

/** The scorecard itself. */
function runNodeRedDev() {
  const work = mkdtempSync(join(tmpdir(), 'scorecard-'));
  const output = join(work, 'scorecard.json');
  try {
    npm('exec', '--yes', '--', NODE_RED_DEV, 'validate', '--path', folder, '--output', output);
    const scorecard = JSON.parse(readFileSync(output, 'utf8'));
    const rules = Object.entries(scorecard).filter(([code]) => code !== 'package');
    for (const [code, { test, packages, ...facts }] of rules) {
      if (code === 'D03') reportBehind(packages ?? []);
      else report(code, 'by node-red-dev', test ? '' : JSON.stringify(facts));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function npm(...args) {
  return execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
