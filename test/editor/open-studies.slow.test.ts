import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { until } from '../support/machine/until';
import type { EditorPage } from './editor-page';
import { areOpen, sendPhantoms, STUDIES, studyFlow } from './phantom-flows';
import { editorForSuite } from './with-editor';

describe('the open studies of a node, in its dialog', { skip: needs('chromium', 'dcmtk') }, () => {
  let editor: EditorPage;
  let port: number;
  before(async () => {
    port = await freePort();
  });
  editorForSuite(
    () => ({
      flows: studyFlow(port),
      viewport: { width: 1280, height: 800 },
      started: async (nodeRed) => {
        await nodeRed.waitForLine(/listening on/);
        sendPhantoms(port, STUDIES);
        await areOpen(nodeRed, 3);
      },
    }),
    (opened) => {
      editor = opened;
    },
  );
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const part = (name: string): Locator => editor.page.locator(`#dicom-study-open-${name}`);
  const rows = (): Locator => part('list').locator('> li');
  const row = (study: number): Locator => rows().filter({ hasText: `2.25.1012034567${study}` });
  const have = (number: number): Promise<void> =>
    until(async () => (await rows().count()) === number, `${number} rows`);
  const button = (study: number, label: string): Locator => row(study).locator('button', { hasText: label });
  async function show(): Promise<void> {
    await editor.openDialog('study');
    await editor.showTab('open');
    await have(3);
  }

  it('are listed with what came, from whom, and when the next message is due', async () => {
    await show();
    assert.equal(await part('number').innerText(), 'Open: 3');
    const words = await row(1).innerText();
    for (const known of [
      'objects: 3',
      'not sent yet: 3',
      'modalities: ',
      'from: ',
      'last object: ',
      'next message: ',
    ])
      assert(words.includes(known), words);
    assert(!words.includes('dicom-study.'), words);
    assert.equal(await button(1, 'Send again').count(), 0);
    await editor.screenshot('open-studies');
  });

  it('one is sent now, and once more while nobody has acknowledged it', async () => {
    await show();
    await button(1, 'Send now').click();
    await button(1, 'Send again').waitFor();
    const words = await row(1).innerText();
    assert(words.includes('to be acknowledged: 1') && words.includes('messages: 1'), words);
    assert.equal(await button(1, 'Send now').count(), 0);
    const sent = editor.page.locator('.red-ui-debug-msg', { hasText: 'msg.study' });
    await button(1, 'Send again').press('Enter');
    await editor.page.evaluate(`RED.sidebar.show('debug')`);
    await until(async () => (await sent.count()) === 2, 'two messages');
    // Where the focus is when its row has been made anew.
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-study-open-refresh');
    await editor.screenshot('open-studies-sent');
  });

  it('one is forgotten, if that is confirmed', async () => {
    await show();
    await button(3, 'Forget').click();
    const question = editor.page.locator('.red-ui-notification', { hasText: 'dead letters: 2' });
    // It slides in: its words are to be seen as well as its buttons.
    await until(async () => {
      const [words, box] = await Promise.all([question.locator('p').boundingBox(), question.boundingBox()]);
      return words !== null && box !== null && words.y >= box.y && words.height > 10;
    }, 'the question');
    await editor.screenshot('open-studies-forget');
    await question.locator('button', { hasText: 'Keep' }).click();
    await question.waitFor({ state: 'detached' });
    await have(3);
    await button(3, 'Forget').click();
    await question.locator('button', { hasText: 'Forget' }).click();
    await have(2);
    assert.equal(await row(3).count(), 0);
    assert.equal(await part('number').innerText(), 'Open: 2');
  });

  it('are not asked for where the node does not run, and the dialog says so', async () => {
    await editor.openDialog('off');
    await editor.showTab('open');
    assert.match(await part('problem').innerText(), /is not running/);
    assert.equal(await part('refresh').isVisible(), false);
  });
});
