import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_DIR } from '../support/package/package-dir';

interface NodeHtml {
  nodeHtml(nodesDir: string, settings: { type: string; fields: object }, texts: object): string;
}

const nodesDir = mkdtempSync(join(tmpdir(), 'dicom-nodes-'));
after(() => rmSync(nodesDir, { recursive: true, force: true }));

/** A node type of this category, as the build makes it. */
async function built(category: string): Promise<string> {
  const type = 'trial';
  mkdirSync(join(nodesDir, type, 'editor'), { recursive: true });
  cpSync(join(PACKAGE_DIR, 'nodes', 'editor', 'form.css'), join(nodesDir, 'editor', 'form.css'));
  writeFileSync(join(nodesDir, type, 'editor', 'index.ts'), 'export const form = 1;');
  writeFileSync(
    join(nodesDir, type, `${type}.html`),
    `<!-- editor code: editor/index.ts, bundled by scripts/build.mjs -->
<script type="text/javascript">RED.nodes.registerType('trial', { category: '${category}', defaults: {} });</script>
<script type="text/html" data-template-name="trial">
<form-field name="host"></form-field><form-field name="tls"></form-field><form-field name="titles"></form-field>
</script>`,
  );
  const fields = { host: { kind: 'text' }, tls: { kind: 'boolean' }, titles: { kind: 'list' } };
  const { href } = pathToFileURL(join(PACKAGE_DIR, 'scripts', 'node-html.mjs'));
  return ((await import(href)) as NodeHtml).nodeHtml(nodesDir, { type, fields }, {});
}

describe('the html of a node type', () => {
  for (const [category, prefix] of [
    ['DICOM', 'node-input-'],
    ['config', 'node-config-input-'],
  ] as const) {
    it(`has inputs that Node-RED finds, in category ${category}`, async () => {
      const html = await built(category);
      const ids = [...html.matchAll(/ id="(node-[^"]*)"/g)].map(([, id]) => id);
      assert.deepEqual(ids, [`${prefix}host`, `${prefix}tls`, `${prefix}titles-list`]);
    });
  }
});
