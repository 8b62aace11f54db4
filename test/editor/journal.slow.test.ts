import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const HOSTILE = '<img src=x onerror="window.hacked = true"> $t(tab.peer) __number__';
const VIEWPORT = { width: 1280, height: 800 };

for (const language of ['en-US', 'de']) {
  const isEnglish = language === 'en-US';
  describe(
    `journals and the outbox's dead letters in the dialogs: ${language}`,
    { skip: needs('chromium') },
    () => {
      let editor: EditorPage;
      let archive: MisbehavingScp;
      let outbox: string;
      let port: number;
      let isUp = false;

      before(async () => {
        archive = await MisbehavingScp.listen({
          store: (_, count) => (count === 0 ? 0xb000 : isUp ? 0 : 0x0122),
        });
        [port, outbox] = await Promise.all([freePort(), mkdtemp(join(tmpdir(), 'dicom-outbox-'))]);
      });
      const flows = (): FlowNode[] => [
        { id: TAB, type: 'tab', label: 'Flow 1' },
        dicomIn('in', port, [['out']], { acknowledge: true, minFreeDiskMB: 0 }),
        { id: 'pacs', type: 'dicom-peer', name: HOSTILE, host: '127.0.0.1', port: String(archive.port) },
        {
          id: 'out',
          type: 'dicom-out',
          z: TAB,
          peer: 'pacs',
          mode: 'store-and-forward',
          outboxDirectory: outbox,
          minFreeDiskMB: 0,
          x: 300,
          y: 100,
          wires: [[]],
        },
        { id: 'off', type: 'dicom-out', z: TAB, d: true, peer: 'pacs', x: 300, y: 200, wires: [[]] },
      ];
      async function upload(number: number): Promise<void> {
        const client = await StoreClient.open(port);
        const { uid, dataSet } = sampleInstance(number);
        assert.equal(await client.store(uid, dataSet), 0);
        await client.release();
      }
      const listOf = async (url: string, what: string): Promise<unknown[]> =>
        ((await (await fetch(url)).json()) as Record<string, unknown[]>)[what] ?? [];
      const started = async (nodeRed: NodeRed): Promise<void> => {
        await nodeRed.waitForLine(/listening on/);
        const letters = `${nodeRed.url}/dicom-out/out/dead-letters`;
        // One after the other: the outbox takes several at a time in any order.
        for (const number of [1, 2, 3]) {
          await upload(number);
          await until(() => archive.objects.length === number, 'it is tried');
          const dead = number - 1;
          await until(async () => (await listOf(letters, 'deadLetters')).length === dead, 'dead letters');
        }
      };
      editorForSuite(
        () => ({ flows: flows(), started, viewport: VIEWPORT, language, settings: { lang: language } }),
        (opened) => {
          editor = opened;
        },
      );
      after(async () => {
        await archive.stop();
        await rm(outbox, { recursive: true, force: true });
      });
      afterEach(async () => {
        if (await editor.dialog().isVisible()) await editor.cancel();
        assert.deepEqual(editor.errors.splice(0), []);
      });

      const part = (type: string, name: string): Locator => editor.page.locator(`#${type}-${name}`);
      const rows = (type: string, panel: string): Locator => part(type, `${panel}-list`).locator('> li');
      const haveRows = (type: string, panel: string, number: number): Promise<unknown> =>
        until(async () => (await rows(type, panel).count()) === number, `${number} rows`);
      const isAsText = async (type: string): Promise<void> => {
        assert.equal(await editor.page.evaluate('window.hacked'), undefined);
        // But for the picture of the sample tab.
        assert.equal(await part(type, 'dialog').locator('img:not([id])').count(), 0);
        const words = await editor.dialog().innerText();
        assert(!words.includes(`${type}.`), words);
      };

      it('dead letters of the outbox say which object, to whom, why, and how often it was tried', async () => {
        await editor.openDialog('out');
        await editor.showTab('outbox');
        await haveRows('dicom-out', 'dead-letters', 2);
        const words = await rows('dicom-out', 'dead-letters').first().innerText();
        const { uid } = sampleInstance(2);
        for (const known of ['SOP class not supported (0122)', HOSTILE, 'CT Image Storage', uid])
          assert(words.includes(known), words);
        assert.match(words, isEnglish ? /attempts: 1/ : /Versuche: 1/);
        await isAsText('dicom-out');
        await part('dicom-out', 'dead-letters').scrollIntoViewIfNeeded();
        await editor.screenshot(`out-dead-letters-${language}`);
      });

      it('the journal of dicom-out is filtered, by text and outcome, and keeps the dialog as it was', async () => {
        await editor.openDialog('out');
        await editor.showTab('journal');
        await haveRows('dicom-out', 'journal', 3);
        const [latest = '', , first = ''] = await rows('dicom-out', 'journal').allInnerTexts();
        assert.match(latest, isEnglish ? /^not sent: .*\(0122\)/ : /^nicht gesendet: .*\(0122\)/);
        assert.match(
          first,
          isEnglish
            ? /^sent, with a warning: coercion .*\(B000\)/
            : /^gesendet, mit Warnung: coercion .*\(B000\)/,
        );
        assert(latest.includes(HOSTILE) && latest.includes(sampleInstance(3).uid), latest);
        await isAsText('dicom-out');
        await editor.screenshot(`out-journal-${language}`);
        await part('dicom-out', 'journal-search').fill(sampleInstance(2).uid);
        await haveRows('dicom-out', 'journal', 1);
        await part('dicom-out', 'journal-search').fill('');
        await part('dicom-out', 'journal-outcome').selectOption('warning');
        await haveRows('dicom-out', 'journal', 1);
        await part('dicom-out', 'journal-search').fill('no such thing');
        await haveRows('dicom-out', 'journal', 0);
        const none = await part('dicom-out', 'journal-number').innerText();
        assert.equal(none, isEnglish ? 'No entry matches.' : 'Kein Eintrag passt.');
        await editor.done();
        assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);
      });

      it('send again is there only while the object is, and sends it', async () => {
        isUp = true;
        const before = archive.objects.length;
        await editor.openDialog('out');
        await editor.showTab('journal');
        await haveRows('dicom-out', 'journal', 3);
        const buttons = rows('dicom-out', 'journal').locator('button');
        assert.equal(await buttons.count(), 2);
        await buttons.first().press('Enter');
        const told = isEnglish ? 'The object is being sent again.' : 'Das Objekt wird erneut gesendet.';
        await rows('dicom-out', 'journal').first().getByText(told).waitFor();
        await until(() => archive.objects.length === before + 1, 'it is sent');
        await until(async () => {
          await part('dicom-out', 'journal-refresh').click();
          return (await rows('dicom-out', 'journal').count()) === 4;
        }, 'it is in the journal');
        assert.equal(await buttons.count(), 1);
        await editor.showTab('outbox');
        await haveRows('dicom-out', 'dead-letters', 1);
      });

      it('the journal of dicom-in shows who sent what', async () => {
        await editor.openDialog('in');
        await editor.showTab('journal');
        await haveRows('dicom-in', 'journal', 3);
        const words = await rows('dicom-in', 'journal').first().innerText();
        assert.match(words, isEnglish ? /^received \(0000\)/ : /^empfangen \(0000\)/);
        assert.match(
          words,
          isEnglish ? /from: .*to: .*address: .*127\.0\.0\.1/s : /von: .*an: .*127\.0\.0\.1/s,
        );
        assert.equal(await rows('dicom-in', 'journal').locator('button').count(), 0);
        await isAsText('dicom-in');
        await editor.screenshot(`in-journal-${language}`);
        await editor.enter('journalPatient', true);
        assert.equal(await editor.input('journalPatient').isChecked(), true);
      });

      it('comes in pages', async () => {
        const entry = (number: number): object => ({
          key: `k${number}`,
          at: '2026-01-15T10:15:00.000Z',
          outcome: 'sent',
          sopInstanceUID: `2.25.${number}`,
        });
        await editor.page.route(/\/journal\?/, (route) => {
          const before = new URL(route.request().url()).searchParams.get('before');
          const from = before === null ? 0 : 50;
          const entries = Array.from({ length: before === null ? 50 : 7 }, (_, at) => entry(from + at));
          return route.fulfill({ json: { entries, ...(before === null && { next: 'k49' }) } });
        });
        await editor.openDialog('out');
        await editor.showTab('journal');
        await haveRows('dicom-out', 'journal', 50);
        await part('dicom-out', 'journal-more').press('Enter');
        await haveRows('dicom-out', 'journal', 57);
        assert.equal(await part('dicom-out', 'journal-more').isVisible(), false);
        const focused = await editor.page.evaluate<string>('document.activeElement.innerText');
        assert(focused.includes('2.25.50'), focused);
        await editor.page.unroute(/\/journal\?/);
      });

      it('is not asked for where the node does not run, and the dialog says so', async () => {
        await editor.openDialog('off');
        await editor.showTab('journal');
        const words = await part('dicom-out', 'journal-problem').innerText();
        assert.match(words, isEnglish ? /is not running/ : /läuft nicht/);
        assert.equal(await part('dicom-out', 'journal-search').isVisible(), false);
      });
    },
  );
}
