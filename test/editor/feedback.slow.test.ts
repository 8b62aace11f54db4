import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { Certificates } from '../support/connections/certificates';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { run } from '../support/machine/run';
import { SAMPLE } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

describe('feedback in the dialog', { skip: needs('chromium', 'dcmtk') }, () => {
  const certificates = new Certificates();
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let port: number;

  before(async () => {
    port = await freePort();
  });
  editorForSuite({ flows: [] }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  after(() => {
    certificates.remove();
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });

  /** Deploys the node behind the editor's back, and loads it. */
  async function deploy(
    settings: Record<string, unknown> = {},
    { more = [] as FlowNode[], listens = true } = {},
  ): Promise<void> {
    const from = nodeRed.lines.length;
    const node = dicomIn('in', port, [[]], settings);
    await nodeRed.deploy([{ id: TAB, type: 'tab', label: 'Flow 1' }, node, ...more]);
    if (listens) await nodeRed.waitForLine(/listening on/, { from });
    await editor.reload();
    await editor.openDialog('in');
  }
  const part = (name: string): Locator => editor.page.locator(`#dicom-in-feedback-${name}`);
  const has = (name: string, words: string | RegExp): Promise<void> =>
    part(name).filter({ hasText: words }).waitFor();
  const dcmtk = async (program: 'echoscu' | 'storescu', aet: string, ...more: string[]): Promise<number> =>
    (await run(program, ['-aet', aet, '-aec', 'HL7SOUP_SCP', '127.0.0.1', String(port), ...more])).code ?? -1;
  const echo = async (): Promise<string> => {
    await part('echo').click();
    await editor.page.locator('#dicom-in-feedback-outcome:is(.dicom-good, .dicom-bad)').waitFor();
    return part('outcome').innerText();
  };
  /** Listens on the node's port in its place. */
  const occupy = async (act: Parameters<typeof createServer>[1]): Promise<Server> => {
    const server = createServer(act);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };

  it('counts what comes, names who was refused and why, and is fresh while it can be seen', async () => {
    await deploy({ acceptedCallingAETs: 'CT01' });
    await has('state', new RegExp(`^Listening since .*20\\d\\d.* on port ${port} \\(127\\.0\\.0\\.1\\)$`));
    await has('associations', /^0$/);
    assert.equal(await part('refusals').isVisible(), false);
    assert.equal(await dcmtk('storescu', 'CT01', SAMPLE), 0);
    await has('objects', /^1$/);
    await has('associations', /^1$/);
    await has('queued', /^0$/);
    assert.notEqual(await dcmtk('echoscu', '<b>$t(x)</b>'), 0);
    await has('refused', /^1$/);
    const refusal = await part('refusals').locator('li').innerText();
    assert.match(refusal, /"<b>\$t\(x\)<\/b>" is not in the list/);
    assert.match(refusal, /127\.0\.0\.1/);
    assert.match(refusal, /not in Allowed callers\. Add it there/);
    assert.equal(await part('refusals').locator('b').count(), 0);
  });

  it('asks only while it can be seen', async () => {
    await deploy();
    await has('state', /^Listening since/);
    await editor.cancel();
    let asked = 0;
    let answered = 0;
    const isStats = (url: string): boolean => url.endsWith('/stats');
    editor.page.on('request', (request) => (asked += isStats(request.url()) ? 1 : 0));
    editor.page.on('requestfinished', (request) => (answered += isStats(request.url()) ? 1 : 0));
    const isAnswered = (count: number): Promise<void> =>
      until(() => asked === count && answered === count, `${count} questions, ${asked} asked`);
    const { clock } = editor.page;
    await clock.install();
    await editor.openDialog('in');
    // From here on, the page's time is the test's; before and after, the dialog needs it to slide.
    await clock.pauseAt((await editor.page.evaluate<number>('Date.now()')) + 60_000);
    await until(() => asked > 0 && answered === asked, 'the first answers');
    const first = asked;
    for (const more of [1, 2]) {
      await clock.runFor(2_000);
      await isAnswered(first + more);
    }
    await editor.showTab('access');
    await clock.runFor(10_000);
    assert.equal(asked, first + 2, 'on another tab');
    await editor.showTab('listener');
    await isAnswered(first + 3);
    await clock.resume();
    await editor.cancel();
    const last = asked;
    await clock.fastForward(10_000);
    await clock.fastForward(10_000);
    assert.equal(asked, last, 'after the dialog was closed');
    await editor.reload();
  });

  it('says that a node does not run, or has undeployed changes, and asks nothing of what is not there', async () => {
    await deploy();
    await editor.enter('name', 'changed');
    await editor.done();
    await editor.openDialog('in');
    await has('note', 'undeployed changes');
    assert.match(await echo(), /answered in \d+ ms/);
    await editor.cancel();
    const added = await editor.addFromPalette('dicom-in');
    await editor.openDialog(added);
    await has('state', 'not running');
    assert.equal(await part('echo').isVisible(), false);
  });

  it('says so when the node is taken away meanwhile', async () => {
    await deploy();
    await has('state', /^Listening since/);
    await nodeRed.deploy([]);
    await has('state', 'not running');
    assert.match(await echo(), /not running/);
    // Of the state, of the call, and of the state after it.
    await editor.reported(/404/, /404/, /404/);
  });

  it('says that the node was drained', async () => {
    await deploy();
    await fetch(`${nodeRed.url}/dicom-in/in/drain?seconds=1`, { method: 'POST' });
    await has('state', /^Drained: the port is closed/);
    const { page } = editor;
    const stats = (await (await fetch(`${nodeRed.url}/dicom-in/in/stats`)).json()) as { counters: object };
    const json = { ...stats, counters: { ...stats.counters, openAssociations: 1 } };
    await page.route('**/stats', (route) => route.fulfill({ json }));
    await has('state', /^Being drained: /);
    await page.unroute('**/stats');
  });

  it('says itself what is wrong, where the runtime knows it, and sends nobody to a log', async () => {
    await deploy();
    const { page } = editor;
    const stats = (await (await fetch(`${nodeRed.url}/dicom-in/in/stats`)).json()) as object;
    const problem = 'Our AE title: "MUCH_TOO_LONG_FOR_DICOM" has more than 16 characters <b>';
    const json = { ...stats, listening: false, fault: 'settingsInvalid', problem };
    await page.route('**/stats', (route) => route.fulfill({ json }));
    await has('problem', problem);
    await has('state', 'Not listening: a setting is wrong');
    assert.equal(await part('problem').locator('b').count(), 0);
    await page.route('**/echo', (route) => route.fulfill({ json: { outcome: 'notListening' } }));
    assert.match(await echo(), /see above what is wrong/);
    await page.unroute('**/stats');
    await page.unroute('**/echo');
    await has('state', /^Listening since/);
    assert.equal(await part('problem').innerText(), '');
  });

  it('shows the answer without scrolling in a window of 1280 × 800', async () => {
    await deploy({ acceptedCallingAETs: '' });
    await editor.page.setViewportSize({ width: 1280, height: 800 });
    // Remarks take room, too.
    await editor.enter('ourAET', 'MUCH_TOO_LONG_FOR_DICOM');
    await dcmtk('echoscu', 'CT01');
    await echo();
    const isVisible = `(() => {
      const { left, top, right, bottom } = document.querySelector('#dicom-in-feedback-answer').getBoundingClientRect();
      const answer = document.querySelector('#dicom-in-feedback-answer');
      return [[left + 1, top + 1], [left + 1, bottom - 1]].every(([x, y]) =>
        answer.contains(document.elementFromPoint(x, y)));
    })()`;
    assert.equal(await editor.page.evaluate(isVisible), true);
    const { width, height } = { width: 1440, height: 1000 };
    await editor.page.setViewportSize({ width, height });
  });

  it('calls the port with C-ECHO: answered', async () => {
    await deploy({ acceptedCallingAETs: 'CT01', ourAET: 'ARCHIVE', checkCalledAET: true });
    await part('echo').focus();
    await editor.page.keyboard.press('Enter');
    await has('outcome', /answered in \d+ ms/);
    assert.equal(await part('target').innerText(), `Called: ARCHIVE (127.0.0.1:${port}), by CT01`);
    await has('associations', /^1$/);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-feedback-echo');
  });

  it('calls the port with C-ECHO: rejected, or shut out', async () => {
    await deploy({ acceptedCallingAETs: '' });
    assert.match(await echo(), /rejected\. The calling AE title is not in Allowed callers\. Add it/);
    await has('refused', /^1$/);
    await editor.cancel();
    await deploy({ allowedHosts: '10.1.0.0/16' });
    assert.match(await echo(), /this machine itself is not in Allowed hosts/);
  });

  it('calls the port with C-ECHO: another program has the port, closes, is silent, goes away', async () => {
    await nodeRed.deploy([]);
    let isSilent = false;
    const other = await occupy((socket) => {
      if (isSilent) socket.on('error', () => socket.destroy()).resume();
      else socket.destroy();
    });
    try {
      await deploy({}, { listens: false });
      await has('state', 'Not listening: the port is used by another program or node');
      assert.match(await echo(), /closed without an answer/);
      isSilent = true;
      assert.match(await echo(), /No answer arrived within 10 s/);
    } finally {
      await new Promise((resolve) => {
        other.close(resolve);
      });
    }
    await has('state', /^Listening since/);
    assert.match(await echo(), /answered in/);
  });

  it('calls the port with C-ECHO: nothing listens', async () => {
    await deploy({ queueDirectory: '/dev/null/queue' }, { listens: false });
    await has('state', "Not listening: the queue's directory cannot be used");
    assert.match(await echo(), /Nothing is listening on this port/);
  });

  it('calls the port with C-ECHO: settings do not let the node listen', async () => {
    await deploy({ ourAET: 'MUCH_TOO_LONG_FOR_DICOM' }, { listens: false });
    await has('state', 'Not listening: a setting is wrong');
    assert.match(await echo(), /because of its settings/);
    assert.equal(await part('target').innerText(), '');
  });

  it('calls the port with C-ECHO: over TLS', { skip: needs('openssl') }, async () => {
    const ca = certificates.authority('Clinic CA');
    const stranger = certificates.authority('Other CA');
    const { cert, key } = certificates.issue('localhost', ca);
    const tlsConfig = (trusted: string): FlowNode => ({
      id: 'tls',
      type: 'tls-config',
      cert,
      key,
      ca: trusted,
      certType: 'files',
      verifyservercert: true,
    });
    await deploy({ tls: 'tls', requireClientCertificate: true }, { more: [tlsConfig(ca.cert)] });
    assert.match(await echo(), /answered in/);
    assert.match(await part('target').innerText(), /, TLS$/);
    await editor.cancel();
    await deploy({ tls: 'tls', requireClientCertificate: true }, { more: [tlsConfig(stranger.cert)] });
    assert.match(await echo(), /did not accept its own certificate/);
    await has('refused', /^[1-9]/);
  });
});
