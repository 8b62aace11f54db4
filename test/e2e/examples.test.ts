import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkField, DEFAULTS, FIELD_NAMES } from '../../src/settings';
import { freePort } from '../support/free-port';
import { sinkNodes } from '../support/flows';
import { MessageSink } from '../support/message-sink';
import { PACKAGE_DIR, startNodeRed, type FlowNode, type NodeRed } from '../support/node-red';
import { associateRQ } from '../support/pdus';
import { RawPeer } from '../support/raw-peer';
import { StoreClient, sampleInstance } from '../support/store-client';

const folder = join(PACKAGE_DIR, 'examples');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FlowNode[];

/** The example with its debug nodes leading to the sink, on a free port. */
function forTest(
  flows: FlowNode[],
  port: number,
  sink: MessageSink,
  settings: Record<string, unknown>,
): FlowNode[] {
  const { z } = flows.find(({ type }) => type === 'dicom-in') ?? assert.fail();
  return [
    ...flows.map((node) => {
      if (node.type === 'dicom-in')
        return { ...node, port: String(port), bindAddress: '127.0.0.1', ...settings };
      if (node.type !== 'debug') return node;
      const func = `const path = ${JSON.stringify(node['complete'])}.split('.');
        const shown = path.reduce((value, key) => value && value[key], msg);
        return { payload: { debug: ${JSON.stringify(node['name'])}, shown } };`;
      return { ...node, type: 'function', func, outputs: 1, wires: [['test-out-1']] };
    }),
    ...sinkNodes(sink).map((node) => ({ ...node, z })),
  ];
}

describe('example flows', { timeout: 120_000 }, () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;
  const directory = mkdtempSync(join(tmpdir(), 'dicom-examples-'));

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
    nodeRed = await startNodeRed({ flows: [] });
  });
  after(async () => {
    await nodeRed.stop();
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const deploy = async (name: string, settings: Record<string, unknown> = {}): Promise<void> => {
    const from = nodeRed.lines.length;
    await nodeRed.deploy(forTest(read(name), port, sink, settings));
    await nodeRed.waitForLine(/listening on/, { from });
    await sink.connected();
    await new Promise((resolve) => setTimeout(resolve, 200));
    sink.clear();
  };
  const send = async (): Promise<void> => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  };
  const shown = async (debug: string): Promise<unknown> => {
    const message = await sink.find(({ payload }) => 'debug' in payload && payload.debug === debug, debug);
    return (message.payload as { shown?: unknown }).shown;
  };

  it('can be imported together: ids are unique, settings are right and complete', () => {
    const all = names.flatMap(read);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const node of all.filter(({ type }) => type === 'dicom-in')) {
      for (const field of FIELD_NAMES) {
        assert.ok(field in node, `${node.id} has ${field}`);
        assert.deepEqual(checkField(field, node[field]), [], field);
        assert.equal(typeof DEFAULTS[field] === 'boolean', typeof node[field] === 'boolean', field);
      }
    }
  });

  it('are all offered by the Import dialog', async () => {
    const response = await fetch(`${nodeRed.url}/library/examples/flows/node-red-contrib-dicom`);
    const listed = JSON.stringify(await response.json());
    for (const name of names) assert.ok(listed.includes(name.replace(/\.json$/, '')), name);
  });

  it('01 Receive and show', async () => {
    await deploy('01 Receive and show.json');
    await send();
    const payload = (await shown('DicomMessage')) as { CommonFields: Record<string, unknown> };
    assert.equal(payload.CommonFields['PatientID'], '12345');
  });

  it('02 Route by modality', async () => {
    await deploy('02 Route by modality.json');
    await send();
    const fields = (await shown('CT and MR')) as Record<string, unknown>;
    assert.equal(fields['Modality'], 'CT');
  });

  it('03 Only known modalities', async () => {
    await deploy('03 Only known modalities.json');
    const refused = await RawPeer.connect(port);
    refused.send(associateRQ({ callingAET: 'CT02', calledAET: 'MY_ARCHIVE' }));
    assert.equal((await refused.next())?.type, 0x03);
    const event = (await shown('Refused')) as Record<string, unknown>;
    assert.equal(event['callingAET'], 'CT02');
    const known = await RawPeer.connect(port);
    known.send(associateRQ({ callingAET: 'CT01', calledAET: 'MY_ARCHIVE' }));
    assert.equal((await known.next())?.type, 0x02);
    refused.destroy();
    known.destroy();
  });

  it('04 Answer after processing', async () => {
    await deploy('04 Answer after processing.json');
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0x0000);
    assert.equal(await shown('Answered with'), '0000');
    // The same object without a Patient ID, in which the example finds fault.
    const nobody = Buffer.from(dataSet);
    nobody.write('      ', nobody.indexOf('12345 '), 'latin1');
    assert.equal(await client.store(uid, nobody), 0xc000);
    await client.release();
  });

  it('05 Store and acknowledge', async () => {
    await deploy('05 Store and acknowledge.json', { directory });
    await send();
    const filename = String(await shown('Stored as'));
    assert.ok(filename.startsWith(directory));
    assert.ok(existsSync(filename));
  });

  it('06 Handle dead letters', async () => {
    await deploy('06 Handle dead letters.json', { acknowledgeTimeoutSeconds: 1 });
    await send();
    const letter = (await shown('Dead letter')) as Record<string, unknown>;
    assert.equal(letter['event'], 'dead-letter');
    // The function's own error comes first, with each delivery.
    await sink.find(
      ({ payload }) =>
        'shown' in payload && (payload.shown as { code?: string }).code === 'DICOM_NOT_ACKNOWLEDGED',
      'the caught error',
    );
  });
});
