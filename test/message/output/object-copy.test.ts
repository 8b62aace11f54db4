import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { lifeIn, lifeMemory, showLifeIn } from '../../../src/basics';
import { copyObject } from '../../../src/message/output/object-copy';
import { realOutputFiles } from '../../../src/message/output/output-files';

const root = mkdtempSync(join(tmpdir(), 'dicom-copy-'));
after(() => rmSync(root, { recursive: true, force: true }));
const memory = lifeMemory();
showLifeIn(memory);

describe('copying an object', () => {
  it('shows life meanwhile, however large it is and however it is copied', () => {
    const path = join(root, 'large');
    writeFileSync(path, Buffer.alloc(5_000_000, 7));
    const fd = openSync(path, 'r');
    let waited = false;
    const files = {
      ...realOutputFiles,
      // As the system does where the mode of the copy cannot be set.
      copyFileSync: (...args: Parameters<typeof realOutputFiles.copyFileSync>) => {
        realOutputFiles.copyFileSync(...args);
        unlinkSync(args[1]);
        throw Object.assign(new Error('no copying here'), { code: 'EPERM' });
      },
      readSync: ((...args: Parameters<typeof realOutputFiles.readSync>) => {
        waited ||= lifeIn(memory).waitsForDisk;
        return realOutputFiles.readSync(...args);
      }) as typeof realOutputFiles.readSync,
    };
    const { beats } = lifeIn(memory);
    copyObject(
      { kind: 'file', fd, size: 5_000_000, path },
      join(root, 'copy'),
      false,
      files,
      () => undefined,
    );
    closeSync(fd);
    assert.deepEqual(readFileSync(join(root, 'copy')), readFileSync(path));
    assert.equal(lifeIn(memory).beats - beats, 5, 'once for each megabyte');
    assert.equal(waited, false, 'between the calls it does not wait');
  });
});
