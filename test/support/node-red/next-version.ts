import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../package/package-dir';

/**
 * Installs this package as its next version may be into a user directory: the settings of each node type have one migration
 * more, in the runtime and in the editor.
 * @param migration the code of a function that makes a config of the newest version into one of the next
 */
export async function installNextVersion(userDir: string, migration: string): Promise<void> {
  const folder = join(userDir, 'node_modules', 'node-red-contrib-dicom');
  await mkdir(folder, { recursive: true });
  await Promise.all([
    ...['dist/src', 'dist/nodes', 'package.json'].map((part) =>
      cp(join(PACKAGE_DIR, part), join(folder, part), { recursive: true }),
    ),
    symlink(join(PACKAGE_DIR, 'node_modules'), join(folder, 'node_modules'), 'junction'),
  ]);
  for (const part of ['dist/src/settings', 'dist/nodes']) {
    const files = readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(?:js|html)$/.test(name))) {
      await addMigration(join(folder, part, file), migration);
    }
  }
}

async function addMigration(file: string, migration: string): Promise<void> {
  const code = await readFile(file, 'utf8');
  const added = code
    .replaceAll('migrations: []', `migrations: [${migration}]`)
    .replaceAll(/\bversion: \{ value: 1\b/g, 'version: { value: 2');
  if (added !== code) await writeFile(file, added);
}
