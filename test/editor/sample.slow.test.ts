import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { adminAuth } from '../support/node-red/admin-user';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { corpus } from '../support/objects/corpus';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { SAMPLE } from '../support/peers/store-client';
import type { EditorPage } from './editor-page';
import { editorForSuite, withEditor } from './with-editor';

const REPORT = join(corpus, 'good/sr-comprehensive/pydicom__test-SR.dcm');

/** Keys that a path must put in brackets and quotes, that no path can say, and that must stay text. */
const HOSTILE = {
  payload: {
    CommonFields: { PatientID: 'own' },
    '00100010': { Value: [{ Alphabetic: 'A' }, 'b'] },
    'with space': 1,
    "it's": 2,
    'a "quote"': 3,
    '"both\'': 4,
    '': 5,
    __proto__x: null,
    'msg.topic': true,
    '<img src=x onerror="window.hacked = true">': '<b>bold</b> $t(dicom-in.tab.listener)',
    many: Array.from({ length: 600 }, (_, index) => index),
    empty: {},
  },
  topic: 'topic',
};

const debugNode = (id: string, complete: string): FlowNode =>
  flowNode(id, 'debug', { active: true, tosidebar: true, targetType: 'msg', complete, wires: [] });

describe('the sample tab', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let folder: string;
  let flows: FlowNode[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sample-'));
    const [first, second] = await Promise.all([freePort(), freePort()]);
    flows = [
      { id: TAB, type: 'tab', label: 'Flow 1' },
      dicomIn('in', first, [['mark', 'patient']], { name: 'From CT' }),
      ...[
        dicomIn('hostile', second, [[]], { receivedMessageTemplate: JSON.stringify(HOSTILE) }),
        dicomIn('text', 0, [[]], { d: true, receivedMessageTemplate: 'MSH|^~\\&|\rPID|1\r\nOBX|1' }),
        dicomIn('bare', 0, [[]], { d: true, receivedMessageTemplate: '{ "PatientID": "12345" }' }),
      ].map((node, index) => ({ ...node, y: 200 + 60 * index })),
      debugNode('mark', 'dicom.sample'),
      debugNode('patient', 'payload.CommonFields.PatientID'),
    ];
  });
  const started = (nodeRed: NodeRed) => nodeRed.waitForLine(/listening on/);
  editorForSuite(
    () => ({ flows, started }),
    async (opened) => {
      editor = opened;
      nodeRed = opened.nodeRed;
      await editor.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    },
  );
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });

  const part = (name: string): Locator => editor.page.locator(`#dicom-in-sample-${name}`);
  const open = async (id: string): Promise<void> => {
    await editor.openDialog(id);
    await editor.showTab('sample');
  };
  const item = (key: string): Locator =>
    part('tree')
      .locator('[role="treeitem"] > div', {
        has: editor.page.locator('.red-ui-debug-msg-object-key', {
          hasText: new RegExp(`^${key.replace(/[^\w ]/g, '\\$&')}$`),
        }),
      })
      .first();
  const shown = (key: string): Promise<string> => item(key).innerText();
  const clipboard = (): Promise<string> => editor.page.evaluate<string>('navigator.clipboard.readText()');
  const template = (): Promise<string> => editor.input('receivedMessageTemplate').inputValue();
  const choose = async (file: string): Promise<void> => part('file').setInputFiles(file);
  const chooseBytes = async (name: string, bytes: Buffer): Promise<void> => {
    writeFileSync(join(folder, name), bytes);
    await choose(join(folder, name));
  };
  const statusHas = (words: RegExp): Promise<void> => part('status').filter({ hasText: words }).waitFor();
  const remarkHas = (words: RegExp): Promise<void> => part('remark').filter({ hasText: words }).waitFor();

  it('shows the built-in message of a node that has none, as its settings make it', async () => {
    await open('in');
    await statusHas(/built-in/);
    assert.match(await shown('PatientID'), /"12345"/);
    await editor.enter('tagsFormat', 'dicom-json');
    await editor.page.route(/\/sample\?/, async (route) => {
      assert.equal(await part('tree').innerText(), '', 'a click on what is about to go would be lost');
      await route.continue();
    });
    await editor.showTab('sample');
    await item('Tags').click();
    await item('00100020').waitFor();
    await editor.page.unroute(/\/sample\?/);
  });

  it('takes a dropped file, with placeholders for patient data; a click on a value copies its path', async () => {
    await open('in');
    await editor.drop('#dicom-in-panel-sample', 'image.dcm', readFileSync(SAMPLE));
    await statusHas(/Not kept.*image\.dcm/);
    assert.match(await shown('Modality'), /"CT"/);
    assert.doesNotMatch(await shown('PatientID'), /12345/);
    await item('PatientID').click();
    assert.equal(await clipboard(), 'payload.CommonFields.PatientID');
    assert.equal(await part('copied').innerText(), 'Copied: payload.CommonFields.PatientID');
    await item('Tags').click();
    await item('ImagePositionPatient').click();
    await item('1').click();
    assert.equal(await clipboard(), 'payload.Tags.ImagePositionPatient[1]');
    await item('Tags').hover();
    await item('Tags').locator('.dicom-tree-copy').click();
    assert.equal(await clipboard(), 'payload.Tags');
    assert.equal(await template(), '', 'nothing is kept yet');
  });

  it('shows the picture of the dropped file beside its tree, or says why there is none', async () => {
    await open('in');
    assert.equal(await part('look').isVisible(), false);
    await editor.drop('#dicom-in-panel-sample', 'image.dcm', readFileSync(SAMPLE));
    await part('caption')
      .filter({ hasText: /not for diagnosis/ })
      .waitFor();
    const size = `(({ naturalWidth: w, naturalHeight: h }) => w > 0 && w === h)($('#dicom-in-sample-picture')[0])`;
    await editor.page.waitForFunction(size);
    assert.equal(await part('picture').getAttribute('alt'), 'Picture of the object');
    const [tree, look] = [await part('tree').boundingBox(), await part('look').boundingBox()];
    assert.ok(tree && look && look.x > tree.x + tree.width - 1 && look.y < tree.y + tree.height, 'beside it');
    await editor.screenshot('sample-picture');
    await choose(REPORT);
    await part('caption')
      .filter({ hasText: /No picture: it is a report/ })
      .waitFor();
    assert.equal(await part('picture').isVisible(), false);
    await part('discard').click();
    await statusHas(/built-in/);
    assert.equal(await part('look').isVisible(), false);
  });

  it('shows patient data where that is chosen, and says what keeping it means', async () => {
    await open('in');
    await choose(SAMPLE);
    await statusHas(/Not kept/);
    assert.equal(await part('remark').isVisible(), false);
    await part('placeholders').uncheck();
    await remarkHas(/who the patient is/);
    assert.match(await shown('PatientID'), /"12345"/);
    assert.equal(await part('keep').innerText(), 'Keep it with patient data');
    await part('placeholders').check();
    await statusHas(/Not kept/);
    assert.equal(await part('remark').isVisible(), false);
    assert.doesNotMatch(await shown('PatientID'), /12345/);
    await part('discard').click();
    await statusHas(/built-in/);
    await editor.done();
    assert.equal(await editor.node('in', 'node.receivedMessageTemplate'), '');
  });

  it('is walked with the keyboard alone', async () => {
    await open('in');
    await statusHas(/built-in/);
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await editor.page.keyboard.press(key);
    };
    const focused = (): Promise<string> =>
      editor.page.evaluate<string>('document.activeElement.firstElementChild.innerText');
    await part('tree').locator('[tabindex="0"]').focus();
    assert.match(await focused(), /^payload: object/);
    await press('ArrowRight', 'ArrowRight');
    await press('End');
    assert.match(await focused(), /^(dicom|topic)/);
    await press('Home', 'ArrowDown', 'ArrowDown', 'Control+c');
    const first = await clipboard();
    assert.match(first, /^payload\.CommonFields\.\w+$/);
    await press('ArrowDown', 'Enter');
    assert.notEqual(await clipboard(), first);
    assert.equal(await part('copied').innerText(), `Copied: ${await clipboard()}`);
    await press('ArrowLeft');
    assert.match(await focused(), /^CommonFields/);
    await press('ArrowLeft', ' ', 'Enter', 'Control+c');
    assert.equal(await clipboard(), 'payload.CommonFields');
  });

  it('copies paths that Node-RED understands, whatever the keys are, and leaves them text', async () => {
    await open('hostile');
    await statusHas(/own sample/);
    for (const [key, path] of [
      ['with space', 'payload["with space"]'],
      ["it's", 'payload["it\'s"]'],
      ['a "quote"', 'payload[\'a "quote"\']'],
      ['msg.topic', 'payload["msg.topic"]'],
      ['__proto__x', 'payload.__proto__x'],
    ] as const) {
      await item(key).click();
      assert.equal(await clipboard(), path);
      const value = await editor.page.evaluate<unknown>(
        `RED.utils.getMessageProperty(${JSON.stringify(HOSTILE)}, ${JSON.stringify(path)})`,
      );
      assert.deepEqual(value, HOSTILE.payload[key], path);
    }
    for (const key of ['"both\'', '']) {
      await item(key).click();
      assert.match(await part('copied').innerText(), /^Nothing was copied/);
    }
    await item('00100010').click();
    await item('Value').click();
    await item('Alphabetic').isHidden();
    await item('1').click();
    assert.equal(await clipboard(), 'payload["00100010"].Value[1]');
    await item('many').click();
    await part('tree').getByText('and 100 more').waitFor();
    assert.equal(await part('tree').locator('img, b').count(), 0);
    assert.match(await part('tree').innerText(), /<b>bold<\/b> \$t\(dicom-in\.tab\.listener\)/);
    assert.equal(await editor.page.evaluate('window.hacked'), undefined);
  });

  it('says in words what is wrong with a file', async () => {
    await open('in');
    await editor.enter('includeTagsNode', true);
    await editor.showTab('sample');
    const whole = readFileSync(SAMPLE);
    const cases: [name: string, bytes: Buffer, words: RegExp, reports: RegExp[]][] = [
      ['letter.pdf', Buffer.from('%PDF-1.7'), /not a DICOM file/, [/422/]],
      ['empty.dcm', Buffer.alloc(0), /not a DICOM file/, [/422/]],
      ['cut.dcm', whole.subarray(0, 900), /damaged or incomplete/, [/422/]],
      ['huge.dcm', Buffer.alloc(64 * 1024 * 1024 + 1), /exceeds 64 MB/, []],
    ];
    for (const [name, bytes, words, reports] of cases) {
      await chooseBytes(name, bytes);
      await remarkHas(words);
      assert.equal(await part('keep').isVisible(), false, name);
      assert.equal(await part('tree').locator('li').count(), 0, name);
      await editor.reported(...reports);
    }
    await part('discard').click();
    await statusHas(/built-in/);
  });

  it('keeps the message of a file when another file is none, and says so', async () => {
    await open('in');
    await editor.showTab('sample');
    await chooseBytes('good.dcm', readFileSync(SAMPLE));
    await statusHas(/good\.dcm/);
    await chooseBytes('letter.pdf', Buffer.from('%PDF-1.7'));
    await remarkHas(/letter\.pdf: .*not a DICOM file/);
    await statusHas(/good\.dcm/);
    await editor.reported(/422/);
    assert.equal(await part('keep').isVisible(), true);
    assert.ok((await part('tree').locator('li').count()) > 0);
    await part('keep').click();
    await editor.done();
    assert.match(await editor.node('in', 'node.receivedMessageTemplate'), /CT Image Storage/);
  });

  it('leaves alone what an import brought: text that is no JSON, and JSON without a payload', async () => {
    await open('text');
    await remarkHas(/not JSON/);
    assert.equal(await part('text').isVisible(), true);
    await editor.done();
    assert.equal(await editor.node('text', 'node.receivedMessageTemplate'), 'MSH|^~\\&|\nPID|1\nOBX|1');

    await open('bare');
    await remarkHas(/used as msg\.payload/);
    await item('PatientID').click();
    assert.equal(await clipboard(), 'payload.PatientID');
    await part('edit').locator('summary').click();
    await part('text').fill('{ "payload": { "Edited": 1 } }');
    await part('text').blur();
    assert.match(await shown('Edited'), /1/);
    assert.equal(await part('remark').isVisible(), false);
    await editor.showTab('importExport');
    assert.match(await editor.page.locator('#dicom-in-export-text').inputValue(), /Edited/);
  });

  it('keeps a sample, which the button then sends into the flow, marked as one', async () => {
    await open('in');
    await choose(SAMPLE);
    await statusHas(/Not kept/);
    await part('keep').click();
    await statusHas(/own sample/);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-sample-remove');
    await editor.done();
    await editor.pressButton('in');
    await editor.notification(/undeployed changes/);
    await editor.deploy();
    await editor.page.evaluate("RED.sidebar.show('debug')");
    await editor.pressButton('in');
    await editor.notification(/sample message of From CT/);
    await debugShows('"placeholder"');
    await debugShows('true');

    await open('in');
    await statusHas(/own sample/);
    assert.match(await part('text').inputValue(), /\n {2}"payload"/);
    await part('remove').click();
    await statusHas(/built-in/);
    await editor.done();
    assert.equal(await editor.node('in', 'node.receivedMessageTemplate'), '');
    await editor.deploy();
    await editor.pressButton('in');
    await editor.notification(/sample message of From CT/);
    await debugShows('"12345"');
  });

  it('is not sent by the button of a node that is not deployed, whose text is no JSON, or that is gone', async () => {
    const added = await editor.addFromPalette('dicom-in');
    await editor.pressButton(added);
    await editor.notification(/undeployed changes/);
    await editor.page.keyboard.press('Delete');

    const flows = await nodeRed.flows();
    const template = { receivedMessageTemplate: 'no JSON' };
    await nodeRed.deploy(flows.map((node) => (node.id === 'in' ? { ...node, ...template } : node)));
    await editor.reload();
    await editor.pressButton('in');
    await editor.notification(/not sent.*not JSON/);
    await nodeRed.deploy([]);
    await editor.pressButton('in');
    await editor.notification(/not sent.*not running/);
    await editor.reported(/422/, /404/);
  });

  const debugShows = (value: string): Promise<void> =>
    editor.page.locator('.red-ui-debug-msg-payload').getByText(value, { exact: true }).last().waitFor();
});

describe('the sample of a user who may only look', { skip: needs('chromium') }, () => {
  it('is shown, and a file or the button says which permission is missing', async () => {
    const flows = [{ id: TAB, type: 'tab', label: 'Flow 1' }, dicomIn('in', await freePort(), [[]])];
    const setup = { flows, settings: { adminAuth: adminAuth({ reader: 'read' }) }, user: 'reader' };
    await withEditor(setup, async (editor) => {
      await editor.openDialog('in');
      await editor.showTab('sample');
      const part = (name: string): Locator => editor.page.locator(`#dicom-in-sample-${name}`);
      await part('status').filter({ hasText: 'built-in' }).waitFor();
      await part('file').setInputFiles(SAMPLE);
      await part('remark').filter({ hasText: 'dicom-in.write' }).waitFor();
      await editor.cancel();
      await editor.pressButton('in');
      await editor.notification(/not sent.*dicom-in\.write/);
    });
  });
});
