import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const HOSTILE = '<img src=x onerror="window.hacked = true"> $t(tab.listener) __number__';

/** Acknowledges an object when it comes for the second time: the first makes it a dead letter. */
const SECOND_TIME = `const uid = msg.dicom.sopInstanceUID;
  if (!context.get(uid.split('.').pop())) {
    context.set(uid.split('.').pop(), true);
    return null;
  }
  node.warn('acknowledged ' + uid);
  return msg;`;

function flows(port: number, queueDirectory: string): FlowNode[] {
  const settings = {
    queueDirectory,
    minFreeDiskMB: 0,
    acknowledge: true,
    acknowledgeTimeoutSeconds: 1,
    maxDeliveries: 1,
  };
  return [
    { id: TAB, type: 'tab', label: 'test' },
    dicomIn('in', port, [['second']], settings),
    { ...dicomIn('disabled', 1, [[]], settings), d: true },
    {
      id: 'second',
      type: 'function',
      z: TAB,
      func: SECOND_TIME,
      outputs: 1,
      x: 300,
      y: 100,
      wires: [['answer']],
    },
    { id: 'answer', type: 'dicom-response', z: TAB, status: '0000', x: 500, y: 100, wires: [] },
  ];
}

describe('dead letters in the dialog', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let port: number;
  let queueDirectory: string;
  let sent = 0;

  before(async () => {
    [port, queueDirectory] = await Promise.all([freePort(), mkdtemp(join(tmpdir(), 'dicom-queue-'))]);
  });
  const started = async (node: NodeRed): Promise<void> => {
    nodeRed = node;
    await nodeRed.waitForLine(/listening on/);
    await makeDeadLetters(4);
  };
  editorForSuite(
    () => ({ flows: flows(port, queueDirectory), started }),
    (opened) => {
      editor = opened;
    },
  );
  after(async () => {
    await rm(queueDirectory, { recursive: true, force: true });
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const notes = (): string[] => {
    const folder = join(queueDirectory, 'dead-letter');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name));
  };

  /** Adds so many to those that are there. */
  async function makeDeadLetters(number: number): Promise<void> {
    const before = notes().length;
    const client = await StoreClient.open(port);
    for (let count = 0; count < number; count += 1) {
      sent += 1;
      const { uid, dataSet } = sampleInstance(sent);
      assert.equal(await client.store(uid, dataSet), 0);
    }
    await client.release();
    await until(() => notes().length === before + number, `${number} more dead letters`);
  }

  const panel = (): Locator => editor.page.locator('#dicom-in-dead-letters');
  const rows = (): Locator => panel().locator('li');
  const button = (name: string): Locator => panel().getByRole('button', { name, exact: true });
  const showPanel = async (id = 'in'): Promise<void> => {
    await editor.openDialog(id);
    const listed = editor.page.waitForResponse((response) => response.url().endsWith('/dead-letters'));
    await editor.showTab('delivery');
    await listed;
  };
  const waitForNumber = (number: number): Promise<void> =>
    panel()
      .getByRole('heading', { name: `Dead letters: ${number}` })
      .waitFor();

  it('are listed with time, reason, deliveries and id, as text whatever they hold', async () => {
    const [first = assert.fail()] = notes();
    const note = JSON.parse(readFileSync(first, 'utf8')) as { id: string; why: string };
    writeFileSync(first, JSON.stringify({ ...note, why: HOSTILE, deliveries: '<b>7</b>' }));
    await showPanel();
    await waitForNumber(4);
    assert.equal(await rows().count(), 4);
    const words = await rows().first().innerText();
    assert(words.includes(HOSTILE), words);
    assert(words.includes(note.id), words);
    assert(words.includes('deliveries: <b>7</b>'), words);
    assert.match(await rows().nth(1).innerText(), /the flow did not acknowledge it[^]*20\d\d/);
    assert.equal(await editor.page.evaluate('window.hacked'), undefined);
    assert.equal(await rows().locator('img, b').count(), 0);
    await panel().scrollIntoViewIfNeeded();
    await editor.screenshot('dead-letters');
    writeFileSync(first, JSON.stringify(note));
  });

  it('of a watched folder begin with the name of the file', async () => {
    const letter = { id: '1', at: '', why: 'why', deliveries: 1, patientID: '12345', path: 'ward/scan.dcm' };
    await editor.page.route('**/dead-letters', (route) =>
      route.fulfill({ json: { deadLetters: [letter], total: 1 } }),
    );
    await showPanel();
    await waitForNumber(1);
    assert.match(await rows().first().innerText(), /^why\s+file: ward\/scan\.dcm\s+Patient ID: 12345/);
    await editor.page.unroute('**/dead-letters');
  });

  it('are delivered again with Requeue, and the focus stays in the panel', async () => {
    await showPanel();
    await waitForNumber(4);
    const from = nodeRed.lines.length;
    await rows().first().getByRole('button', { name: 'Requeue' }).press('Enter');
    await waitForNumber(3);
    await nodeRed.waitForLine(/acknowledged 2\.25\./, { from });
    assert.equal(notes().length, 3);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-dead-letters-heading');
  });

  it('are deleted with Discard, once that is confirmed', async () => {
    await showPanel();
    await waitForNumber(3);
    const discard = rows().first().getByRole('button', { name: 'Discard' });
    await discard.click();
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-keep');
    await editor.page.keyboard.press('Enter');
    await editor.page.locator('#dicom-in-keep').waitFor({ state: 'detached' });
    assert.equal(notes().length, 3, 'nothing is deleted when it is not confirmed');
    await discard.click();
    await editor.page.locator('#dicom-in-discard').click();
    await waitForNumber(2);
    assert.equal(notes().length, 2);
    await editor.page.locator('#dicom-in-discard').waitFor({ state: 'detached' });
  });

  it('are requeued all at once', async () => {
    await showPanel();
    await waitForNumber(2);
    await button('Requeue all').click();
    await waitForNumber(0);
    assert.equal(await panel().locator('button:visible').count(), 0);
    await until(
      () => nodeRed.lines.filter((line) => line.includes('acknowledged 2.25.')).length === 3,
      'all',
    );
    assert.equal(notes().length, 0);
  });

  it('are discarded all at once, also those that somebody else requeues meanwhile', async () => {
    await makeDeadLetters(3);
    await showPanel();
    await waitForNumber(3);
    const [first = assert.fail()] = notes();
    const { id } = JSON.parse(readFileSync(first, 'utf8')) as { id: string };
    const requeue = await fetch(`${nodeRed.url}/dicom-in/in/dead-letters/${id}/requeue`, { method: 'POST' });
    assert.equal(requeue.status, 204);
    await button('Discard all').click();
    await editor.page.getByText('Objects to delete permanently: 3.').waitFor();
    await editor.page.locator('#dicom-in-discard').click();
    await waitForNumber(0);
    assert.deepEqual(notes(), []);
    await editor.page.locator('#dicom-in-discard').waitFor({ state: 'detached' });
    // The browser itself reports the 404 of the one that was gone.
    await editor.reported(/404/);
  });

  it('are not asked for while the node does not run', async () => {
    const requests: string[] = [];
    editor.page.on('request', (request) => requests.push(request.url()));
    const added = await editor.addFromPalette('dicom-in');
    for (const id of [added, 'disabled']) {
      await editor.openDialog(id);
      await editor.showTab('delivery');
      assert.equal(await panel().isVisible(), false, id);
      await editor.cancel();
    }
    assert.deepEqual(
      requests.filter((url) => url.includes('dead-letters')),
      [],
    );
  });

  it('cannot be shown while the receiver is restarted, and the dialog says so', async () => {
    const body = JSON.stringify({ message: 'the receiver is not running' });
    await editor.page.route('**/dead-letters', (route) =>
      route.fulfill({ status: 503, contentType: 'application/json', body }),
    );
    await showPanel();
    await panel().getByRole('alert').getByText('The receiver is not running').waitFor();
    await editor.page.unroute('**/dead-letters');
    await editor.reported(/503/);
    await editor.showTab('listener');
    await editor.showTab('delivery');
    await panel().getByRole('alert').getByText('The receiver').waitFor({ state: 'detached' });
    await waitForNumber(0);
  });

  it('say which object each is: what is known of it, as text', async () => {
    const known = {
      patientID: '<b>P1</b>',
      studyInstanceUID: '2.25.1',
      modality: 'CT',
      sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
      sopClassName: 'CT Image Storage',
      sopInstanceUID: '2.25.3',
      callingAET: 'CT01',
      size: 524_288,
      receivedAt: '2026-01-15T10:14:00.000Z',
    };
    const letter = { id: 'letter-1', at: '2026-01-15T10:15:00.000Z', why: 'of the test', deliveries: 5 };
    const deadLetters = [{ ...letter, ...known, crashes: 2 }, letter];
    await editor.page.route('**/dead-letters', (route) =>
      route.fulfill({ json: { deadLetters, total: deadLetters.length } }),
    );
    await showPanel();
    await waitForNumber(2);
    const facts = (row: number): Promise<string[]> =>
      rows().nth(row).locator('.dicom-facts span').allInnerTexts();
    const [patient, modality, kind, size, sender, received, setAside, ...rest] = await facts(0);
    assert.deepEqual(
      [patient, modality, kind],
      ['Patient ID: <b>P1</b>', 'modality: CT', 'kind: CT Image Storage'],
    );
    assert.deepEqual([size, sender], ['size: 524 KB', 'from: CT01']);
    assert.match(`${received} ${setAside}`, /^received: .*2026.* set aside: .*2026/);
    assert.deepEqual(rest, [
      'deliveries: 5',
      'crashes: 2',
      'study: 2.25.1',
      'object: 2.25.3',
      'ID: letter-1',
    ]);
    assert.deepEqual((await facts(1)).length, 3, 'what is not known is left out');
    await panel().scrollIntoViewIfNeeded();
    await editor.screenshot('dead-letter-facts');
    await editor.page.unroute('**/dead-letters');
  });

  it('come in pages, and "all" means those of all pages', async () => {
    const letter = (number: number): object => ({
      id: `letter-${String(number).padStart(3, '0')}`,
      at: '2026-01-15T10:15:00.000Z',
      why: `reason ${number}`,
      deliveries: 5,
    });
    const pages: Record<string, object> = {
      '': { deadLetters: Array.from({ length: 100 }, (_, n) => letter(n)), total: 130, next: 'letter-099' },
      'letter-099': { deadLetters: Array.from({ length: 30 }, (_, n) => letter(100 + n)), total: 130 },
    };
    const requeued: string[] = [];
    await editor.page.route(/\/dead-letters/, (route) => {
      const url = new URL(route.request().url());
      if (route.request().method() === 'GET') {
        const json =
          requeued.length > 0 ? { deadLetters: [], total: 0 } : pages[url.searchParams.get('after') ?? ''];
        return route.fulfill({ json });
      }
      requeued.push(url.pathname.split('/').at(-2) ?? '');
      return route.fulfill({ status: 204 });
    });
    await showPanel();
    await waitForNumber(130);
    assert.equal(await rows().count(), 50);
    await panel().getByText('and 80 more').waitFor();
    for (const shown of [100, 130]) {
      await button('Show more').click();
      await until(async () => (await rows().count()) === shown, `${shown} rows`);
    }
    assert.equal(await button('Show more').isVisible(), false);
    assert.match(await rows().last().innerText(), /reason 129/);
    await editor.showTab('listener');
    await editor.showTab('delivery');
    await button('Requeue all').click();
    await waitForNumber(0);
    assert.equal(new Set(requeued).size, 130);
    await editor.page.unroute(/\/dead-letters/);
  });

  it('are no more than the dialog can show: the rest is counted', async () => {
    const deadLetters = Array.from({ length: 120 }, (_, number) => ({
      id: `letter-${number}`,
      at: '2026-01-15T10:15:00.000Z',
      why: 'delivered 5 times without acknowledgement',
      deliveries: 5,
    }));
    await editor.page.route('**/dead-letters', (route) =>
      route.fulfill({ json: { deadLetters, total: deadLetters.length } }),
    );
    await showPanel();
    await waitForNumber(120);
    assert.equal(await rows().count(), 50);
    await panel().getByText('and 70 more').waitFor();
    await editor.page.unroute('**/dead-letters');
  });
});
