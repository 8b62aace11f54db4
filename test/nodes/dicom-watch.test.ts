import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import type { DeadLetterList } from '../../src/admin-api';
import { DICOM_WATCH } from '../../src/settings';
import { TAB, flowNode } from '../support/node-red/flows';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { until } from '../support/machine/until';
import { filesIn, sampleFile } from '../support/workers/watched-folder';

const nodes = new NodesUnderTest();
const root = mkdtempSync(join(tmpdir(), 'dicom-watch-node-'));
afterEach(() => nodes.unload());
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function newFolder(): string {
  const folder = join(root, `folder-${(folders += 1)}`);
  mkdirSync(folder);
  return folder;
}

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const watch = (settings: object): FlowNode =>
  flowNode('watch', 'dicom-watch', {
    ...DICOM_WATCH.defaults,
    stableSeconds: '1',
    minFreeDiskMB: '0',
    wires: [['got']],
    ...settings,
  });
const BASE: FlowNode[] = [
  { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  flowNode('status', 'status', { scope: null, wires: [['shown']] }),
  ...['caught', 'shown', 'got'].map(helper),
];

const inputs = (id: string): Message[] => nodes.inputs(id);

interface Shown {
  state: string;
  fault?: string;
  counters?: Record<string, number>;
}
const lastOf = (shown: Message[]): Shown | undefined => shown.at(-1)?.['status'] as Shown | undefined;

const codeOf = ([first]: Message[]): unknown => (first?.['error'] as { code?: unknown } | undefined)?.code;

describe('dicom-watch', () => {
  it('sends a message for each file, and shows how many', async () => {
    const directory = newFolder();
    await nodes.load([...BASE, watch({ directory, after: 'delete' })]);
    const [got, shown] = [inputs('got'), inputs('shown')];
    for (const number of [1, 2]) writeFileSync(join(directory, `${number}.dcm`), sampleFile(number).bytes);
    await until(() => got.length === 2, 'both');
    await until(() => lastOf(shown)?.counters?.['delivered'] === 2, 'the status');
    assert.equal(lastOf(shown)?.state, 'watching');
    assert.equal((got[0]?.['dicom'] as { sourceFile: string }).sourceFile, '1.dcm');
  });

  it('shows how many files are no objects, also where nothing else changes', async () => {
    const directory = newFolder();
    await nodes.load([...BASE, watch({ directory })]);
    const shown = inputs('shown');
    await until(() => lastOf(shown)?.state === 'watching', 'the status');
    for (const number of [1, 2]) {
      writeFileSync(join(directory, `${number}.txt`), 'no object');
      await until(() => lastOf(shown)?.counters?.['foreign'] === number, `${number}`);
    }
    rmSync(join(directory, '1.txt'));
    await until(() => lastOf(shown)?.counters?.['foreign'] === 1, 'one is gone');
  });

  it('tells a Catch node with a code what is wrong, and goes on when it is not', async () => {
    const directory = join(root, 'not-there');
    await nodes.load([...BASE, watch({ directory })]);
    const [caught, shown, got] = [inputs('caught'), inputs('shown'), inputs('got')];
    await until(() => caught.length === 1, 'the error');
    assert.equal(codeOf(caught), 'DICOM_WATCH_FOLDER_GONE');
    const { values } = caught[0]?.['payload'] as { values: { directory: string } };
    assert.equal(values.directory, directory);
    assert.deepEqual([lastOf(shown)?.state, lastOf(shown)?.fault], ['down', 'folderGone']);
    mkdirSync(directory);
    writeFileSync(join(directory, 'one.dcm'), sampleFile(1).bytes);
    await until(() => got.length === 1, 'the object');
    await until(() => lastOf(shown)?.state === 'watching', 'the status');
  });

  it('does not run with wrong settings', async () => {
    await nodes.load([
      ...BASE,
      watch({ directory: newFolder(), after: 'move', moveTo: '', stableSeconds: '0' }),
    ]);
    const shown = inputs('shown');
    const caught = inputs('caught');
    await until(() => caught.length === 1 && shown.length > 0, 'the error');
    assert.equal(codeOf(caught), 'DICOM_WATCH_SETTINGS_INVALID');
    assert.equal(lastOf(shown)?.state, 'down');
  });

  it('takes settings from the environment', async () => {
    const directory = newFolder();
    process.env['WATCHED_HERE'] = directory;
    await nodes.load([...BASE, watch({ directory: '${WATCHED_HERE}' })]);
    const got = inputs('got');
    writeFileSync(join(directory, 'one.dcm'), sampleFile(1).bytes);
    await until(() => got.length === 1, 'the object');
    delete process.env['WATCHED_HERE'];
  });

  it('is answered by dicom-response: a failure is a dead letter, with routes', async () => {
    const directory = newFolder();
    const flows = [
      ...BASE,
      watch({ directory, after: 'delete', acknowledge: true, wires: [['fails', 'got']] }),
      flowNode('fails', 'dicom-response', { status: 'C000', wires: [] }),
    ];
    await nodes.load(flows);
    const got = inputs('got');
    writeFileSync(join(directory, 'one.dcm'), sampleFile(1).bytes);
    const list = async (): Promise<DeadLetterList> =>
      (await (await fetch(`${nodes.url}/dicom-watch/watch/dead-letters`)).json()) as DeadLetterList;
    await until(async () => (await list()).total === 1, 'the dead letter');
    const [letter] = (await list()).deadLetters;
    assert.deepEqual([letter?.status, letter?.path], ['C000', 'one.dcm']);
    const answer = await fetch(`${nodes.url}/dicom-watch/watch/dead-letters/${letter?.id}/requeue`, {
      method: 'POST',
    });
    assert.equal(answer.status, 204);
    await until(() => got.length === 2, 'the object again');
  });

  it('gives files back, and leaves nothing of itself, when it is removed', async () => {
    const directory = newFolder();
    await nodes.load([...BASE, watch({ directory, after: 'delete', acknowledge: true, maxInFlight: '1' })]);
    const got = inputs('got');
    for (const number of [1, 2, 3]) writeFileSync(join(directory, `${number}.dcm`), sampleFile(number).bytes);
    await until(() => got.length === 1, 'one');
    await until(
      () => filesIn(directory).every((name) => name.startsWith('.dicom-watch/')),
      'that all are claimed',
    );
    const own = join(nodes.directory, 'dicom', 'watch');
    assert.ok(existsSync(own));
    await nodes.deploy(BASE, 'full');
    await until(() => !existsSync(own), 'that its directory is gone');
    const names = readdirSync(directory).filter((name) => name.endsWith('.dcm'));
    assert.equal(names.length, 2, 'what the flow has is claimed still');
  });
});
