import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { encodeFileMeta } from '../../../src/dicom';
import { BlockBuffer } from '../../../src/queue/block-buffer';
import type { DiskWarning } from '../../../src/basics';
import type { ObjectContent } from '../../../src/queue';
import { FileOutput, NotPlaced, type FileOutputSettings } from '../../../src/message/output/file-output';
import { numbered } from '../../../src/basics';
import { realOutputFiles, type OutputFiles } from '../../../src/message/output/output-files';

const root = fs.mkdtempSync(join(tmpdir(), 'dicom-output-'));
after(() => fs.rmSync(root, { recursive: true, force: true }));
let folders = 0;

const newFolder = (): string => join(root, String((folders += 1)));

function output(
  settings: Partial<FileOutputSettings> = {},
  files: Partial<OutputFiles> = {},
): { output: FileOutput; directory: string; warnings: DiskWarning[] } {
  const directory = settings.directory ?? newFolder();
  const warnings: DiskWarning[] = [];
  return {
    directory,
    warnings,
    output: new FileOutput(
      { directory, filenameTemplate: 'x.dcm', collision: 'keep-both', queue: 'disk-synced', ...settings },
      { owner: 'test', files: { ...realOutputFiles, ...files }, onWarning: (each) => warnings.push(each) },
    ),
  };
}

function inMemory(bytes: Buffer | string): ObjectContent {
  const buffer = new BlockBuffer();
  buffer.append(Buffer.from(bytes));
  return { kind: 'memory', bytes: buffer };
}

function inFile(bytes: Buffer | string): ObjectContent & { kind: 'file' } {
  const path = newFolder();
  fs.writeFileSync(path, bytes, { mode: 0o600 });
  return { kind: 'file', path, fd: fs.openSync(path, 'r'), size: fs.statSync(path).size };
}

/** An object with this data set, as it came from this sender. */
function received(dataSet: string, sendingAET: string, transferSyntaxUID = '1.2.840.10008.1.2'): Buffer {
  const head = encodeFileMeta({
    sopClassUID: '1.2',
    sopInstanceUID: '1.2.3',
    transferSyntaxUID,
    implementationClassUID: '1.2.3.4',
    implementationVersionName: 'TEST',
    sendingAET,
    privateInformation: { creatorUID: '1.2.3.4', bytes: Buffer.from(`at ${sendingAET.length} o'clock`) },
  });
  return Buffer.concat([head, Buffer.from(dataSet)]);
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
}

/** Syncing of directories, or of files, fails. */
function failingSync(code: string, ofDirectories: boolean): Pick<OutputFiles, 'fsyncSync'> {
  return {
    fsyncSync: (fd) => {
      if (fs.fstatSync(fd).isDirectory() === ofDirectories) failing(code)();
      fs.fsyncSync(fd);
    },
  };
}

describe('a file that is put in place', () => {
  for (const [where, content] of [
    ['a file of the queue', inFile],
    ['memory', inMemory],
  ] as const)
    for (const queue of ['disk-synced', 'disk', 'memory'] as const)
      it(`shares no bytes with what it is made from (${where}, ${queue})`, () => {
        const object = content('object');
        const { output: files, directory } = output({ queue });
        const path = files.place(object, {}, false, 'id');
        assert.equal(fs.statSync(path).nlink, 1);
        fs.appendFileSync(path, ' changed');
        if (object.path !== undefined) assert.equal(fs.readFileSync(object.path, 'utf8'), 'object');
        assert.deepEqual(fs.readdirSync(directory), ['x.dcm'], 'and nothing else is left');
        assert.equal(fs.statSync(path).mode & 0o777, 0o666 & ~process.umask());
      });

  it('is on the disk with its name, and so is each folder above it, before it is said to be in place', () => {
    const steps: string[] = [];
    const nameOf = (fd: number): string => fs.readlinkSync(`/proc/self/fd/${fd}`);
    const { output: files, directory } = output(
      { directory: join(newFolder(), 'new', 'output'), filenameTemplate: 'study/series/x.dcm' },
      {
        fsyncSync: (fd) => {
          steps.push(nameOf(fd));
          fs.fsyncSync(fd);
        },
        linkSync: (from, to) => {
          steps.push(`link ${String(to)}`);
          fs.linkSync(from, to);
        },
      },
    );
    const path = files.place(inMemory('a'), {}, false);
    const series = dirname(path);
    const levels = [dirname(series), directory, dirname(directory), dirname(dirname(directory)), root];
    for (const level of levels) assert.ok(steps.includes(level), `${level} is synced`);
    const linked = steps.indexOf(`link ${path}`);
    assert.match(
      basename(steps[linked - 1] ?? ''),
      /^\.dicom-in-/,
      'the file is synced before it has its name',
    );
    assert.equal(steps.at(-1), series, 'its name is synced then');
    steps.length = 0;
    files.place(inMemory('b'), {}, false);
    assert.equal(steps.filter((step) => step !== series && fs.existsSync(step)).length, 0, 'once is enough');
  });

  it('is not placed again when what failed came after that', () => {
    for (const code of ['EIO', 'ENOSPC']) {
      let isBroken = true;
      const { output: files, directory } = output(
        {},
        {
          fsyncSync: (fd) => {
            if (isBroken && fs.existsSync(join(directory, 'x.dcm'))) failing(code)();
            fs.fsyncSync(fd);
          },
        },
      );
      const object = inMemory('object');
      for (let tries = 0; tries < 3; tries += 1)
        assert.throws(() => files.place(object, {}, false, 'one'), NotPlaced);
      isBroken = false;
      files.place(object, {}, false, 'one');
      assert.deepEqual(fs.readdirSync(directory), ['x.dcm']);
      files.place(object, {}, false, 'two');
      assert.deepEqual(fs.readdirSync(directory).sort(), ['x.dcm', 'x_2.dcm']);
    }
  });

  for (const operation of ['openSync', 'writeSync', 'fsyncSync', 'linkSync', 'copyFileSync'] as const)
    for (const code of ['EIO', 'ENOSPC', 'EROFS'])
      it(`leaves nothing where it cannot be: ${operation}, ${code}`, () => {
        const directory = newFolder();
        fs.mkdirSync(directory);
        const { output: files } = output({ directory, queue: 'disk' }, { [operation]: failing(code) });
        const contents = [inFile('a'), inMemory('a')];
        for (const content of contents) {
          try {
            files.place(content, {}, false);
          } catch (error) {
            assert.ok(error instanceof NotPlaced);
            assert.deepEqual(fs.readdirSync(directory), []);
          }
          fs.rmSync(join(directory, 'x.dcm'), { force: true });
        }
      });
});

