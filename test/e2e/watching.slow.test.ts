import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DICOM_WATCH } from '../../src/settings';
import { BadLine } from '../support/connections/bad-line';
import { TAB, flowNode, sinkNodes } from '../support/node-red/flows';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { dataSetOf } from '../support/objects/part10';
import { Scps } from '../support/peers/scps';
import { until } from '../support/machine/until';
import { filesIn, sampleFile } from '../support/workers/watched-folder';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const EXAMPLE = '16 Send what is put into a folder.json';
const root = mkdtempSync(join(tmpdir(), 'dicom-watching-'));

/** Directories of a test, the first of which is there. */
function places(name: string): { directory: string; moveTo: string; errorDirectory: string } {
  const directory = join(root, name, 'incoming');
  mkdirSync(directory, { recursive: true });
  return { directory, moveTo: join(root, name, 'sent'), errorDirectory: join(root, name, 'errors') };
}

const example = (): FlowNode[] =>
  JSON.parse(readFileSync(join(PACKAGE_DIR, 'examples', EXAMPLE), 'utf8')) as FlowNode[];

const watchNode = (settings: Record<string, unknown>, wires: string[][]): FlowNode =>
  flowNode('watch', 'dicom-watch', {
    ...DICOM_WATCH.defaults,
    stableSeconds: '1',
    minFreeDiskMB: '0',
    ...settings,
    wires,
  });

describe('dicom-watch in Node-RED', () => {
  let nodeRed: NodeRed;
  const scps = new Scps();

  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(async () => {
    await scps.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const deploy = async (flows: FlowNode[]): Promise<void> => {
    const from = nodeRed.lines.length;
    await nodeRed.deploy(flows);
    await nodeRed.waitForLine(/watching /, { from });
  };

  it(EXAMPLE, { skip: needs('dcmtk') }, async () => {
    const archive = await scps.storescp('+B');
    const { directory, moveTo, errorDirectory } = places('example');
    const changes: Record<string, Record<string, unknown>> = {
      'dicom-watch': { directory, moveTo, errorDirectory, stableSeconds: '1', minFreeDiskMB: '0' },
      'dicom-peer': { port: String(archive.port) },
    };
    writeFileSync(join(directory, 'there.dcm'), sampleFile(1).bytes);
    await deploy(example().map((node) => ({ ...node, ...changes[node.type] })));
    mkdirSync(join(directory, 'ct'));
    writeFileSync(join(directory, 'ct', 'comes'), sampleFile(2).bytes);
    writeFileSync(join(directory, 'notes.txt'), 'to be left alone');
    await until(() => readdirSync(archive.folder).length === 2, 'both at the archive');
    await until(() => filesIn(moveTo).length === 2, 'that they are moved');
    assert.deepEqual(filesIn(moveTo), ['ct/comes', 'there.dcm']);
    const stored = readdirSync(archive.folder).map((name) =>
      dataSetOf(readFileSync(join(archive.folder, name))),
    );
    for (const number of [1, 2])
      assert.ok(
        stored.some((dataSet) => dataSet.equals(dataSetOf(sampleFile(number).bytes))),
        'byte for byte',
      );
    assert.deepEqual(filesIn(directory), ['notes.txt']);
    assert.deepEqual(filesIn(errorDirectory), []);
  });

  it('keeps a file while dicom-out has it, without acknowledgement', { skip: needs('dcmtk') }, async () => {
    const { directory } = places('parked');
    const archive = await scps.storescp('+B');
    let isUp = false;
    const line = await BadLine.open(archive.port, () => (isUp ? Infinity : 1));
    const changes: Record<string, Record<string, unknown>> = {
      'dicom-watch': {
        directory,
        after: 'delete',
        acknowledge: false,
        stableSeconds: '1',
        minFreeDiskMB: '0',
      },
      'dicom-peer': { port: String(line.port) },
      'dicom-out': { retryFirstSeconds: '1', retryLastSeconds: '1' },
    };
    await deploy(example().map((node) => ({ ...node, ...changes[node.type] })));
    writeFileSync(join(directory, 'one.dcm'), sampleFile(3).bytes);
    await until(() => line.breaks >= 2, 'that it cannot be sent');
    assert.equal(filesIn(directory).length, 1, 'it is claimed');
    isUp = true;
    await until(() => readdirSync(archive.folder).length === 1, 'that it is sent');
    await until(() => filesIn(directory).length === 0, 'that it is deleted');
    await line.close();
  });

  it('tells a flow of each file, and a Catch node of what is wrong', async () => {
    const { directory, errorDirectory } = places('plain');
    const sink = await MessageSink.open();
    const connected = sink.nextConnection();
    const flows = [
      { id: TAB, type: 'tab', label: 'test' },
      watchNode({ directory, after: 'delete', acknowledge: true, errorDirectory }, [
        ['test-out-1', 'respond'],
      ]),
      flowNode('respond', 'dicom-response', { status: '0000', wires: [] }),
      flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['test-out-1']] }),
      ...sinkNodes(sink),
    ];
    await deploy(flows);
    await connected();
    writeFileSync(join(directory, 'one.dcm'), sampleFile(4).bytes);
    const message = await sink.find(({ dicom }) => dicom !== undefined, 'the object');
    assert.equal(message.dicom.sourceFile, 'one.dcm');
    assert.equal(message.payload.CommonFields?.['PatientID'] !== undefined, true);
    await until(() => filesIn(directory).length === 0, 'that it is deleted');
    const status = await fetch(`${nodeRed.url}/dicom-watch/watch/dead-letters`);
    assert.deepEqual(await status.json(), { deadLetters: [], total: 0 });
    await sink.close();
  });

  it('does not watch with wrong settings, and says which', async () => {
    const { directory } = places('wrong');
    const from = nodeRed.lines.length;
    await nodeRed.deploy([
      { id: TAB, type: 'tab', label: 'test' },
      watchNode({ directory, after: 'move', moveTo: join(directory, 'done') }, [[]]),
    ]);
    const line = await nodeRed.waitForLine(/No directory is watched/, { from });
    assert.match(line, /Move to: this directory must not be inside/);
  });
});
