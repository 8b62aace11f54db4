import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bufferSource, DicomError, encodeFileMeta, type FileMeta, readFileMeta } from '../../../src/dicom';
import { needs } from '../../support/machine/needs';
import { corpusObjects } from '../support/corpus-objects';
import { element } from '../support/encode';

const META: FileMeta = {
  sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUID: '1.2.3',
  transferSyntaxUID: '1.2.840.10008.1.2.1',
  implementationClassUID: '1.2.3.4',
  implementationVersionName: 'TEST_1',
  sourceAET: 'SENDER',
  sendingAET: 'SENDER',
  receivingAET: 'RECEIVER',
  sourceAddress: 'dicom://10.0.0.1:104',
  privateInformation: { creatorUID: '1.2.3.5', bytes: Buffer.from('some bytes') },
};

describe('file meta information (PS3.10 7.1)', () => {
  it('is read back as it was written', () => {
    const bytes = Buffer.concat([encodeFileMeta(META), element(0x00100020, 'LO', 'P1')]);
    const { dataSetOffset, ...meta } = readFileMeta(bufferSource(bytes));
    assert.deepEqual(meta, META);
    assert.equal(dataSetOffset, encodeFileMeta(META).length);
  });

  it('has a preamble of zeros, the prefix, a true group length, version 1 and ascending tags', () => {
    const bytes = encodeFileMeta(META);
    assert.ok(bytes.subarray(0, 128).every((each) => each === 0));
    assert.equal(bytes.toString('latin1', 128, 132), 'DICM');
    assert.equal(bytes.toString('hex', 132, 140), '02000000554c0400');
    assert.equal(bytes.readUInt32LE(140), bytes.length - 144);
    assert.equal(bytes.toString('hex', 144, 158), '020001004f420000020000000001');
  });

  it('is what DCMTK reads', { skip: needs('dcmtk') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'file-meta-'));
    const path = join(folder, 'object.dcm');
    writeFileSync(path, Buffer.concat([encodeFileMeta(META), element(0x00100020, 'LO', 'P1')]));
    const { stdout, stderr, status } = spawnSync('dcmdump', ['-q', '+fo', path], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    assert.equal(status, 0, stderr);
    for (const expected of [
      'UI =CTImageStorage',
      '[SENDER]',
      '[RECEIVER]',
      '[TEST_1]',
      '[P1]',
      '[1.2.3.5]',
    ]) {
      assert.ok(stdout.includes(expected), `${expected} in ${stdout}`);
    }
  });

  it('of every Part 10 file of the corpus is read, and ends where the data set begins', () => {
    for (const { name, path } of corpusObjects('good', 'generated')) {
      const bytes = readFileSync(path);
      const { dataSetOffset, transferSyntaxUID } = readFileMeta(bufferSource(bytes));
      assert.match(transferSyntaxUID, /^1\.2\./, name);
      assert.equal(dataSetOffset, 144 + bytes.readUInt32LE(140), name);
    }
  });

  it('is missed with a typed error', () => {
    const code = (bytes: Buffer): string => {
      try {
        readFileMeta(bufferSource(bytes));
        return 'ok';
      } catch (error) {
        return error instanceof DicomError ? error.code : String(error);
      }
    };
    const whole = encodeFileMeta(META);
    assert.equal(code(Buffer.alloc(0)), 'no-file-meta');
    assert.equal(code(Buffer.alloc(200)), 'no-file-meta');
    assert.equal(code(whole.subarray(0, 132)), 'file-meta-broken');
    for (let length = 133; length < whole.length; length += 1) {
      assert.match(code(whole.subarray(0, length)), /^(ok|file-meta-broken)$/);
    }
    assert.equal(code(encodeFileMeta({ ...META, transferSyntaxUID: '' })), 'file-meta-broken');
  });
});
