import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../support/machine/free-port';
import { startNodeRed, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { run } from '../support/machine/run';
import { NODE_TYPES } from '../support/package/node-types';
import { StoreClient, sampleInstance } from '../support/peers/store-client';

/** As the admin API lists what a package brings. */
interface NodeSet {
  module: string;
  types: string[];
  err?: string;
}

/** What a user has after installing the package from the palette: needs the npm registry, so only CI runs it. */
describe('the packed package in a clean Node-RED', () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let files: string[];

  before(async () => {
    userDir = await mkdtemp(join(tmpdir(), 'dicom-package-'));
    const packed = await run('npm', ['pack', PACKAGE_DIR, '--pack-destination', userDir, '--json']);
    assert.equal(packed.code, 0, packed.output);
    await writeFile(join(userDir, 'package.json'), '{"name":"node-red-project","private":true}');
    const tarball = readdirSync(userDir).find((name) => name.endsWith('.tgz')) ?? assert.fail('no tarball');
    // In the folder, not with --prefix: npm would then look for its global settings there, too.
    const installed = await run('npm', ['install', '--engine-strict', join(userDir, tarball)], {
      cwd: userDir,
    });
    assert.equal(installed.code, 0, installed.output);
    const root = join(userDir, 'node_modules', 'node-red-contrib-dicom');
    files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
    nodeRed = await startNodeRed({ flows: [], userDir });
  });
  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const get = (path: string, accept: string) => fetch(`${nodeRed.url}${path}`, { headers: { accept } });

  it('holds what is needed and nothing else', () => {
    const top = [...new Set(files.map((name) => name.split('/')[0]))].sort();
    assert.deepEqual(top, [
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'dist',
      'docs',
      'examples',
      'package.json',
    ]);
    assert.deepEqual(
      files.filter((name) =>
        /dist\/(test|bench)|dist\/nodes\/(?:[^/]+\/)?editor\/|\.tsbuildinfo$|\.map$/.test(name),
      ),
      [],
    );
  });

  it('has at most six runtime dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(PACKAGE_DIR, 'package.json'), 'utf8')) as {
      dependencies: object;
    };
    assert.ok(Object.keys(dependencies).length <= 6);
  });

  it('registers its nodes without an error', async () => {
    const sets = (await (await get('/nodes', 'application/json')).json()) as NodeSet[];
    const ours = sets.filter(({ module }) => module === 'node-red-contrib-dicom');
    assert.deepEqual(
      ours.map(({ types, err }) => [types, err]),
      NODE_TYPES.map((type) => [[type], undefined]),
    );
  });

  for (const [type, icon] of [
    ['dicom-in', 'dicom-in.svg'],
    ['dicom-response', 'dicom-response.svg'],
  ] as const) {
    it(`serves dialog, help and icon of ${type}`, async () => {
      const html = await (await get(`/nodes/node-red-contrib-dicom/${type}`, 'text/html')).text();
      assert.ok(html.includes(`data-template-name="${type}"`));
      assert.ok(html.includes(`data-help-name="${type}"`));
      const served = await get(`/icons/node-red-contrib-dicom/${icon}`, 'image/svg+xml');
      assert.equal(served.status, 200);
      assert.match(await served.text(), /<svg/);
    });
  }

  it('offers its examples', async () => {
    const listed = await get('/library/examples/flows/node-red-contrib-dicom', 'application/json');
    const text = await listed.text();
    for (const name of readdirSync(join(PACKAGE_DIR, 'examples'))) {
      assert.ok(text.includes(name.replace(/\.json$/, '')), name);
    }
  });

  it('receives an object', async () => {
    const port = await freePort();
    const example = JSON.parse(
      readFileSync(join(PACKAGE_DIR, 'examples', '01 Receive and show.json'), 'utf8'),
    ) as { id: string; type: string; port?: string }[];
    const from = nodeRed.lines.length;
    await nodeRed.deploy(
      example.map((node) => (node.type === 'dicom-in' ? { ...node, port: String(port) } : node)),
    );
    await nodeRed.waitForLine(/listening on/, { from });
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  });
});
