import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bufferSource, encodeFileMeta } from '../../src/dicom';
import { encodeHead, NewerEnvelope, readHead } from '../../src/object';
import { ENVELOPE, ofVersion } from '../support/objects/envelope';

const read = (bytes: Buffer): ReturnType<typeof readHead> => readHead(bufferSource(bytes));

describe('what stands before an object in its file', () => {
  it('is read as it was written, with its length', () => {
    const head = encodeHead(ENVELOPE);
    assert.deepEqual(read(Buffer.concat([head, Buffer.alloc(10)])), {
      envelope: ENVELOPE,
      length: head.length,
    });
  });

  it('is read where version 0.1 wrote it, without a number', () => {
    assert.deepEqual(read(ofVersion(encodeHead(ENVELOPE), undefined)).envelope, ENVELOPE);
  });

  it('is left to a later version that wrote it, as what the disk does not give now is', () => {
    const newer = ofVersion(encodeHead(ENVELOPE), 2);
    assert.throws(
      () => read(newer),
      (error) =>
        error instanceof NewerEnvelope &&
        error.code === 'LATER_VERSION' &&
        /later version/.test(error.message),
    );
  });

  it('is nothing of ours where another program wrote it', () => {
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = ENVELOPE;
    const implementation = { implementationClassUID: '1.2.3', implementationVersionName: 'OTHER' };
    const theirs = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID, ...implementation });
    assert.throws(() => read(theirs), /not written by this receiver/);
    assert.throws(() => read(Buffer.alloc(200)), { code: 'no-file-meta' });
  });
});
