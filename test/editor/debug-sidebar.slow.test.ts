import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { dataSetOf } from '../support/objects/part10';
import { SAMPLE, SAMPLE_UID, StoreClient } from '../support/peers/store-client';
import type { EditorPage } from './editor-page';
import { editorForSuite, type EditorSetup } from './with-editor';

const MAX_TOTAL = 100_000;

/** A message as the editor gets it. */
interface Shown {
  id: string;
  path: string;
  topic: string;
  property: string;
  format: string;
  msg: string;
}

/** An element in Explicit VR Little Endian with a long text. */
function unlimitedText(element: number, text: string): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(0x7fe1, 0);
  head.writeUInt16LE(element, 2);
  head.write('UT', 4, 'latin1');
  head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
}

describe('AddIncomingMessageToCurrentTab', { skip: needs('chromium') }, () => {
  let editor: EditorPage;
  let port: number;
  let client: StoreClient;

  before(async () => {
    port = await freePort();
  });
  const settings = { name: 'From CT', addIncomingMessageToCurrentTab: true, queue: 'memory' };
  const setup = (): EditorSetup => ({
    flows: [{ id: TAB, type: 'tab', label: 'Flow 1' }, dicomIn('in', port, [[]], settings)],
    started: (nodeRed) => nodeRed.waitForLine(/listening on 127\.0\.0\.1 port/),
  });
  editorForSuite(setup, async (opened) => {
    editor = opened;
    await editor.page.evaluate(
      "globalThis.shown = []; RED.comms.subscribe('debug', (_, message) => void shown.push({ ...message }))",
    );
    await editor.page.evaluate("RED.sidebar.show('debug')");
    client = await StoreClient.open(port);
  });
  after(() => client?.release());

  /** Sends an object and gives what the editor got of it. */
  const send = async (...more: Buffer[]): Promise<Shown> => {
    const shown = () => editor.page.evaluate<Shown[]>('globalThis.shown');
    const before = (await shown()).length;
    const dataSet = Buffer.concat([dataSetOf(readFileSync(SAMPLE)), ...more]);
    assert.equal(await client.store(SAMPLE_UID, dataSet), 0);
    await editor.page.waitForFunction(`globalThis.shown.length > ${before}`);
    const [last, ...others] = (await shown()).slice(before);
    assert(last !== undefined && others.length === 0);
    return last;
  };

  it('shows each message in the debug sidebar, with the node it comes from', async () => {
    const { id, path, topic, property, msg } = await send();
    assert.deepEqual([id, path, property], ['in', TAB, 'payload']);
    assert.match(topic, /^2\.25\.\d+$/);
    const payload = JSON.parse(msg) as { CommonFields: Record<string, unknown> };
    assert.equal(payload.CommonFields['SOPInstanceUID'], SAMPLE_UID);
    const row = editor.page.locator('.red-ui-debug-msg').last();
    await row.waitFor();
    assert.match(await row.innerText(), /From CT/);
    await send();
    assert.equal(await editor.page.locator('.red-ui-debug-msg').count(), 2);
  });

  it('cuts long texts', async () => {
    const { msg } = await send(unlimitedText(0x1001, 'x'.repeat(5_000)));
    assert.equal(/x{9,}/.exec(msg)?.[0].length, 1_000);
  });

  it('shows only the beginning of a large message, and how large it is', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => unlimitedText(0x1001 + index, 'y'.repeat(900)));
    const { msg, format } = await send(...texts);
    assert.match(format, /^string\[1\d{5}\]$/);
    assert.equal(msg.length, MAX_TOTAL + '...'.length);
    assert(msg.startsWith('{"CommonFields":{'));
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });
});
