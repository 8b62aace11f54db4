import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { lifeIn, lifeMemory, showLifeIn } from '../../../src/basics';
import { copyObject } from '../../../src/message/output/object-copy';
import { realOutputFiles, type OutputFiles } from '../../../src/message/output/output-files';

const root = mkdtempSync(join(tmpdir(), 'dicom-copy-'));
after(() => rmSync(root, { recursive: true, force: true }));
const memory = lifeMemory();
showLifeIn(memory);

const SIZE = 5_000_000;
let copies = 0;

/** A large object of a queue, copied. */
function copied(files: OutputFiles): { copy: string; bytes: Buffer } {
  const path = join(root, 'large');
  const bytes = Buffer.alloc(SIZE, 7);
  writeFileSync(path, bytes, { mode: 0o600 });
  const fd = openSync(path, 'r');
  const copy = join(root, `copy-${(copies += 1)}`);
  try {
    copyObject({ kind: 'file', fd, size: SIZE, path }, copy, true, files, ({ kind }) => assert.fail(kind));
  } finally {
    closeSync(fd);
  }
  return { copy, bytes };
}

describe('copying an object', () => {
  it('shows life meanwhile, however large it is, and waits for the disk in each call only', () => {
    let waited = false;
    const lengths: number[] = [];
    const { beats } = lifeIn(memory);
    const { copy, bytes } = copied({
      ...realOutputFiles,
      // As the system does where it fails half-way.
      copyFileSync: (from, to) => {
        copyFileSync(from, to);
        unlinkSync(to);
        throw Object.assign(new Error('no clones here'), { code: 'ENOTSUP' });
      },
      readSync: ((fd: number, into: Buffer, at: number, length: number, position: number) => {
        waited ||= lifeIn(memory).waitsForDisk;
        lengths.push(length);
        return realOutputFiles.readSync(fd, into, at, length, position);
      }) as typeof realOutputFiles.readSync,
    });
    assert.deepEqual(readFileSync(copy), bytes);
    assert.ok(Math.max(...lengths) <= 1_048_576, 'no call has more to do than a disk does in a moment');
    assert.ok(lifeIn(memory).beats - beats >= lengths.length);
    assert.equal(waited, false, 'between the calls it does not wait');
  });

  it('is left to a file system that shares bytes; the copy is for other programs', () => {
    let flags = 0;
    const { copy, bytes } = copied({
      ...realOutputFiles,
      copyFileSync: (from, to, how) => {
        flags = how ?? 0;
        copyFileSync(from, to, constants.COPYFILE_EXCL);
      },
      readSync: () => assert.fail('it has been copied'),
    });
    assert.equal(flags, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    assert.deepEqual(readFileSync(copy), bytes);
    assert.equal(statSync(copy).mode & 0o777, 0o666 & ~process.umask());
  });

  it('works on the file system of this machine, whichever that is', () => {
    const { copy, bytes } = copied(realOutputFiles);
    assert.deepEqual(readFileSync(copy), bytes);
  });
});
