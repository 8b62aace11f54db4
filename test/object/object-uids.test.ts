import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bufferSource, type ChangeOperation, encodeFileMeta, readFileMeta } from '../../src/dicom';
import { expected, openBytes, type OutgoingObject, withChanges } from '../../src/object';
import { DEFLATED, IMPLICIT } from '../dicom/support/convert-elements';
import { recodedFile } from '../dicom/write/support';
import { SAMPLE, SAMPLE_UID } from '../support/peers/store-client';

const FILE = readFileSync(SAMPLE);
const META = readFileMeta(bufferSource(FILE));
const OTHER = { sopClassUID: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUID: '1.2.3' };

/** The sample, with other UIDs in its file meta information. */
function fileWith(uids: Partial<typeof OTHER>, file: Buffer = FILE): Buffer {
  const { dataSetOffset: offset, ...meta } = readFileMeta(bufferSource(file));
  return Buffer.concat([encodeFileMeta({ ...meta, ...uids }), file.subarray(offset)]);
}

function told({ sopClassUID, sopInstanceUID, warnings = [] }: OutgoingObject): string[] {
  return [sopClassUID, sopInstanceUID, ...warnings.map(({ code }) => code)];
}

const AS_IN_DATA_SET = [META.sopClassUID, SAMPLE_UID];

describe('an object whose file meta information names another', () => {
  for (const uids of [
    OTHER,
    { sopInstanceUID: OTHER.sopInstanceUID },
    { sopClassUID: OTHER.sopClassUID },
    { sopClassUID: '', sopInstanceUID: '' },
  ])
    it(`is what its data set says: ${JSON.stringify(uids)}`, async () => {
      assert.deepEqual(told(await openBytes(fileWith(uids))), [...AS_IN_DATA_SET, 'not-as-announced']);
    });

  it('is so in each encoding, also where only the beginning of what was deflated is read', async () => {
    // It stays longer than what is read of it.
    const noise = randomBytes(200_000);
    const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32LE(noise.length, 8);
    const withNoise = Buffer.concat([FILE, header, noise]);
    for (const syntax of [IMPLICIT, DEFLATED]) {
      const file = fileWith(OTHER, await recodedFile(withNoise, syntax));
      assert.ok(file.length > 200_000);
      assert.deepEqual(told(await openBytes(file)), [...AS_IN_DATA_SET, 'not-as-announced'], syntax);
    }
  });

  it('is found by both names', async () => {
    for (const sopInstanceUID of [SAMPLE_UID, OTHER.sopInstanceUID])
      assert.equal(
        (await expected({ sopInstanceUID }, await openBytes(fileWith(OTHER)))).sopInstanceUID,
        SAMPLE_UID,
      );
    await assert.rejects(async () => expected({ sopInstanceUID: '1.2.4' }, await openBytes(fileWith(OTHER))));
  });

  it('has the meta information of its data set once it is changed, whichever name the changes are for', async () => {
    const operations: ChangeOperation[] = [{ op: 'set', path: 'PatientID', value: 'NEW' }];
    for (const sopInstanceUID of [SAMPLE_UID, OTHER.sopInstanceUID]) {
      const object = await openBytes(fileWith(OTHER));
      const of = { sopInstanceUID, size: object.size };
      const changed = await withChanges(object, { version: 1, of, operations });
      assert.deepEqual(told(changed), AS_IN_DATA_SET);
      const after = readFileMeta((await changed.wholeFile()).source);
      assert.deepEqual([after.sopClassUID, after.sopInstanceUID], AS_IN_DATA_SET);
    }
  });
});

describe('an object is what its file meta information says', () => {
  it('where that is what the data set says, and then there is nothing to warn of', async () => {
    assert.deepEqual(told(await openBytes(FILE)), AS_IN_DATA_SET);
  });

  it('where the data set has a UID under which nothing can be sent', async () => {
    const file = Buffer.from(fileWith(OTHER));
    // As long as before.
    file.write(SAMPLE_UID.replaceAll('.', '/'), file.indexOf(SAMPLE_UID), 'latin1');
    const [, uid] = told(await openBytes(file));
    assert.equal(uid, OTHER.sopInstanceUID);
  });

  it('where the data set has none', async () => {
    const dataSet = Buffer.from('10001000504e0800446f655e4a616e65', 'hex');
    const file = Buffer.concat([encodeFileMeta({ ...META, ...OTHER }), dataSet]);
    assert.deepEqual(told(await openBytes(file)), [OTHER.sopClassUID, OTHER.sopInstanceUID]);
  });
});
