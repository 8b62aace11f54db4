import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launchBrowser } from '../editor/browser';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { run } from '../support/machine/run';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const EXAMPLE = join(PACKAGE_DIR, 'examples', '29 The latest images on a FlowFuse dashboard.json');

/** Another package's nodes, as users have them: needs the npm registry, so only CI runs it. */
describe('a FlowFuse dashboard', { skip: needs('chromium') }, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let port: number;

  before(async () => {
    userDir = await mkdtemp(join(tmpdir(), 'dicom-dashboard-'));
    await writeFile(join(userDir, 'package.json'), '{"name":"node-red-project","private":true}');
    const installed = await run('npm', ['install', '--ignore-scripts', '@flowfuse/node-red-dashboard@1'], {
      cwd: userDir,
    });
    assert.equal(installed.code, 0, installed.output);
    port = await freePort();
    const flows = (JSON.parse(readFileSync(EXAMPLE, 'utf8')) as FlowNode[]).map((node) =>
      node.type === 'dicom-in' ? { ...node, port: String(port) } : node,
    );
    nodeRed = await startNodeRed({ flows, userDir });
    await nodeRed.waitForLine(/listening on/);
  });
  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('shows the picture of an object that has come, and no name', async () => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${nodeRed.url}/dashboard/latest-images`);
      const picture = page.locator('figure img');
      await picture.waitFor();
      assert.match((await picture.getAttribute('src')) ?? '', /^data:image\/png;base64,/);
      await until(
        () => page.evaluate<boolean>("document.querySelector('figure img').naturalWidth > 0"),
        'the picture to be drawn',
      );
      const text = await page.locator('body').innerText();
      assert.match(text, /CT Image Storage, \d{4}-/);
      assert.match(text, /not for diagnosis/i);
      assert.doesNotMatch(text, /12345|Doe/);
    } finally {
      await browser.close();
    }
  });
});
