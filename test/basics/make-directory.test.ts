import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeDirectory } from '../../src/basics';
import { realFiles } from '../../src/basics/disk-files';

const root = mkdtempSync(join(tmpdir(), 'dicom-make-'));
after(() => rmSync(root, { recursive: true, force: true }));

const code =
  (expected: string) =>
  (error: NodeJS.ErrnoException): boolean =>
    error.code === expected;

describe('makeDirectory', () => {
  it('makes what is missing, with its mode, and says which is the topmost', () => {
    const path = join(root, 'a', 'b', 'c');
    assert.equal(makeDirectory(path, realFiles, 0o700), join(root, 'a'));
    assert.equal(statSync(join(root, 'a', 'b')).mode & 0o777, 0o700);
    assert.equal(makeDirectory(path, realFiles), undefined);
    assert.equal(makeDirectory(join(path, 'd'), realFiles), join(path, 'd'));
  });

  it('takes a link to a directory as one, and fails where something else has the name', () => {
    mkdirSync(join(root, 'there'));
    symlinkSync(join(root, 'there'), join(root, 'link'));
    assert.equal(makeDirectory(join(root, 'link', 'below'), realFiles), join(root, 'link', 'below'));
    assert.ok(existsSync(join(root, 'there', 'below')));
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
    assert.throws(() => makeDirectory(join(root, 'dangling'), realFiles), code('EEXIST'));
    writeFileSync(join(root, 'file'), '');
    assert.throws(() => makeDirectory(join(root, 'file'), realFiles), code('EEXIST'));
    assert.throws(() => makeDirectory(join(root, 'file', 'below'), realFiles), code('ENOTDIR'));
  });

  it('lets another process be quicker', () => {
    const path = join(root, 'race', 'x');
    const twice = ((each: string) => {
      realFiles.mkdirSync(each);
      return realFiles.mkdirSync(each);
    }) as typeof realFiles.mkdirSync;
    makeDirectory(path, { ...realFiles, mkdirSync: twice });
    assert.ok(existsSync(path));
  });

  const places = ['/proc/x/y', '/proc/self/x/y', '/proc/sys/x/y', '/dev/fd/x/y', '/sys/x/y'];
  it('fails where directories cannot be made, and comes back', { skip: process.platform !== 'linux' }, () => {
    for (const place of places) assert.throws(() => makeDirectory(place, realFiles), /E[A-Z]+/, place);
  });
});
