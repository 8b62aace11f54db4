import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import type { ObjectContent } from '../../../src/queue';
import { numbered } from '../../../src/basics';
import { fileNameText, relativePath } from '../../../src/message/output/file-name';
import { BlockBuffer } from '../../../src/queue/block-buffer';
import { FileOutput, NotPlaced, type FileOutputSettings } from '../../../src/message/output/file-output';

const root = mkdtempSync(join(tmpdir(), 'dicom-file-output-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function output(
  collision: FileOutputSettings['collision'] = 'keep-both',
  filenameTemplate = '{SOPInstanceUID}.dcm',
) {
  const directory = join(root, String((folders += 1)), 'objects');
  return {
    directory,
    files: new FileOutput({ directory, filenameTemplate, collision, queue: 'disk-synced' }),
  };
}

/** An object in a file of its own, as the queue has it. */
function withObject<T>(text: string, use: (content: ObjectContent) => T): T {
  const path = join(root, `queued-${(folders += 1)}`);
  writeFileSync(path, text, { mode: 0o600 });
  const fd = openSync(path, 'r');
  try {
    return use({ kind: 'file', fd, size: text.length, path });
  } finally {
    closeSync(fd);
    rmSync(path);
  }
}

const place = (files: FileOutput, text: string, mayBeThere = false): string =>
  withObject(text, (content) => files.place(content, { SOPInstanceUID: '1.2.3' }, mayBeThere));

describe('file names from templates', () => {
  const hostile = [
    '../../etc/passwd',
    '..',
    '.',
    '/etc/passwd',
    'C:\\x',
    'a\0b',
    'a\nb',
    '',
    '   ',
    'CON',
    'nul.dcm',
    '~',
    '-rf',
    '$(x)',
    'ä'.repeat(300),
  ];
  for (const value of hostile) {
    it(`stays below the directory with ${JSON.stringify(value.slice(0, 20))}`, () => {
      const path = relativePath('{PatientID}/{PatientID}/x-{PatientID}.dcm', { PatientID: value });
      const components = path.split('/');
      assert.equal(components.length, 3);
      for (const component of components) {
        assert.ok(component !== '' && component !== '.' && component !== '..');
        assert.ok(Buffer.byteLength(component) <= 255);
        // eslint-disable-next-line no-control-regex -- they are what must not be there
        assert.doesNotMatch(component, /[\u0000-\u001f\\/:*?"<>|]/);
        assert.doesNotMatch(component, /^(con|nul|prn|aux)(\.|$)/i);
      }
      assert.ok(resolve('/data', path).startsWith('/data/'));
    });
  }

  it('keeps long names apart', () => {
    const [one, two] = ['1', '2'].map((end) => relativePath('{A}.dcm', { A: 'x'.repeat(400) + end }));
    assert.notEqual(one, two);
    assert.ok(one?.endsWith('.dcm'));
  });

  it('says unknown where the object has no value', () => {
    assert.equal(relativePath('{PatientID}/{Modality}.dcm', { Modality: 'CT' }), 'unknown/CT.dcm');
  });

  it('keeps values of dots apart from others', () => {
    for (const [id, name] of [
      ['..', '__.dcm'],
      [' . ', '_.dcm'],
      ['.1', '_1.dcm'],
    ] as const)
      assert.equal(relativePath('{PatientID}.dcm', { PatientID: id }), name);
  });

  it('takes the first representation of a person name that there is', () => {
    assert.equal(fileNameText({ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' }), 'Yamada^Tarou');
    assert.equal(fileNameText({ Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }), '山田^太郎');
    assert.equal(fileNameText({ Alphabetic: ' ', Phonetic: 'やまだ^たろう' }), 'やまだ^たろう');
    assert.equal(fileNameText({ Alphabetic: '^^^^', Ideographic: '^山田' }), '^山田');
    assert.equal(fileNameText({ Alphabetic: '^ ^' }), '');
    assert.equal(fileNameText({}), '');
    assert.equal(relativePath('{PatientName}/x', { PatientName: '山田^太郎' }), '山田^太郎/x');
  });

  it('numbers a name before its extension', () => {
    assert.equal(numbered('/a.b/scan.dcm', 2), '/a.b/scan_2.dcm');
    assert.equal(numbered('/a.b/scan', 3), '/a.b/scan_3');
  });
});

describe('FileOutput', () => {
  it('puts an object in place whole, readable by others as the umask allows', () => {
    const { files, directory } = output();
    const path = place(files, 'object');
    assert.equal(path, join(directory, '1.2.3.dcm'));
    assert.equal(readFileSync(path, 'utf8'), 'object');
    assert.equal(statSync(path).mode & 0o777, 0o666 & ~process.umask());
    assert.deepEqual(readdirSync(directory), ['1.2.3.dcm']);
  });

  it('puts an object from memory in place', () => {
    const { files } = output();
    const bytes = new BlockBuffer();
    bytes.append(Buffer.from('object'));
    const path = files.place({ kind: 'memory', bytes }, { SOPInstanceUID: '1.2.3' }, false);
    assert.equal(readFileSync(path, 'utf8'), 'object');
  });

  it('keep-both: another name for each', () => {
    const { files, directory } = output('keep-both');
    ['a', 'a', 'b'].forEach((text) => place(files, text));
    assert.deepEqual(readdirSync(directory).sort(), ['1.2.3.dcm', '1.2.3_2.dcm', '1.2.3_3.dcm']);
  });

  it('overwrite: the newest, and never half of it', () => {
    const { files, directory } = output('overwrite');
    ['a', 'b', 'b'].forEach((text) => place(files, text));
    assert.deepEqual(readdirSync(directory), ['1.2.3.dcm']);
    assert.equal(readFileSync(join(directory, '1.2.3.dcm'), 'utf8'), 'b');
  });

  it('skip-identical: one file for the same object, another name for a different one', () => {
    const { files, directory } = output('skip-identical');
    const paths = ['a', 'a', 'b', 'b', 'a'].map((text) => place(files, text));
    assert.deepEqual(readdirSync(directory).sort(), ['1.2.3.dcm', '1.2.3_2.dcm']);
    assert.equal(paths[4], paths[0]);
  });

  it('does not place an object twice that is delivered again', () => {
    const { files, directory } = output('keep-both');
    assert.equal(place(files, 'a'), place(files, 'a', true));
    assert.deepEqual(readdirSync(directory), ['1.2.3.dcm']);
  });

  it('says why it cannot, and leaves nothing', () => {
    const { files, directory } = output();
    writeFileSync(join(root, String(folders)), 'a file where a folder should be');
    assert.throws(() => place(files, 'a'), NotPlaced);
    assert.equal(existsSync(directory), false);
  });
});
