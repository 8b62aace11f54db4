import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../package/package-dir';

const PACKAGE_NAME = 'node-red-contrib-dicom';

export interface UserDirOptions {
  flows?: readonly object[];
  settings?: Readonly<Record<string, unknown>>;
}

/**
 * Makes `userDir` one that Node-RED starts in: this package as `npm install` of a local folder leaves it, settings, flows.
 * A package that is already installed there, and an existing `package.json`, are left as they are.
 */
export async function prepareUserDir(
  userDir: string,
  adminPort: number,
  { flows, settings }: UserDirOptions = {},
): Promise<void> {
  const modules = join(userDir, 'node_modules');
  await mkdir(modules, { recursive: true });
  const link = join(modules, PACKAGE_NAME);
  if (!existsSync(link)) await symlink(PACKAGE_DIR, link, 'junction');
  const manifest = join(userDir, 'package.json');
  if (!existsSync(manifest)) {
    const dependencies = { [PACKAGE_NAME]: `file:${PACKAGE_DIR}` };
    await writeFile(
      manifest,
      JSON.stringify({ name: 'node-red-project', version: '0.0.1', private: true, dependencies }, null, 2),
    );
  }
  const merged = { ...selfContainedSettings(adminPort), ...settings };
  await writeFile(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(merged, null, 2)};\n`);
  if (flows !== undefined) await writeFile(join(userDir, 'flows.json'), JSON.stringify(flows, null, 2));
}

/** No request to another host, no first-run tour, English log lines, a fixed credential secret. */
function selfContainedSettings(adminPort: number): Record<string, unknown> {
  return {
    uiHost: '127.0.0.1',
    uiPort: adminPort,
    flowFile: 'flows.json',
    credentialSecret: 'test',
    lang: 'en-US',
    logging: { console: { level: 'info', metrics: false, audit: false } },
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } },
  };
}
