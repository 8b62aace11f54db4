import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { encodeFileMeta } from '../../src/dicom';
import { SAMPLE_FILE_LIMIT } from '../../src/settings';
import { element } from '../dicom/support/encode';
import { adminAuth, authorization } from '../support/node-red/admin-user';
import { dicomIn, flowNode, receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink, type SunkMessage } from '../support/node-red/message-sink';
import { type NodeRed } from '../support/node-red/node-red';
import { SAMPLE, SAMPLE_UID, sampleInstance, StoreClient } from '../support/peers/store-client';
import { corpusObjects } from '../dicom/support/corpus-objects';
import { nodeRedForSuite, withNodeRed } from '../support/node-red/with-node-red';

const FILE = readFileSync(SAMPLE);
const OBJECT = 'application/octet-stream';

interface Answer {
  status: number;
  body: Partial<SunkMessage> & { problem?: string; message?: string };
}

describe('sample messages', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  beforeEach(() => sink.clear());
  after(async () => {
    await sink.close();
  });

  async function convert(file: Buffer, query = '', type = OBJECT): Promise<Answer> {
    const response = await fetch(`${nodeRed.url}/dicom-in/sample?${query}`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: new Uint8Array(file),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  async function deploy(settings: Record<string, unknown> = {}, more: object[] = []): Promise<void> {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy([...receiverFlow(port, sink, settings), ...(more as [])]);
    await nodeRed.waitForLine(/listening on/, { from });
    await connected();
  }

  it('have a picture of the file, which is no more than that, or the reason why there is none', async () => {
    const picture = async (file: Buffer): Promise<{ url?: string; reason?: string }> => {
      const response = await fetch(`${nodeRed.url}/dicom-in/sample-picture`, {
        method: 'POST',
        headers: { 'Content-Type': OBJECT },
        body: new Uint8Array(file),
      });
      assert.equal(response.status, 200);
      return (await response.json()) as { url?: string; reason?: string };
    };
    const { url = '' } = await picture(FILE);
    assert.match(url, /^data:image\/png;base64,/);
    assert.ok(!Buffer.from(url.split(',')[1] ?? '', 'base64').includes('12345'));
    assert.match((await picture(Buffer.from('no DICOM'))).reason ?? '', /./);
    const empty = Buffer.from(FILE.subarray(0, FILE.length - 1_000));
    assert.match((await picture(empty)).reason ?? '', /./);
  });

  const press = (id = 'test-dicom-in'): Promise<Response> =>
    fetch(`${nodeRed.url}/dicom-in/${id}/sample`, { method: 'POST' });

  describe('of a file', () => {
    it('are what the node sends for that object', async () => {
      await deploy();
      const client = await StoreClient.open(port);
      const { dataSet } = sampleInstance(1);
      dataSet.write(SAMPLE_UID, dataSet.indexOf(sampleInstance(1).uid), 'latin1');
      assert.equal(await client.store(SAMPLE_UID, dataSet), 0);
      await client.release();
      const [sent = assert.fail()] = await sink.count(1);
      const { status, body } = await convert(FILE, 'placeholders=false&ourAET=ANY_SCP');
      assert.equal(status, 200);
      assert.deepEqual(body.payload, sent.payload);
      assert.equal(body.topic, sent.topic);
      assert.deepEqual(
        Object.keys({ ...body.dicom }).sort(),
        [...Object.keys(sent.dicom), 'sample'].sort(),
        'the same facts, with sample values',
      );
      const { sopClassName, sopInstanceUID, size, calledAET } = body.dicom ?? assert.fail();
      assert.deepEqual(
        [sopClassName, sopInstanceUID, size, calledAET],
        [sent.dicom.sopClassName, sent.dicom.sopInstanceUID, sent.dicom.size, 'ANY_SCP'],
      );
    });

    it('have placeholders unless the caller says otherwise', async () => {
      const { body } = await convert(FILE);
      const text = JSON.stringify(body);
      for (const value of ['Doe', '12345', '19700101', 'Köln', SAMPLE_UID, '20260115'])
        assert(!text.includes(value), value);
      assert.equal(body.payload?.CommonFields?.['Modality'], 'CT');
      assert.equal(body.topic, body.payload?.CommonFields?.['StudyInstanceUID']);
    });

    it("follow the dialog's options", async () => {
      const { body } = await convert(
        FILE,
        'includeCommonFieldsNode=false&includeReportNode=false&includeTagsNode=true&tagsFormat=dicom-json',
      );
      assert.deepEqual(Object.keys({ ...body.payload }), ['Tags']);
      const tags = body.payload?.Tags as Record<string, { vr: string }>;
      assert.equal(tags['00100010']?.vr, 'PN');
    });

    it('are refused in words where the file is none, damaged, or no object', async () => {
      const cases: [string, Buffer, string][] = [
        ['text', Buffer.from('hello, this is no DICOM at all. '.repeat(20)), 'notDicom'],
        ['nothing', Buffer.alloc(0), 'notDicom'],
        ['without preamble', FILE.subarray(132), 'notDicom'],
        ['truncated', FILE.subarray(0, FILE.length - 100), 'damaged'],
        ['truncated meta', FILE.subarray(0, 150), 'damaged'],
        ['no instance', part10(element(0x00100010, 'PN', 'Doe^Jane')), 'notAnObject'],
        ['a bomb', deflated(Buffer.alloc(40 * 1024 * 1024)), 'damaged'],
      ];
      for (const [name, file, problem] of cases) {
        const { status, body } = await convert(file);
        assert.deepEqual([status, body.problem], [422, problem], name);
        assert.notEqual(body.message, '', name);
      }
    });

    it('are limited: the file, and what is kept of it', async () => {
      const tooLong = await convert(Buffer.alloc(SAMPLE_FILE_LIMIT + 1));
      assert.deepEqual([tooLong.status, tooLong.body.problem], [413, 'fileTooLarge']);
      const text = part10(
        element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
        element(0x00080018, 'UI', '1.2.3\0'),
        element(0x00204000, 'LT', 'x'.repeat(60_000)),
        element(0x4008010b, 'ST', 'x'.repeat(60_000)),
        element(0x00324000, 'LT', 'x'.repeat(60_000)),
        element(0x00104000, 'LT', 'x'.repeat(60_000)),
        element(0x00184000, 'LT', 'x'.repeat(60_000)),
      );
      const { status, body } = await convert(text, 'placeholders=false');
      assert.deepEqual([status, body.problem], [422, 'messageTooLarge']);
      assert(Number(body.message) > 300_000, body.message);
    });

    it('are made while other uploads do not go on', async () => {
      const { port: adminPort, hostname } = new URL(nodeRed.url);
      const unfinished = Array.from({ length: 12 }, () => {
        const socket = connect(Number(adminPort), hostname);
        socket.on('error', () => undefined);
        socket.write(
          `POST /dicom-in/sample HTTP/1.1\r\nHost: x\r\nContent-Type: ${OBJECT}\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\nx`,
        );
        return socket;
      });
      // The answer that tells to go on: the request is there.
      await Promise.all(unfinished.map((socket) => once(socket, 'data')));
      assert.equal((await convert(FILE)).status, 200);
      for (const socket of unfinished) socket.destroy();
    });

    it('must come as bytes: a form of another site cannot send those', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const { status, body } = await convert(FILE, '', type);
        assert.deepEqual([status, body.problem], [415, 'notBytes'], type);
      }
    });

    it('are made beside Node-RED, which goes on meanwhile', async () => {
      const [largest = assert.fail()] = corpusObjects('good')
        .map(({ path }) => readFileSync(path))
        .sort((a, b) => b.length - a.length);
      let isConverted = false;
      const converted = convert(largest).finally(() => (isConverted = true));
      assert.equal((await fetch(`${nodeRed.url}/dicom-in/metrics`)).status, 200);
      assert(!isConverted, 'this was answered meanwhile');
      assert((await converted).status < 500);
    });

    it('leave nothing of the file in the user directory and in the log', async () => {
      await convert(FILE, 'placeholders=false');
      await convert(FILE.subarray(0, FILE.length - 10));
      // With file types, links are not followed: node_modules has one to this repository, .node-red another one back.
      const files = readdirSync(nodeRed.userDir, { recursive: true, withFileTypes: true });
      assert.deepEqual(
        files.filter(({ name }) => name.endsWith('.dcm')),
        [],
      );
      assert.doesNotMatch(nodeRed.lines.join('\n'), /Doe|12345\b/);
    });
  });

  describe('of the button', () => {
    it('are the built-in one where the node has none, with the sections that the node sends', async () => {
      await deploy({
        includeTagsNode: false,
        includeReportNode: false,
        respond: 'processed',
        acknowledge: true,
      });
      assert.equal((await press()).status, 204);
      const [message = assert.fail()] = await sink.count(1);
      assert.deepEqual(Object.keys(message.payload), ['CommonFields']);
      const { sample, queueId, acknowledgeId, sopClassName } = message.dicom;
      const name = 'test-dicom-in:sample';
      assert.deepEqual(
        [sample, queueId, acknowledgeId, sopClassName],
        [true, name, name, 'CT Image Storage'],
      );
      const stats = await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/stats`);
      const { counters } = (await stats.json()) as { counters: Record<string, number> };
      assert.deepEqual([counters['received'], counters['delivered'], counters['queued']], [0, 0, 0]);
    });

    it('are the one that a file became', async () => {
      const { body } = await convert(FILE);
      await deploy({ receivedMessageTemplate: JSON.stringify(body) });
      assert.equal((await press()).status, 204);
      const [message = assert.fail()] = await sink.count(1);
      assert.deepEqual(message.payload, body.payload);
      assert.equal(message.topic, body.topic);
      assert.equal(message.dicom.sample, true);
    });

    it('are any JSON as payload, as templates of Integration Soup are', async () => {
      await deploy({ receivedMessageTemplate: '{ "PatientID": "12345" }' });
      assert.equal((await press()).status, 204);
      const [message = assert.fail()] = await sink.count(1);
      assert.deepEqual(message.payload, { PatientID: '12345' });
      assert.equal(message.dicom.sample, true);
      assert.equal(message.topic, '');
    });

    it('say so where the template is no JSON, and where there is no such node', async () => {
      await deploy({ receivedMessageTemplate: 'MSH|^~\\&|' });
      const response = await press();
      assert.deepEqual(
        [response.status, ((await response.json()) as Answer['body']).problem],
        [422, 'notJson'],
      );
      assert.equal((await press('another')).status, 404);
    });

    it('come out of a node that cannot listen, too', async () => {
      const connected = sink.nextConnection();
      await nodeRed.deploy(receiverFlow(port, sink, { ourAET: 'MUCH_TOO_LONG_FOR_DICOM' }));
      await connected();
      assert.equal((await press()).status, 204);
      await sink.find(({ dicom }) => dicom?.sample === true, 'the sample');
    });

    it('are answered by a dicom-response node without complaint', async () => {
      const [, , ...sinkNodes] = receiverFlow(port, sink);
      const connected = sink.nextConnection();
      await nodeRed.deploy([
        { id: 'test-tab', type: 'tab', label: 'test' },
        dicomIn('test-dicom-in', port, [['answer']], { respond: 'processed', acknowledge: true }),
        flowNode('answer', 'dicom-response', { status: '0000', wires: [] }),
        flowNode('complete', 'complete', { scope: ['answer'], wires: [['test-out-1']] }),
        ...sinkNodes,
      ]);
      await connected();
      assert.equal((await press()).status, 204);
      await sink.count(1);
      assert.deepEqual(
        sink.messages.map(({ output }) => output),
        [1],
        'the node is done, and nothing was caught',
      );
    });
  });

  it('take the permission dicom-in.write; to look at the built-in one, dicom-in.read', async () => {
    const users = { writer: 'dicom-in.write', reader: 'dicom-in.read' };
    await withNodeRed({ flows: [], settings: { adminAuth: adminAuth(users) } }, async (own) => {
      const [writer, reader] = [
        await authorization(own.url, 'writer', 'dicom-in.write'),
        await authorization(own.url, 'reader', 'dicom-in.read'),
      ];
      const status = async (
        method: string,
        path: string,
        headers: Record<string, string>,
      ): Promise<number> => {
        const body = method === 'POST' ? new Uint8Array(FILE) : null;
        const response = await fetch(`${own.url}/dicom-in/${path}`, {
          method,
          headers: { 'Content-Type': OBJECT, ...headers },
          body,
        });
        return response.status;
      };
      for (const path of ['sample', 'sample-picture', 'x/sample', 'x/echo']) {
        assert.equal(await status('POST', path, {}), 401, path);
        assert.equal(await status('POST', path, reader), 401, path);
        assert.equal(await status('POST', path, writer), path.startsWith('sample') ? 200 : 404, path);
      }
      assert.equal(await status('GET', 'sample', {}), 401);
      assert.equal(await status('GET', 'sample', reader), 200);
    });
  });
});

function part10(...elements: Buffer[]): Buffer {
  return Buffer.concat([meta('1.2.840.10008.1.2.1'), ...elements]);
}

function deflated(dataSet: Buffer): Buffer {
  return Buffer.concat([meta('1.2.840.10008.1.2.1.99'), deflateRawSync(dataSet)]);
}

function meta(transferSyntaxUID: string): Buffer {
  return encodeFileMeta({
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUID: '1.2.3',
    transferSyntaxUID,
    implementationClassUID: '1.2.3',
    implementationVersionName: 'TEST',
  });
}
