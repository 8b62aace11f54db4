/**
 * Pictures for README and docs: the editor of a real Node-RED in a real browser, with images of nobody. Run by
 * `node scripts/pictures.mjs`. Look at each before it is committed.
 */
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/machine/free-port';
import { type FlowNode } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { phantomFile, type Phantom } from './phantoms';
import { until } from '../support/machine/until';
import { areOpen, sendPhantoms, STUDIES, studyFlow } from './phantom-flows';
import { withEditor } from './with-editor';

const LATEST = join(PACKAGE_DIR, 'examples', '24 A page with the latest images.json');
const pictureOf = (name: string): string => join(PACKAGE_DIR, 'docs', 'images', `${name}.png`);

const IMAGES: readonly Phantom[] = [1, 3, 5, 2, 4, 6, 3, 5].map((number, index) => ({
  study: 1,
  series: 1 + (index >> 2),
  number: number + (index >> 2) * 10,
  modality: index < 4 ? 'CT' : 'MR',
}));

async function main(): Promise<void> {
  await latestImages();
  await openStudies();
  await sample();
}

/** A flow that shows pictures, and the page that it makes. */
async function latestImages(): Promise<void> {
  const port = await freePort();
  const flows = (JSON.parse(readFileSync(LATEST, 'utf8')) as FlowNode[]).map((node) =>
    node.type === 'dicom-in' ? { ...node, port: String(port) } : node,
  );
  const viewport = { width: 1000, height: 480 };
  await withEditor({ flows, viewport }, async (editor) => {
    await editor.nodeRed.waitForLine(/listening on/);
    sendPhantoms(port, IMAGES);
    const { page, nodeRed } = editor;
    const latest = `${nodeRed.url}/latest-images`;
    await until(
      async () => (await (await fetch(latest)).text()).split('<figure>').length === IMAGES.length + 1,
      'pictures',
    );
    for (const side of ['palette', 'sidebar'])
      await page.evaluate(`RED.actions.invoke('core:toggle-${side}')`);
    await page.screenshot({ path: pictureOf('image-flow') });
    await page.setViewportSize({ width: 1240, height: 690 });
    await page.goto(latest);
    await page.screenshot({ path: pictureOf('latest-images') });
  });
}

async function openStudies(): Promise<void> {
  const port = await freePort();
  const flows = studyFlow(port).filter(({ id }) => id !== 'off');
  await withEditor({ flows, viewport: { width: 1280, height: 560 } }, async (editor) => {
    await editor.nodeRed.waitForLine(/listening on/);
    sendPhantoms(port, STUDIES);
    await areOpen(editor.nodeRed, 3);
    await editor.openDialog('study');
    await editor.showTab('open');
    const rows = editor.page.locator('#dicom-study-open-list > li');
    await until(async () => (await rows.count()) === 3, 'rows');
    await editor.page.mouse.move(0, 0);
    await editor.page.locator('.red-ui-tray').screenshot({ path: pictureOf('open-studies') });
  });
}

async function sample(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  const file = join(folder, 'phantom.dcm');
  writeFileSync(file, phantomFile({ study: 1, series: 1, number: 1, modality: 'CT' }));
  try {
    const flows = studyFlow(await freePort());
    await withEditor({ flows, viewport: { width: 1180, height: 860 } }, async (editor) => {
      await editor.openDialog('in');
      await editor.showTab('sample');
      await editor.page.locator('#dicom-in-sample-file').setInputFiles(file);
      await editor.page.locator('#dicom-in-sample-keep').waitFor();
      await editor.page.locator('#dicom-in-sample-picture').waitFor();
      await editor.page.mouse.move(0, 0);
      await editor.page.locator('.red-ui-tray').screenshot({ path: pictureOf('dicom-in-sample') });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
