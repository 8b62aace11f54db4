import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileOf } from '../../src/edit/new-place';
import { openBytes, ObjectChanged, type OutgoingObject } from '../../src/object';
import { SAMPLE } from '../support/peers/store-client';

const folder = mkdtempSync(join(tmpdir(), 'dicom-new-place-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = {
  directory: folder,
  filenameTemplate: '{SOPInstanceUID}.dcm',
  collision: 'skip-identical',
} as const;

/** The sample, to which somebody has written while it was read. */
async function changedMeanwhile(): Promise<OutgoingObject> {
  const object = await openBytes(readFileSync(SAMPLE));
  return {
    ...object,
    wholeFile: async () => ({
      ...(await object.wholeFile()),
      compare: () => Promise.reject(new ObjectChanged('it was changed')),
    }),
  };
}

it('a new file of an object that was changed meanwhile is removed; one that was there before stays', async () => {
  await assert.rejects(async () => fileOf(await changedMeanwhile(), file), ObjectChanged);
  assert.deepEqual(readdirSync(folder), []);
  await fileOf(await openBytes(readFileSync(SAMPLE)), file);
  await assert.rejects(async () => fileOf(await changedMeanwhile(), file), ObjectChanged);
  assert.equal(readdirSync(folder).length, 1);
});
