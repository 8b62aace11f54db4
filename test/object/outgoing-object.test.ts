import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { compared, ObjectChanged, openFile, type OutgoingObject } from '../../src/object';
import { SAMPLE } from '../support/peers/store-client';

const folder = mkdtempSync(join(tmpdir(), 'dicom-outgoing-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function opened(use: (object: OutgoingObject, path: string) => Promise<void>): Promise<void> {
  const path = join(folder, `object-${Math.random()}`);
  // A small file is read at once.
  writeFileSync(path, Buffer.concat([readFileSync(SAMPLE), Buffer.alloc(300_000)]));
  const object = await openFile(path);
  try {
    await use(object, path);
  } finally {
    await object.close();
  }
}

/** What somebody does to a file meanwhile. */
const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  'written to': (path) => appendFileSync(path, 'more'),
  'cut off': (path) => truncateSync(path, 2_000),
  // As long as it was.
  'replaced in place': (path) => utimesSync(path, new Date(0), new Date(0)),
};

describe('a file that is read here and there', () => {
  it('gives the bytes of the file', () =>
    opened(async (object) => {
      const { source, offset } = await object.wholeFile();
      assert.equal(source.size - offset, object.size);
      const blocks: Buffer[] = [];
      for await (const block of object.dataSet()) blocks.push(Buffer.from(block));
      assert.ok(source.read(offset, object.size).equals(Buffer.concat(blocks)));
    }));

  for (const [what, change] of Object.entries(CHANGES)) {
    it(`keeps the last block back when it has been ${what} meanwhile`, () =>
      opened(async (object, path) => {
        const file = await object.wholeFile();
        const blocks = [1, 2, 3].map((byte) => Buffer.of(byte));
        const given: Buffer[] = [];
        await assert.rejects(async () => {
          for await (const block of compared(blocks, file)) {
            given.push(block);
            if (given.length === 1) change(path);
          }
        }, ObjectChanged);
        assert.deepEqual(given, blocks.slice(0, 2));
      }));
  }
});
