import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { SAMPLE } from '../support/peers/store-client';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const TABS = ['listener', 'access', 'message', 'delivery', 'journal', 'sample', 'importExport'];

/** All texts of a catalogue that are sentences or have blanks: single words may be the same in both languages. */
function texts(type: string, language: string): Set<string> {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.add(value);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(walk);
  };
  walk(
    JSON.parse(
      readFileSync(join(PACKAGE_DIR, 'dist', 'nodes', type, 'locales', language, `${type}.json`), 'utf8'),
    ),
  );
  return new Set([...found].filter((text) => text.includes(' ') && !text.includes('__')));
}

describe('the editor in German', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let port: number;
  let flows: FlowNode[];

  before(async () => {
    port = await freePort();
    flows = [
      { id: TAB, type: 'tab', label: 'Flow 1' },
      dicomIn('in', port, [[]], {
        queue: 'memory',
        acceptedCallingAETs: '',
        output: 'file',
        directory: '/tmp',
      }),
      { id: 'answer', type: 'dicom-response', z: TAB, status: 'custom', x: 300, y: 100, wires: [] },
      { id: 'queue', type: 'dicom-queue', host: 'database.example.org' },
      { id: 'pacs', type: 'dicom-peer', host: '127.0.0.1', port: '1', userIdentity: 'passcode' },
      {
        id: 'out',
        type: 'dicom-out',
        z: TAB,
        peer: 'pacs',
        mode: 'store-and-forward',
        x: 300,
        y: 200,
        wires: [[]],
      },
    ];
  });
  const started = (nodeRed: NodeRed) => nodeRed.waitForLine(/listening on/);
  editorForSuite(
    () => ({ flows, settings: { lang: 'de' }, language: 'de', started }),
    (opened) => {
      editor = opened;
      nodeRed = opened.nodeRed;
    },
  );
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  /** No key instead of its text, and no text of the other language. */
  async function isGerman(type: string): Promise<void> {
    const words = await editor.dialog().innerText();
    const attributes = await editor
      .dialog()
      .locator('[title], [placeholder], [aria-label]')
      .evaluateAll((elements) =>
        (elements as unknown as { getAttribute(name: string): string | null }[]).flatMap((element) =>
          ['title', 'placeholder', 'aria-label'].map((name) => element.getAttribute(name) ?? ''),
        ),
      );
    const all = [words, ...attributes].join('\n');
    assert.doesNotMatch(all, new RegExp(`\\b${type}\\.[a-z]+\\.`));
    const german = texts(type, 'de');
    const english = [...texts(type, 'en-US')].filter((text) => !german.has(text));
    assert.deepEqual(
      english.filter((text) => all.includes(text)),
      [],
    );
    assert([...german].some((text) => words.includes(text)));
  }

  it('shows every tab of the dialog without a key or an English text', async () => {
    await editor.openDialog('in');
    await editor.enter('respond', 'processed');
    await editor.enter('acknowledge', true);
    for (const tab of TABS) {
      await editor.showTab(tab);
      await isGerman('dicom-in');
      await editor.screenshot(`german-${tab}`);
    }
    assert.match(await editor.remarks('acceptedCallingAETs'), /Die Liste ist leer/);
    await editor.showTab('sample');
    await editor.page.locator('#dicom-in-sample-file').setInputFiles(SAMPLE);
    await editor.page.locator('#dicom-in-sample-keep').waitFor();
    await isGerman('dicom-in');
  });

  it('says in German how a test echo was answered', async () => {
    await editor.openDialog('in');
    await editor.page.locator('#dicom-in-feedback-echo').click();
    await editor.page.getByText('Die Assoziation wurde abgewiesen.').waitFor();
    await isGerman('dicom-in');
  });

  it('shows the dialog of dicom-response', async () => {
    await editor.openDialog('answer');
    await isGerman('dicom-response');
    assert.match(await editor.remarks('customStatus'), /ein Wert fehlt/);
    await editor.screenshot('german-response');
  });

  it('shows the dialogs of dicom-peer and dicom-out', async () => {
    await editor.openDialog('pacs');
    await editor.enter('userName', 'router');
    await editor.page.locator('#dicom-peer-test-echo').click();
    await editor.page.getByText('Auf diesem Port ist nichts empfangsbereit.').waitFor();
    await isGerman('dicom-peer');
    await editor.screenshot('german-peer');
    await editor.cancel();
    await editor.openDialog('queue');
    await isGerman('dicom-queue');
    await editor.cancel();
    await editor.openDialog('out');
    for (const tab of ['peer', 'outbox', 'message', 'journal']) {
      await editor.showTab(tab);
      await isGerman('dicom-out');
      await editor.screenshot(`german-out-${tab}`);
    }
  });

  it('shows help and status', async () => {
    const help = await editor.page.evaluate<string>('RED.nodes.getNodeHelp("dicom-in")');
    assert.match(help, /^\s*<p>Empfängt DICOM-Objekte/);
    assert.match(
      (await editor.page.locator('.red-ui-flow-node-status-group').first().textContent()) ?? '',
      /abgew|bereit/,
    );
    const answer = await editor.page.evaluate<string>('RED.nodes.getNodeHelp("dicom-response")');
    assert.match(answer, /^\s*<p>Meldet dem dicom-in-Node/);
    assert.match(nodeRed.lines.join('\n'), /Zugelassene Sender: Die Liste ist leer/);
  });
});
