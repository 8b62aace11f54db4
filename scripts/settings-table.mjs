// Writes the settings table of docs/dicom-in.md from src/settings and src/integration-soup (compiled), where names, defaults and
// Integration Soup's names are kept. `--check` only says whether it is up to date; a test runs that.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const require = createRequire(import.meta.url);
const { DICOM_IN } = require('../dist/src/settings/index.js');
const { RECEIVER_MEMBERS } = require('../dist/src/integration-soup/index.js');
const locale = require('../dist/nodes/dicom-in/locales/en-US/dicom-in.json')['dicom-in'];
const page = fileURLToPath(new URL('../docs/dicom-in.md', import.meta.url));
const BEGIN = '<!-- settings table: scripts/settings-table.mjs -->';
const END = '<!-- end of settings table -->';

const shown = (value) => (Array.isArray(value) ? '`[]`' : value === '' ? '(empty)' : `\`${value}\``);
const cell = (text) => text.replaceAll('|', '\\|');
const rows = Object.entries(DICOM_IN.fields).map(([name, field]) => {
  const what = locale.hint[name] ?? '';
  const initial = field.initial === undefined ? '' : `; new nodes: \`${field.initial}\``;
  const choices =
    field.kind === 'choice' ? ` (${field.choices.map((choice) => `\`${choice}\``).join(', ')})` : '';
  return `| \`${name}\` | ${locale.label[name]} | ${shown(field.default)}${choices}${initial} | ${cell(what)} | ${RECEIVER_MEMBERS[name] ?? ''} |`;
});
const table = [
  '| Property | Label | Default | Meaning | Integration Soup |',
  '|---|---|---|---|---|',
  ...rows,
].join('\n');

const before = readFileSync(page, 'utf8');
const [head, rest] = before.split(BEGIN);
const tail = rest.split(END)[1];
const after = await format(`${head}${BEGIN}\n\n${table}\n\n${END}${tail}`, {
  ...(await resolveConfig(page)),
  filepath: page,
});
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('docs/dicom-in.md: the settings table is out of date; run node scripts/settings-table.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(page, after);
}
