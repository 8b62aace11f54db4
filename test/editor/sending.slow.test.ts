import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { DICOM_OUT } from '../../src/settings';
import { Certificates } from '../support/connections/certificates';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { Scps } from '../support/peers/scps';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'Flow 1' };
const OUT: FlowNode = { id: 'out', type: 'dicom-out', z: 'tab', peer: 'pacs', x: 200, y: 100, wires: [[]] };

describe('the dialogs that send', { skip: needs('chromium', 'dcmtk', 'openssl') }, () => {
  const certificates = new Certificates();
  const scps = new Scps();
  const servers: Server[] = [];
  let nodeRed: NodeRed;
  let editor: EditorPage;
  /** Of an SCP that is there. */
  let port: number;

  before(async () => {
    ({ port } = await scps.storescp());
  });
  editorForSuite({ flows: [] }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  after(async () => {
    await scps.stop();
    for (const server of servers) server.close();
    certificates.remove();
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });

  const peer = (properties: Record<string, unknown> = {}): FlowNode => ({
    id: 'pacs',
    type: 'dicom-peer',
    name: 'PACS',
    host: '127.0.0.1',
    port: String(port),
    ...properties,
  });
  /** Deploys behind the editor's back, and loads it. */
  async function deploy(...flows: FlowNode[]): Promise<void> {
    await nodeRed.deploy([TAB, ...flows]);
    await editor.reload();
  }
  async function listens(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
  const outcome = (): Locator => editor.page.locator('#dicom-peer-test-outcome');
  async function echo(): Promise<string> {
    await editor.page.locator('#dicom-peer-test-echo').click();
    await editor.page.locator('#dicom-peer-test-outcome:is(.dicom-good, .dicom-bad)').waitFor();
    return outcome().innerText();
  }

  describe('dicom-peer', () => {
    it('is left with Update without a change, and then nothing has changed', async () => {
      const credentials = { userName: 'router', passcode: 'secret' };
      await deploy(peer({ userIdentity: 'passcode', credentials }), OUT);
      const before = await nodeRed.flows();
      await editor.openDialog('pacs');
      const shown = await editor.dialog().innerText();
      assert(!shown.includes('dicom-peer.'), shown);
      await editor.done();
      assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);
      assert.deepEqual(await nodeRed.flows(), before);
    });

    it('is not to be named like its own id, which Node-RED would take for a reference to itself', async () => {
      await deploy(peer(), OUT);
      await editor.openDialog('pacs');
      await editor.enter('name', 'pacs');
      assert.match(await editor.remarks('name'), /the ID of this node/);
      await editor.enter('name', 'PACS');
      assert.equal(await editor.remarks('name'), '');
    });

    it('shows the name in the certificate only with TLS, and of the user what is sent', async () => {
      const tls = { id: 'tls', type: 'tls-config', name: 'Clinic', cert: '', key: '', ca: '' };
      await deploy(peer({ credentials: { userName: '', passcode: '' } }), tls, OUT);
      await editor.openDialog('pacs');
      const visible = async (): Promise<string[]> => {
        const names = ['tlsServerName', 'userName', 'passcode'];
        const shown = await Promise.all(names.map((name) => editor.input(name).isVisible()));
        return names.filter((_, index) => shown[index]);
      };
      assert.deepEqual(await visible(), []);
      await editor.enter('tls', 'tls');
      assert.deepEqual(await visible(), ['tlsServerName']);
      await editor.enter('userIdentity', 'name');
      assert.deepEqual(await visible(), ['tlsServerName', 'userName']);
      assert.match(await editor.remarks('userIdentity'), /a user name is needed/);
      await editor.enter('userIdentity', 'passcode');
      assert.deepEqual(await visible(), ['tlsServerName', 'userName', 'passcode']);
      await editor.enter('userName', 'router');
      assert.equal(await editor.remarks('userIdentity'), '');
    });

    it('offers the dicom-in nodes that may take its reports, and says which of their rules shut it out', async () => {
      const receiver = (id: string, properties: object): FlowNode => ({
        id,
        type: 'dicom-in',
        z: 'tab',
        x: 200,
        y: 200,
        wires: [[]],
        ...properties,
      });
      await deploy(
        peer({ calledAET: 'ARCHIVE', commit: 'require', commitThrough: 'gone' }),
        receiver('open', { name: 'Open', acceptedCallingAETs: '*' }),
        receiver('strict', { name: 'Strict', acceptedCallingAETs: 'CT01', checkCalledAET: true }),
        OUT,
      );
      await editor.openDialog('pacs');
      assert.deepEqual(await editor.input('commitThrough').locator('option').allInnerTexts(), [
        'same association only',
        'Open',
        'Strict',
        'gone (no longer exists)',
      ]);
      assert.equal(await editor.input('commitThrough').inputValue(), 'gone');
      assert.match(await editor.remarks('commitThrough'), /does not exist/);
      await editor.enter('commitThrough', 'strict');
      const remarks = await editor.remarks('commitThrough');
      assert.match(remarks, /does not accept calls by ARCHIVE/);
      assert.match(remarks, /calls HL7SOUP_SCU, which this dicom-in node rejects/);
      await editor.enter('commitThrough', 'open');
      assert.equal(await editor.remarks('commitThrough'), '');
      await editor.enter('commit', 'none');
      assert.equal(await editor.input('commitThrough').isVisible(), false);
      await editor.enter('commit', 'require');
      await editor.done();
      assert.deepEqual(await editor.node('pacs', '[node.commit, node.commitThrough]'), ['require', 'open']);

      // A copy reports through the copy.
      const through = await editor.page.evaluate<string[]>(`(() => {
        const nodes = [
          { id: 'p', type: 'dicom-peer', name: 'copied', version: 1, commit: 'require', commitThrough: 'r' },
          { id: 'r', type: 'dicom-in', name: 'copied', z: RED.workspaces.active(), x: 300, y: 300, wires: [[]] },
        ];
        RED.nodes.import(nodes, { generateIds: true });
        const ids = [];
        RED.nodes.eachConfig((node) => void (node.name === 'copied' && ids.push(node.commitThrough)));
        RED.nodes.eachNode((node) => void (node.name === 'copied' && ids.push(node.id)));
        return ids;
      })()`);
      assert.equal(through.length, 2);
      assert.notEqual(through[0], 'r');
      assert.equal(through[0], through[1]);

      // An editor that loads has configuration nodes before it has others.
      await deploy(
        peer({ commit: 'require', commitThrough: 'open' }),
        receiver('open', { acceptedCallingAETs: '*' }),
        OUT,
      );
      const valid = '[node.valid, node.validationErrors]';
      assert.deepEqual(await editor.node('pacs', valid), [true, []]);
      assert.deepEqual(await editor.node('out', valid), [true, []]);
    });

    it('calls an SCP that is there with what stands in the dialog, deployed or not', async () => {
      await deploy(peer({ host: 'wrong.invalid' }), OUT);
      await editor.openDialog('pacs');
      await editor.enter('host', '127.0.0.1');
      await editor.enter('calledAET', 'STORESCP');
      assert.match(await echo(), /^The peer answered in \d+ ms\.$/);
      assert.equal(
        await editor.page.locator('#dicom-peer-test-target').innerText(),
        `Called: STORESCP (127.0.0.1:${port}), by HL7SOUP_SCU`,
      );
    });

    it('says that nothing listens, that a name is not known, and that a field is wrong', async () => {
      await deploy(peer(), OUT);
      await editor.openDialog('pacs');
      await editor.enter('port', String(await freePort()));
      assert.match(await echo(), /^Nothing is listening on this port\. .*\(ECONNREFUSED\)$/);
      await editor.enter('host', 'no-such-host.invalid');
      assert.match(await echo(), /^(This host name is not known|The host name could not be looked up)/);
      await editor.enter('host', '');
      await editor.enter('callingAET', 'MUCH_TOO_LONG_FOR_DICOM');
      const words = await echo();
      assert.match(words, /^Correct this first: .*Our AE title: .*more than 16 characters/);
      assert.match(words, /Host: a value is needed/);
    });

    it('takes the value of a variable', async () => {
      await deploy(peer(), OUT);
      await editor.openDialog('pacs');
      await editor.enter('host', '${NOT_SET_HERE}');
      assert.match(await echo(), /^Correct this first: Host: "\$\{NOT_SET_HERE\}" has not been replaced/);
    });

    it('says why it was rejected, with result, source and reason', async () => {
      const archive = await scps.dcmqrscp();
      await deploy(peer({ port: String(archive.port), calledAET: 'WRONG' }), OUT);
      await editor.openDialog('pacs');
      assert.match(await echo(), /^The association was rejected\. .*AE title that was called.*\(1\/1\/7\)$/);
      await editor.enter('calledAET', 'ARCHIVE');
      assert.match(await echo(), /^The peer answered/);
    });

    it('says what is wrong with a certificate', async () => {
      const ca = certificates.authority('Clinic CA');
      const stranger = certificates.authority('Other CA');
      const { cert, key } = certificates.issue('localhost', stranger);
      const tlsPort = await listens(
        createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) =>
          socket.on('error', () => socket.destroy()).end(),
        ),
      );
      const tls = {
        id: 'tls',
        type: 'tls-config',
        cert: '',
        key: '',
        certType: 'files',
        verifyservercert: true,
      };
      await deploy(peer({ port: String(tlsPort), tls: 'tls' }), { ...tls, ca: ca.cert }, OUT);
      await editor.openDialog('pacs');
      assert.match(await echo(), /^The peer's certificate is not signed by the CA/);
      await editor.cancel();
      await deploy(peer({ port: String(tlsPort), tls: 'tls' }), { ...tls, ca: stranger.cert }, OUT);
      await editor.openDialog('pacs');
      assert.match(await echo(), /^The peer closed the connection without an answer\. It may not use TLS/);
      await editor.enter('tlsServerName', 'archive.example.org');
      assert.match(await echo(), /^The peer's certificate was issued for another name/);
      await editor.enter('port', String(port));
      assert.match(await echo(), /^The peer (does not use TLS|closed the connection)/);
    });

    it('sends a stored passcode where it was deployed for, and nowhere else', async () => {
      const heard: Buffer[] = [];
      const listener = (): Server =>
        createServer((socket) => {
          socket.on('error', () => socket.destroy());
          socket.once('data', (chunk) => {
            heard.push(chunk);
            socket.destroy();
          });
        });
      const [own, other] = [await listens(listener()), await listens(listener())];
      const credentials = { userName: 'router', passcode: 'open-sesame' };
      await deploy(peer({ port: String(own), userIdentity: 'passcode', credentials }), OUT);
      await editor.openDialog('pacs');
      assert.match(await echo(), /^The peer closed the connection/);
      assert(heard[0]?.includes('open-sesame') === true, 'it is sent');
      heard.length = 0;
      await editor.enter('port', String(other));
      assert.match(await echo(), /^Enter the passcode again/);
      assert.equal(heard.length, 0, 'nobody was called');
      await editor.enter('passcode', 'new-one');
      assert.match(await echo(), /^The peer closed the connection/);
      assert(heard[0]?.includes('new-one') === true, 'what was entered is sent');
    });
  });

  describe('dicom-out', () => {
    const other = (): FlowNode => peer({ id: 'other', name: 'Archive' });

    it('is left with Done without a change, and then nothing has changed', async () => {
      await deploy(peer(), OUT);
      const before = await nodeRed.flows();
      await editor.openDialog('out');
      for (const tab of ['message', 'journal', 'peer']) {
        await editor.showTab(tab);
        const shown = await editor.dialog().innerText();
        assert(!shown.includes('dicom-out.'), shown);
      }
      await editor.done();
      assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);
      assert.deepEqual(await nodeRed.flows(), before);
    });

    it('has the tab of the outbox only where there is one, also for the keyboard', async () => {
      await deploy(peer(), OUT);
      await editor.openDialog('out');
      const tab = (name: string): Locator => editor.page.locator(`#dicom-out-tab-${name}`);
      const placeholder = (): Promise<string | null> =>
        editor.input('giveUpAfterMinutes').getAttribute('placeholder');
      assert.deepEqual([await tab('outbox').isVisible(), await placeholder()], [false, '5']);
      await tab('peer').focus();
      await editor.page.keyboard.press('ArrowRight');
      assert.equal(await tab('message').getAttribute('aria-selected'), 'true');
      await editor.page.keyboard.press('ArrowLeft');
      await editor.enter('mode', 'store-and-forward');
      assert.deepEqual([await tab('outbox').isVisible(), await placeholder()], [true, '1440']);
      await editor.enter('maxQueued', '5');
      await editor.done();
      assert.deepEqual(await editor.node('out', '[node.mode, node.maxQueued]'), ['store-and-forward', '5']);
    });

    it('keeps the peers that are ticked, and shows those that there are no more', async () => {
      await deploy(peer(), other(), { ...OUT, peersFromMessage: ['gone'] });
      await editor.openDialog('out');
      await editor.showTab('message');
      const boxes = editor.page.locator('#dicom-out-checks-peersFromMessage li');
      assert.deepEqual(await boxes.allInnerTexts(), ['Archive', 'PACS', 'gone (no longer exists)']);
      await boxes.filter({ hasText: 'Archive' }).locator('input').check();
      await boxes.filter({ hasText: 'gone' }).locator('input').uncheck();
      await editor.done();
      assert.deepEqual(await editor.node('out', 'node.peersFromMessage'), ['other']);
      await editor.deploy();
      const deployed = (await nodeRed.flows()).find(({ id }) => id === 'out');
      assert.deepEqual(deployed?.['peersFromMessage'], ['other']);
      await editor.openDialog('out');
      await editor.showTab('message');
      assert.deepEqual(await boxes.allInnerTexts(), ['Archive', 'PACS']);
    });

    it('leaves variables of the environment as they are, of any kind of field, until something else is entered', async () => {
      const variables = Object.fromEntries(
        DICOM_OUT.names.filter((name) => name !== 'imported').map((name) => [name, `\${OUT_${name}}`]),
      );
      const tls = { tls: '${PEER_TLS}', sendAs: '${PEER_SEND_AS}', commitThrough: '${PEER_THROUGH}' };
      await deploy(peer(tls), { ...OUT, ...variables, outputs: 2, wires: [[], []] });
      const before = await nodeRed.flows();
      for (const id of ['pacs', 'out']) {
        await editor.openDialog(id);
        assert.doesNotMatch(await editor.dialog().innerText(), /no longer exists/);
        await editor.done();
      }
      assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);
      assert.deepEqual(await nodeRed.flows(), before);
      await editor.openDialog('out');
      assert.match(await editor.dialog().innerText(), /OUT_acknowledge/);
      await editor.enter('acknowledge', true);
      assert.doesNotMatch(await editor.dialog().innerText(), /OUT_acknowledge/);
      await editor.done();
      assert.deepEqual(await editor.node('out', '[node.acknowledge, node.outputFailures]'), [
        true,
        '${OUT_outputFailures}',
      ]);
      // The outbox that the variable of the mode may choose has been asked for.
      editor.errors.splice(0);
    });

    it('takes a sender of Integration Soup, makes its peer, and exports it as it came', async () => {
      const sender = {
        $type: 'HL7Soup.Functions.Settings.Senders.DicomSenderSetting, HL7SoupWorkflow',
        RemoteHost: '127.0.0.1',
        RemotePort: String(port),
        OurAET: 'SOUP_SCU',
        RemoteAET: 'ARCHIVE',
        TimeoutSeconds: 45,
        MessageTemplate: '${05000000-0000-4000-8000-000000000001 inbound}',
        Filters: '22222222-2222-2222-2222-222222222222',
        New: { deep: ['<b>bold</b>', 1.5] },
        Name: 'Soup PACS',
      };
      const json = JSON.stringify(sender, null, 2);
      const part = (name: string): Locator => editor.page.locator(`#dicom-out-${name}`);
      const importSender = async (): Promise<string> => {
        await editor.showTab('importExport');
        await part('import-text').fill(json);
        await part('import-run').click();
        await part('import-result').filter({ hasText: 'Soup PACS 127.0.0.1' }).waitFor();
        return part('import-result').innerText();
      };
      const made = (): Promise<string[]> =>
        editor.page.evaluate<string[]>(`(() => {
          const names = [];
          RED.nodes.eachConfig((node) => { if (node.type === 'dicom-peer') names.push(node.name); return true; });
          return names.sort();
        })()`);
      await deploy(peer(), OUT);
      await editor.openDialog('out');
      assert.match(await importSender(), /A peer .* created.*Soup PACS/s);
      assert.match(await part('import-result').innerText(), /Only the links .*: Filters/);
      assert.deepEqual(await made(), ['PACS', 'Soup PACS']);
      await editor.cancel();
      assert.deepEqual(await made(), ['PACS'], 'Cancel takes it back');
      assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);

      await editor.openDialog('out');
      await importSender();
      assert.equal(await part('export-text').inputValue(), json);
      await editor.done();
      await editor.page.evaluate("RED.actions.invoke('core:undo')");
      assert.deepEqual(await made(), ['PACS'], 'undo takes it back');
      assert.equal(await editor.node('out', 'node.peer'), 'pacs');
      await editor.page.evaluate("RED.actions.invoke('core:redo')");
      assert.deepEqual(await made(), ['PACS', 'Soup PACS']);
      await editor.deploy();
      const flows = await nodeRed.flows();
      const { id } = flows.find(({ type, name }) => type === 'dicom-peer' && name === 'Soup PACS') ?? {};
      const out = flows.find((node) => node.id === 'out');
      assert.deepEqual([typeof id, out?.['peer'], out?.['name']], ['string', id, 'Soup PACS']);

      await editor.reload();
      await editor.openDialog('out');
      await editor.showTab('importExport');
      assert.equal(await part('export-text').inputValue(), json, 'after saving, deploying and opening again');
      assert.equal(await part('kept').locator('b').count(), 0);
      assert.match(await importSender(), /A peer .* exists.*Soup PACS/s);
      assert.deepEqual(await made(), ['PACS', 'Soup PACS'], 'it is found');
      await editor.enter('peer', 'pacs');
      await editor.showTab('importExport');
      const exported = JSON.parse(await part('export-text').inputValue()) as typeof sender;
      assert.deepEqual([exported.OurAET, exported.New], ['HL7SOUP_SCU', sender.New], 'of the chosen peer');
    });

    it('has a second output where failures have one', async () => {
      await deploy(peer(), OUT);
      await editor.openDialog('out');
      await editor.enter('outputFailures', true);
      await editor.done();
      assert.equal(await editor.node('out', 'node.outputs'), 2);
    });

    it('is marked where its peer is to commit and a sender waits for the flow, whatever is in between', async () => {
      const at = { z: 'tab', x: 200, y: 200 };
      const receiver = (wires: string[][]): FlowNode => ({
        ...at,
        id: 'in',
        type: 'dicom-in',
        name: 'Proxy',
        respond: 'processed',
        wires,
      });
      const links: FlowNode[] = [
        { ...at, id: 'leave', type: 'link out', mode: 'link', links: ['arrive'], wires: [] },
        { ...at, id: 'arrive', type: 'link in', links: ['leave'], wires: [['switch']] },
        { ...at, id: 'switch', type: 'change', rules: [], wires: [['out', 'switch']] },
      ];
      const problems = async (...flows: FlowNode[]): Promise<string> => {
        await deploy(...flows, ...links, OUT);
        return JSON.stringify(await editor.node('out', 'node.validationErrors'));
      };
      const committing = peer({ commit: 'require' });
      assert.match(
        await problems(committing, receiver([['leave']])),
        /Peer: .*“Proxy” makes its sender wait/,
      );
      await editor.openDialog('out');
      assert.match(await editor.remarks('peer'), /requires Storage Commitment/);
      await editor.cancel();
      assert.equal(await problems(peer(), receiver([['leave']])), '[]');
      assert.equal(await problems(committing, receiver([[]])), '[]');
      const ticked = { ...OUT, peer: 'other', peersFromMessage: ['pacs'] };
      await deploy(committing, other(), receiver([['out']]), ticked);
      assert.match(
        JSON.stringify(await editor.node('out', 'node.validationErrors')),
        /makes its sender wait/,
      );
    });

    it('shows its peer until it has a name, and is marked where that is missing', async () => {
      await deploy(peer(), OUT, { ...OUT, id: 'lost', peer: 'nobody' });
      assert.equal(await editor.node('out', 'RED.utils.getNodeLabel(node)'), 'dicom → PACS');
      assert.deepEqual(await editor.node('lost', '[node.valid, node.validationErrors]'), [
        false,
        ['Peer: this peer no longer exists'],
      ]);
      await editor.openDialog('out');
      await editor.enter('retryFirstSeconds', '60');
      await editor.enter('retryLastSeconds', '30');
      assert.match(await editor.remarks('retryLastSeconds'), /not be shorter than the first one \(60 s\)/);
    });
  });
});