describe('an output directory whose file system lacks something', () => {
  for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM'])
    it(`directories cannot be synced (${code}): one warning, and files are placed`, () => {
      const { output: files, warnings } = output({ filenameTemplate: '{A}/x.dcm' }, failingSync(code, true));
      files.check();
      for (const A of ['1', '2', '3']) files.place(inMemory(A), { A }, false);
      assert.deepEqual(
        warnings.map(({ kind }) => kind),
        ['directoryNotSynced'],
      );
    });

  it('files cannot be synced: that is said at the start, where they are to be', () => {
    for (const code of ['EINVAL', 'ENOTSUP']) {
      const { output: files, directory } = output({}, failingSync(code, false));
      assert.throws(() => files.check(), { code: 'NOT_SYNCABLE' });
      assert.deepEqual(fs.readdirSync(directory), []);
      output({ queue: 'disk' }, failingSync(code, false)).output.check();
    }
  });

  it('is no verdict at the start where it cannot be reached', () => {
    for (const operation of ['mkdirSync', 'openSync'] as const)
      for (const code of ['EACCES', 'ENOENT', 'ENOSPC', 'EIO'])
        output({}, { [operation]: failing(code) }).output.check();
  });

  it('permissions cannot be set: one warning, and files are placed', () => {
    // Only a clone has permissions that are not its own.
    const cloning = { copyFileSync: (from: fs.PathLike, to: fs.PathLike) => fs.copyFileSync(from, to) };
    const { output: files, warnings, directory } = output({}, { ...cloning, chmodSync: failing('EPERM') });
    for (const text of ['a', 'b'])
      assert.equal(fs.readFileSync(files.place(inFile(text), {}, false), 'utf8'), text);
    assert.deepEqual(warnings, [{ kind: 'modeNotSet', values: { directory } }]);
  });

  it('files cannot share bytes there: they are copied', () => {
    const text = 'x'.repeat(3_000_000);
    const { output: files } = output({}, { copyFileSync: failing('ENOTSUP') });
    assert.equal(fs.readFileSync(files.place(inFile(text), {}, false), 'utf8'), text);
  });

  for (const code of ['EPERM', 'ENOTSUP', 'EMLINK'])
    it(`there are no links (${code}): no file is replaced`, () => {
      const { output: files, directory } = output({}, { linkSync: failing(code) });
      const paths = ['a', 'b', 'c'].map((text) => files.place(inMemory(text), {}, false));
      assert.deepEqual(fs.readdirSync(directory).sort(), ['x.dcm', 'x_2.dcm', 'x_3.dcm']);
      assert.equal(paths.map((path) => fs.readFileSync(path, 'utf8')).join(''), 'abc');
    });
});

