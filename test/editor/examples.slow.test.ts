import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import { type FlowNode } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const EXAMPLES = join(PACKAGE_DIR, 'examples');
/** Between two nodes with a wire: less shows no wire, or draws it back. */
const WIRE_GAP = 20;

/** What of a tab's nodes is hidden: behind another one, or left of the workspace. Their sizes are known once they are drawn. */
const HIDDEN = `(async (tab) => {
  RED.workspaces.show(tab);
  for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
  const nodes = RED.nodes.filterNodes({ z: tab });
  const name = (node) => node.name || node.type;
  const left = (node) => node.x - node.w / 2;
  const right = (node) => node.x + node.w / 2;
  const areSame = (one, other) => Math.abs(one.y - other.y) < (one.h + other.h) / 2;
  const found = nodes.filter((node) => left(node) < 0).map((node) => name(node) + ' begins left of the workspace');
  for (const one of nodes)
    for (const other of nodes)
      if (one.id < other.id && areSame(one, other) && left(one) < right(other) && left(other) < right(one))
        found.push(name(one) + ' and ' + name(other) + ' overlap');
  for (const { source, target } of RED.nodes.filterLinks({ source: { z: tab } }))
    if (left(target) - right(source) < ${WIRE_GAP})
      found.push(name(source) + ' is too near to ' + name(target));
  return found;
})`;

describe('the examples in the editor', { skip: needs('chromium') }, () => {
  const files = readdirSync(EXAMPLES);
  const flows = files.map((file) => JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as FlowNode[]);
  let editor: EditorPage;
  // Nothing listens, Node-RED installs no modules for function nodes, and has no nodes of other packages.
  const shown = flows
    .flat()
    .filter(({ type }) => !type.startsWith('ui-'))
    .map(({ libs: _, ...node }) => ({ ...node, disabled: node.type === 'tab' }));
  editorForSuite({ flows: shown }, (opened) => void (editor = opened));

  for (const [index, file] of files.entries())
    it(`${file}: each node can be seen, and each wire`, async () => {
      const tab = flows[index]?.find(({ type }) => type === 'tab')?.id ?? assert.fail();
      assert.deepEqual(await editor.page.evaluate<string[]>(`${HIDDEN}(${JSON.stringify(tab)})`), []);
    });
});
