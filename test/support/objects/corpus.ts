import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { PACKAGE_DIR } from '../package/package-dir';

/** The DICOM test objects of this repository; its README says what lies where. */
export const corpus = join(PACKAGE_DIR, 'test', 'corpus');

/** The folder that DICOM_CORPUS names: more objects, in the same layout. Tests of "the corpus" run over both. */
const larger = process.env['DICOM_CORPUS'];

/** The corpora that there are, ours first. */
const corpora: readonly string[] = larger === undefined ? [corpus] : [corpus, resolve(larger)];

export interface CorpusFile {
  /** "good/ct/….dcm" */
  name: string;
  path: string;
}

/** The files below a folder of every corpus, in a fixed order; of two with one name ours. */
export function corpusFiles(folder: string): CorpusFile[] {
  const paths = new Map<string, string>();
  for (const each of corpora) {
    for (const entry of readdirSync(join(each, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(each, path).replaceAll(sep, '/');
      if (entry.isFile() && !paths.has(name)) paths.set(name, path);
    }
  }
  return [...paths].map(([name, path]) => ({ name, path })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A row of the corpus' manifest, by column name, and where its file lies. */
export type ManifestRow = Record<string, string> & { file: string };

/** The rows of every corpus' manifest; of two for one path ours. */
export function readManifest(): ManifestRow[] {
  const rows = new Map<string, ManifestRow>();
  for (const folder of corpora) {
    const [head = '', ...lines] = readFileSync(join(folder, 'MANIFEST.tsv'), 'utf8').trim().split('\n');
    const names = head.split('\t');
    for (const line of lines) {
      const row = Object.fromEntries(line.split('\t').map((value, at) => [names[at] ?? '', value]));
      const path = row['path'] ?? '';
      if (!rows.has(path)) rows.set(path, { ...row, file: join(folder, path) });
    }
  }
  return [...rows.values()];
}
