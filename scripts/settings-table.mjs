// Writes the settings tables of docs from src/settings and src/integration-soup (compiled), where names, defaults and
// Integration Soup's names are kept. `--check` only says whether they are up to date: so `npm run lint` does.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const require = createRequire(import.meta.url);
const settings = Object.values(require('../dist/src/settings/index.js'));
const { RECEIVER_MEMBERS } = require('../dist/src/integration-soup/index.js');
/** The names of settings in Integration Soup, of types that have any there. */
const MEMBERS = { 'dicom-in': RECEIVER_MEMBERS };
const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const END = '<!-- end of settings table -->';

let outOfDate = false;
for (const page of readdirSync(DOCS).filter((name) => name.endsWith('.md'))) {
  const marks = readFileSync(join(DOCS, page), 'utf8').matchAll(/^<!-- settings table of ([\w-]+): /gm);
  for (const [, type] of marks) await write(type, page);
}
process.exitCode = outOfDate ? 1 : 0;

async function write(type, page) {
  const path = join(DOCS, page);
  const begin = `<!-- settings table of ${type}: scripts/settings-table.mjs -->`;
  const before = readFileSync(path, 'utf8');
  const [head, rest] = before.split(begin);
  const [, ...tail] = rest.split(END);
  const after = await format(
    `${head}${begin}\n\n${settingsTable(type, MEMBERS[type])}\n\n${END}${tail.join(END)}`,
    {
      ...(await resolveConfig(path)),
      filepath: path,
    },
  );
  if (after === before) return;
  if (!process.argv.includes('--check')) return writeFileSync(path, after);
  outOfDate = true;
  console.error(
    `docs/${page}: the settings table of ${type} is out of date; run node scripts/settings-table.mjs`,
  );
}

function settingsTable(type, members) {
  const { fields } = settings.find((one) => one.type === type);
  const locale = require(`../dist/nodes/${type}/locales/en-US/${type}.json`)[type];
  const columns = ['Property', 'Label', 'Default', 'Meaning', ...(members ? ['Integration Soup'] : [])];
  const rows = Object.entries(fields)
    .filter(([, { isPlanned }]) => !isPlanned)
    .map(([name, field]) => {
      const cells = [`\`${name}\``, locale.label[name], defaultOf(field), locale.hint[name] ?? ''];
      return [...cells, ...(members ? [members[name] ?? ''] : [])];
    });
  return [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

function defaultOf(field) {
  const initial = field.initial === undefined ? '' : `; new nodes: \`${field.initial}\``;
  const choices =
    field.kind === 'choice' ? ` (${field.choices.map((choice) => `\`${choice}\``).join(', ')})` : '';
  return `${shown(field.default)}${choices}${initial}`;
}

function shown(value) {
  if (Array.isArray(value)) return '`[]`';
  return value === '' ? '(empty)' : `\`${value}\``;
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}
