import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pieces } from '../../../src/dicom';
import { sourceOfPieces } from '../../../src/dicom/change';
import { bufferSource, type ByteSource, fileSource } from '../../../src/dicom/read';

const folder = mkdtempSync(join(tmpdir(), 'dicom-pieces-'));
const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
writeFileSync(join(folder, 'file'), bytes);
const fd = openSync(join(folder, 'file'), 'r');
after(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

/** The file with three bytes put into it. */
const patched = (source: ByteSource): ByteSource =>
  sourceOfPieces(source, [
    { length: 500, bytes: undefined, offset: 0 },
    { length: 3, bytes: Buffer.from('new'), offset: 0 },
    { length: 500, bytes: undefined, offset: 500 },
  ]);
const expected = Buffer.concat([bytes.subarray(0, 500), Buffer.from('new'), bytes.subarray(500)]);

describe('a file that is copied piece by piece', () => {
  it('is read into the one memory that is given, also where something is put into it', () => {
    const memory = Buffer.alloc(64);
    const source = patched(fileSource(fd, bytes.length));
    const copied: Buffer[] = [];
    let own = 0;
    for (const piece of pieces(source, 0, source.size, 1, memory)) {
      copied.push(Buffer.from(piece));
      if (piece.buffer !== memory.buffer) own += piece.length;
    }
    assert.ok(Buffer.concat(copied).equals(expected));
    assert.equal(own, 3);
  });

  it('has memory of its own for each piece where none is given, or it is in memory', () => {
    for (const [source, memory] of [
      [fileSource(fd, bytes.length), undefined],
      [bufferSource(bytes), Buffer.alloc(64)],
    ] as const) {
      const all = [...pieces(patched(source), 0, expected.length, 1, memory)];
      assert.ok(Buffer.concat(all).equals(expected));
    }
  });
});
