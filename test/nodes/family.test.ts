import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { TAB, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { DeployType, FlowNode } from '../support/node-red/node-red';
import { isConfig, NODE_TYPES, settingsOf } from '../support/package/node-types';
import { until } from '../support/machine/until';

/** What each node of the family does, whatever it is for. */
const nodes = new NodesUnderTest();
afterEach(() => nodes.unload());

const IN_FLOWS = NODE_TYPES.filter((type) => !isConfig(type));

/** What a type needs to do something, besides its defaults. */
const NEEDED: Readonly<Record<string, (port: number) => Record<string, unknown>>> = {
  'dicom-in': (port) => ({ port, allowedCallingAETs: ['*'] }),
  'dicom-watch': () => ({ directory: nodes.directory }),
  'dicom-out': () => ({ peer: 'peer' }),
  'dicom-query': () => ({ peer: 'peer', keys: [{ path: 'PatientID', value: '1', valueType: 'str' }] }),
  'dicom-retrieve': () => ({ peer: 'peer' }),
};
const CODES: Readonly<Record<string, string>> = {
  'dicom-in': 'DICOM_SETTINGS_INVALID',
  'dicom-response': 'DICOM_RESPONSE_UNKNOWN_VERSION',
};

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const peer = { id: 'peer', type: 'dicom-peer', host: '127.0.0.1', port: '1', calledAET: 'PEER' };
const tabs: FlowNode[] = [TAB, 'other-tab'].map((id) => ({ id, type: 'tab', label: id, disabled: false }));
const watching = (...others: FlowNode[]): FlowNode[] => [
  ...tabs,
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  ...['out', 'caught'].map(helper),
  peer,
  ...others,
];
/** In another tab. */
const other = (name: string): FlowNode => ({ ...helper('other'), z: 'other-tab', name });

function nodeOf(type: string, port: number, more: Record<string, unknown> = {}): FlowNode {
  const { defaults, version } = settingsOf(type);
  const settings = { ...defaults, version, ...NEEDED[type]?.(port), name: `my ${type}`, ...more };
  return flowNode('it', type, { ...settings, wires: [['out']] });
}

const codeOf = (message: Message | undefined): unknown =>
  (message?.['error'] as { code?: unknown } | undefined)?.code;

for (const type of IN_FLOWS)
  describe(`${type} in a runtime`, () => {
    it('loads with its name and its defaults', async () => {
      const port = await freePort();
      await nodes.load(watching());
      const caught = nodes.inputs('caught');
      await nodes.deploy(watching(nodeOf(type, port)), 'nodes');
      assert.equal(nodes.node('it').name, `my ${type}`);
      assert.deepEqual(caught.map(codeOf), []);
    });

    it('does nothing with the settings of a version that it does not know, and says so: status, and Catch', async () => {
      const port = await freePort();
      await nodes.load(watching());
      const [caught, out] = ['caught', 'out'].map((id) => nodes.inputs(id));
      await nodes.deploy(watching(nodeOf(type, port, { version: 99 })), 'nodes');
      const work = (): unknown => nodes.node('it').receive({ payload: {}, dicom: { queueId: 'in:1' } });
      // All say so when flows start, but the one that has nothing to do before a message.
      if (type === 'dicom-response') work();
      const expected = CODES[type] ?? `${type.replace(/-/g, '_').toUpperCase()}_SETTINGS_INVALID`;
      await until(() => caught?.some((message) => codeOf(message) === expected) ?? false, expected);
      const { message } = caught?.[0]?.['error'] as { message: string };
      assert.match(message, /settingsInvalid|unknownVersion/);
      assert.doesNotMatch(message, /^Error:/);
      await until(() => nodes.statusOf('it')?.['fill'] === 'red', 'a red status');
      work();
      assert.deepEqual(out, []);
    });

    it('is left alone by a deploy of other nodes and other flows, and starts anew with a full one', async () => {
      const port = await freePort();
      const flow = (name: string): FlowNode[] => watching(nodeOf(type, port), other(name));
      await nodes.load(watching());
      await nodes.deploy(flow('a'), 'nodes');
      const first = nodes.node('it');
      for (const [name, kind] of [
        ['b', 'nodes'],
        ['c', 'flows'],
      ] as [string, DeployType][]) {
        await nodes.deploy(flow(name), kind);
        assert.equal(nodes.node('it'), first, kind);
      }
      await nodes.deploy(flow('c'), 'full');
      assert.notEqual(nodes.node('it'), first);
    });

    it('closes when it is removed, in time', async () => {
      const port = await freePort();
      await nodes.load(watching());
      await nodes.deploy(watching(nodeOf(type, port)), 'nodes');
      const started = performance.now();
      await nodes.deploy(watching(), 'nodes');
      assert.throws(() => nodes.node('it'), /no node/);
      assert.ok(performance.now() - started < 14_000, 'Node-RED gives a node 15 s');
    });
  });