describe('objects that have the same name', () => {
  it('keep-both: behind 10 000 there is room, and few names are looked at', () => {
    let looks = 0;
    const lstatSync = (path: string): fs.Stats | undefined => {
      looks += 1;
      return fs.lstatSync(path, { throwIfNoEntry: false });
    };
    const { output: files, directory } = output({}, { lstatSync: lstatSync as OutputFiles['lstatSync'] });
    const first = files.place(inMemory('first'), {}, false);
    for (let number = 2; number <= 10_000; number += 1) fs.linkSync(first, numbered(first, number));
    looks = 0;
    const paths = Array.from({ length: 50 }, () => files.place(inMemory('a'), {}, false));
    assert.equal(new Set(paths).size, 50);
    assert.equal(fs.readdirSync(directory).length, 10_050);
    assert.ok(looks <= 50 * 25, `${looks} for 50 objects`);
  });

  it('keep-both: one that is delivered again is found among many', () => {
    const { output: files, directory } = output();
    for (let number = 0; number < 100; number += 1)
      files.place(inMemory(`${number}`), {}, false, `id ${number}`);
    for (const number of [0, 1, 5, 30, 99]) files.place(inMemory(`${number}`), {}, true, `id ${number}`);
    assert.equal(fs.readdirSync(directory).length, 100);
  });

  it('skip-identical: one that is sent again is recognised, whoever sends it, also among many', () => {
    const { output: files, directory } = output({ collision: 'skip-identical' });
    const paths: string[] = [];
    for (let number = 0; number < 50; number += 1)
      paths.push(files.place(inMemory(received(`data set ${number}`, 'CT')), {}, false));
    assert.equal(new Set(paths).size, 50);
    for (let number = 0; number < 50; number += 1) {
      const again = inFile(received(`data set ${number}`, 'PACS_AT_NIGHT'));
      assert.equal(files.place(again, {}, false), paths[number]);
    }
    assert.equal(fs.readdirSync(directory).length, 50);
  });

  it('skip-identical: what only looks alike is another object', () => {
    const { output: files } = output({ collision: 'skip-identical' });
    const first = files.place(inMemory(received('data set', 'CT')), {}, false);
    const others = [
      received('data sex', 'CT'),
      received('data set', 'CT', '1.2.840.10008.1.2.1'),
      received('data set and more', 'CT'),
      Buffer.from('data set'),
    ];
    const paths = others.map((bytes) => files.place(inMemory(bytes), {}, false));
    assert.equal(new Set([first, ...paths]).size, 5);
  });

  it('skip-identical: large objects are compared in small pieces', () => {
    const { output: files } = output({ collision: 'skip-identical' });
    const text = 'x'.repeat(20_000_000);
    const first = files.place(inFile(received(text, 'CT')), {}, false);
    assert.equal(files.place(inFile(received(text, 'OTHER')), {}, false), first);
    assert.notEqual(files.place(inFile(received(`${text.slice(1)}y`, 'OTHER')), {}, false), first);
  });

  it('a folder, a pipe or a dead link of that name is left alone', () => {
    const { output: files, directory } = output({ collision: 'skip-identical' });
    fs.mkdirSync(join(directory, 'x.dcm'), { recursive: true });
    fs.symlinkSync('nowhere', join(directory, 'x_2.dcm'));
    assert.equal(files.place(inMemory('a'), {}, false), join(directory, 'x_3.dcm'));
  });

  it('what a crash left of it is removed when it comes again, and what others are writing is not', () => {
    const { directory } = output();
    const interrupted = output({ directory }, { linkSync: failing('EIO'), unlinkSync: () => undefined });
    assert.throws(() => interrupted.output.place(inMemory('a'), {}, false, 'id'), NotPlaced);
    const [mine = ''] = fs.readdirSync(directory);
    assert.match(mine, /^\.dicom-in-.*\.part$/);
    fs.writeFileSync(join(directory, '.x.dcm.part'), 'of another program');
    fs.writeFileSync(join(directory, '.dicom-in-0123456789abcdef.part'), 'of another receiver');
    output({ directory }).output.place(inMemory('a'), {}, true, 'id');
    assert.deepEqual(fs.readdirSync(directory).sort(), [
      '.dicom-in-0123456789abcdef.part',
      '.x.dcm.part',
      'x.dcm',
    ]);
  });

  for (const collision of ['keep-both', 'skip-identical'] as const)
    it(`${collision}: two outputs in each of two processes place 600 objects at once, and each is there with its own bytes`, async () => {
      const directory = newFolder();
      const runs = ['one', 'two'].map(async (name) => {
        const child = fork(join(__dirname, 'place-objects.js'), [directory, collision, name]);
        const code = await new Promise((resolve) => child.once('exit', resolve));
        assert.equal(code, 0);
      });
      await Promise.all(runs);
      const found = fs.readdirSync(directory, { recursive: true, withFileTypes: true });
      const files = found.filter((each) => each.isFile());
      assert.ok(files.every(({ name }) => !name.endsWith('.part')));
      const texts = files.map(({ name, parentPath }) => fs.readFileSync(join(parentPath, name), 'utf8'));
      assert.equal(texts.length, 600);
      assert.equal(new Set(texts).size, 600);
      for (const [index, { name }] of files.entries())
        assert.ok(texts[index]?.startsWith(`object ${name.split(/[._]/)[0]} `), name);
    });
});
