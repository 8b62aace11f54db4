import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, describe, it, mock } from 'node:test';
import * as dicom from '../../src/dicom';
import { bufferSource, DEIDENTIFY_OPTIONS, readFileMeta, recode } from '../../src/dicom';
import { EditHost, hasFailed, type DeidentifyHow, type Given } from '../../src/edit';
import { deidentify } from '../../src/edit/deidentify';
import { DICOM_DEIDENTIFY, DICOM_IN } from '../../src/settings';
import { SAMPLE } from '../support/peers/store-client';
import { fileOf, image, text } from '../dicom/deidentify/support';

const folder = mkdtempSync(join(tmpdir(), 'dicom-deidentify-'));
const failed: unknown[] = [];
const host = new EditHost(
  (news) => failed.push(news),
  (error) => failed.push(error),
);
const user = {};
host.addUser(user);
after(async () => {
  await host.removeUser(user);
  rmSync(folder, { recursive: true, force: true });
});

const { settings: payload } = DICOM_IN.parse({ includeTagsNode: false });
const HOW: DeidentifyHow = {
  options: [],
  secret: 'a secret of tests that is long enough',
  allowedWords: [],
  alsoPass: [],
  pseudonym: undefined,
  payload,
  output: { directory: join(folder, 'new'), filenameTemplate: '{PatientID}/{SOPInstanceUID}.dcm' },
  keptBackDirectory: join(folder, 'back'),
};

const ofFile = (path: string): Given => ({ place: { kind: 'file', path } });
const ask = (given: Given, how: Partial<DeidentifyHow> = {}) =>
  host.ask('deidentify', given, undefined, { ...HOW, ...how });

async function newFile(given: Given, how: Partial<DeidentifyHow> = {}): Promise<string> {
  const made = await ask(given, how);
  assert.ok('filename' in made, JSON.stringify(made));
  return made.filename;
}

describe('de-identification in the worker', () => {
  it('puts each object into a file of its own, and replaces none', async () => {
    const paths = await Promise.all([1, 2, 3].map(() => newFile(ofFile(SAMPLE))));
    assert.equal(new Set(paths).size, 3);
    const [first = ''] = paths;
    assert.ok(paths.every((path) => readFileSync(path).equals(readFileSync(first))));
    const { sopInstanceUID } = readFileMeta(bufferSource(readFileSync(first)));
    assert.ok(readdirSync(dirname(first)).includes(`${sopInstanceUID}.dcm`));
    // No temporary file is left.
    assert.equal(readdirSync(dirname(first)).length, 3);
  });

  it('reads the new object once for its message and its file name', async () => {
    const parse = mock.method(dicom, 'parseDataSet');
    try {
      await deidentify(ofFile(SAMPLE), undefined, HOW);
      assert.equal(parse.mock.callCount(), 1);
    } finally {
      parse.mock.restore();
    }
  });

  it('takes what is big endian or deflated, and makes it explicit VR little endian', async () => {
    const original = readFileSync(SAMPLE);
    const { transferSyntaxUID: from, dataSetOffset: offset } = readFileMeta(bufferSource(original));
    for (const to of ['1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99']) {
      const blocks: Buffer[] = [];
      for await (const block of recode(bufferSource(original), { from, to, offset }).blocks())
        blocks.push(block);
      const path = join(folder, `${to}.dcm`);
      writeFileSync(path, fileOf(Buffer.concat(blocks), to));
      const bytes = readFileSync(await newFile(ofFile(path)));
      assert.equal(readFileMeta(bufferSource(bytes)).transferSyntaxUID, '1.2.840.10008.1.2.1', to);
      assert.ok(bytes.equals(readFileSync(await newFile(ofFile(SAMPLE)))), to);
    }
  });

  it('gives the message of the new object', async () => {
    const made = await ask(ofFile(SAMPLE));
    assert.ok('json' in made && 'filename' in made);
    const {
      payload: said,
      topic,
      dicom,
    } = JSON.parse(made.json) as {
      payload: { CommonFields: Record<string, unknown> };
      topic: string;
      dicom: Record<string, unknown>;
    };
    assert.equal(topic, said.CommonFields['StudyInstanceUID']);
    assert.equal(dicom['sopInstanceUID'], said.CommonFields['SOPInstanceUID']);
    const { dataSetOffset } = readFileMeta(bufferSource(readFileSync(made.filename)));
    assert.equal(dicom['size'], statSync(made.filename).size - dataSetOffset);
  });

  it('keeps back into a directory that only the owner can read, each object under a name of its own', async () => {
    const path = join(folder, 'no-patient.dcm');
    writeFileSync(path, fileOf(image(text(0x00100020, 'LO', ''))));
    const results = await Promise.all([1, 2].map(() => ask(ofFile(path))));
    const kept = results.map((made) => ('keptBack' in made ? (made.keptBack.filename ?? '') : ''));
    assert.equal(new Set(kept).size, 2);
    assert.ok(kept.every((each) => readFileSync(each).equals(readFileSync(path))));
    assert.equal(statSync(join(folder, 'back')).mode & 0o077, 0);
    const none = await ask(ofFile(path), { keptBackDirectory: undefined });
    assert.ok('keptBack' in none && none.keptBack.filename === undefined);
  });

  it('fails where the object is not what it should be, or the directory cannot be written to', async () => {
    const other = await ask({ ...ofFile(SAMPLE), sopInstanceUID: '1.2.3' });
    assert.ok(hasFailed(other) && other.failure.code === 'not-the-object', JSON.stringify(other));
    const directory = join(folder, 'a-file');
    writeFileSync(directory, '');
    const notWritten = await ask(ofFile(SAMPLE), { output: { directory, filenameTemplate: 'x.dcm' } });
    assert.ok(hasFailed(notWritten), JSON.stringify(notWritten));
    const { place } = ofFile(join(folder, 'none.dcm'));
    const none = await ask({ place });
    assert.ok(hasFailed(none) && none.failure.code === 'ENOENT');
    assert.equal(basename(directory), 'a-file');
  });

  it('has the options that the dialog offers', () => {
    assert.deepEqual(DICOM_DEIDENTIFY.fields.options, {
      ...DICOM_DEIDENTIFY.fields.options,
      choices: [...DEIDENTIFY_OPTIONS],
    });
    assert.deepEqual(failed, []);
  });
});
