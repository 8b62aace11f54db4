import type { FlowNode } from '../support/node-red/node-red';
import { isConfig, NODE_TYPES } from '../support/package/node-types';
import type { EditorPage } from './editor-page';

/** A node of the family with something of everything that its dialog shows only sometimes. */
interface Member {
  node: FlowNode;
  tabs?: readonly string[];
}

const TAB = 'tab';
const node = (type: string, settings: Record<string, unknown>, wires: string[][] = [[]]): FlowNode => ({
  id: type,
  type,
  z: TAB,
  x: 400,
  y: 60,
  wires,
  ...settings,
});

/** Those whose dialogs show more with other settings than the defaults, or have tabs. */
const SET: readonly Member[] = [
  { node: node('dicom-response', { status: 'custom' }, []) },
  {
    node: node('dicom-out', { peer: 'pacs', mode: 'store-and-forward' }),
    tabs: ['peer', 'outbox', 'message', 'journal', 'importExport'],
  },
  {
    node: node('dicom-watch', { directory: '/data/incoming', after: 'move', acknowledge: true }),
    tabs: ['folder', 'delivery'],
  },
  {
    node: node('dicom-edit', {
      rules: [
        {
          op: 'set',
          path: 'PatientID',
          value: 'x',
          valueType: 'str',
          when: { path: 'Modality', test: 'equals', value: 'CT' },
        },
        { op: 'replace', path: 'PatientName', from: 'a', fromType: 're', value: 'b', valueType: 'str' },
        { op: 'copy', path: '00191001', privateCreator: 'ACME', value: 'PatientID', valueType: 'str' },
        { op: 'remove-private', path: '', value: '', valueType: 'str' },
      ],
    }),
  },
  {
    node: node('dicom', { outputAs: 'file', directory: '/data' }),
    tabs: ['convert', 'message', 'object'],
  },
  {
    node: node('dicom-retrieve', {
      peer: 'pacs',
      method: 'get',
      output: 'file',
      directory: '/data',
      acknowledge: true,
    }),
    tabs: ['retrieve', 'message', 'delivery'],
  },
  {
    node: node('dicom-in', { sharedQueue: 'dicom-queue', role: 'deliver' }),
    tabs: ['delivery'],
  },
  { node: { id: 'dicom-queue', type: 'dicom-queue', host: 'database.example.org' } },
  { node: node('dicom-study', { requiredModalities: 'CT,SR' }), tabs: ['settings', 'open'] },
  { node: node('dicom-image', { window: 'given' }) },
  {
    node: node('dicom-query', {
      peer: 'pacs',
      keys: [
        { path: 'PatientName', value: 'payload', valueType: 'msg' },
        { path: 'StudyDate', value: 'last 7 days', valueType: 'days' },
        { path: 'StudyDescription', value: '', valueType: 'return' },
      ],
    }),
    tabs: ['query', 'keys', 'options'],
  },
];

/** All whose dialog needs no step of its own. */
const MEMBERS: readonly Member[] = [
  ...SET,
  ...NODE_TYPES.filter((type) => !isConfig(type) && SET.every((member) => member.node.type !== type)).map(
    (type) => ({ node: node(type, {}) }),
  ),
];

/** Those nodes, and the peer that they name, on a disabled tab. */
export const FAMILY: readonly FlowNode[] = [
  { id: TAB, type: 'tab', label: 'Family', disabled: true },
  { id: 'pacs', type: 'dicom-peer', host: '127.0.0.1', port: '1', userIdentity: 'passcode' },
  ...MEMBERS.map(({ node: member }, index) => ({
    ...member,
    ...(member.z !== undefined && { y: 60 * (index + 1) }),
  })),
];

/** Opens each of their dialogs, tab by tab. */
export async function inEachDialog(editor: EditorPage, look: (name: string) => Promise<void>): Promise<void> {
  for (const { node: member, tabs = [] } of MEMBERS) {
    await editor.openDialog(member.id);
    if (tabs.length === 0) await look(member.type);
    for (const tab of tabs) {
      await editor.showTab(tab);
      await look(`${member.type}-${tab}`);
    }
    await editor.cancel();
  }
}

/** Inputs of the open dialog that stick out of it at its side. */
const STICKING_OUT = `(() => {
  const dialog = document.querySelector('.red-ui-tray:last-child .red-ui-tray-body form, form.form-horizontal');
  const side = dialog.getBoundingClientRect().right;
  return [...dialog.querySelectorAll('input, select, textarea, .red-ui-typedInput-container')]
    .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().right > side + 1)
    .map((element) => element.id || element.className);
})()`;

export function stickingOut(editor: EditorPage): Promise<string[]> {
  return editor.page.evaluate<string[]>(STICKING_OUT);
}
