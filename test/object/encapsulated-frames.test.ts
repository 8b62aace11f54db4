import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bufferSource, DicomError } from '../../src/dicom';
import { framesOf, type FrameOptions } from '../../src/object';
import { marker, sequenceEnd } from '../dicom/support/encode';

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
};

const wide = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), index * 8));
  return bytes;
};

/** The frames as text: "AB CD" are two, the first of fragments A and B; or why there are none. */
function frames(table: Buffer, fragments: string[], options: FrameOptions): string {
  const items = fragments.map((each) => marker(0xe000, each.length, Buffer.from(each, 'latin1')));
  const bytes = Buffer.concat([
    Buffer.from('before'),
    marker(0xe000, table.length, table),
    ...items,
    sequenceEnd,
  ]);
  const pixels = { offset: 6, length: bytes.length - 6, fragments: fragments.length };
  try {
    return framesOf(bufferSource(bytes), pixels, options)
      .map((frame) =>
        frame.map(({ offset, length }) => bytes.toString('latin1', offset, offset + length)).join(''),
      )
      .join(' ');
  } catch (error) {
    assert.ok(error instanceof DicomError && error.code === 'cannot-recode');
    return error.message.replace(/^.*: /, '');
  }
}

const none = Buffer.alloc(0);
const four = ['A1', 'B234', 'A5', 'B6'];
const uncertain = 'it cannot be told which of 4 fragments are which of 2 frames';

describe('framesOf', () => {
  it('takes each fragment as a frame where there are as many, whatever a table says', () => {
    assert.equal(frames(none, four, { numberOfFrames: 4 }), 'A1 B234 A5 B6');
    assert.equal(frames(numbers(7, 7), four, { numberOfFrames: 4 }), 'A1 B234 A5 B6');
  });

  it('takes all fragments as the one frame', () => {
    assert.equal(frames(none, four, { numberOfFrames: 1 }), 'A1B234A5B6');
  });

  it('goes by the offset table, which counts from the first fragment (PS3.5 A.4)', () => {
    assert.equal(frames(numbers(0, 10), four, { numberOfFrames: 2 }), 'A1 B234A5B6');
    assert.equal(frames(numbers(0, 22), four, { numberOfFrames: 2 }), 'A1B234 A5B6');
  });

  it('goes by the extended offset table', () => {
    assert.equal(frames(none, four, { numberOfFrames: 2, extendedOffsets: wide(0, 22) }), 'A1B234 A5B6');
  });

  it('goes by how frames begin, where no table fits', () => {
    const beginsFrame = (first: Buffer): boolean => first.toString('latin1').startsWith('A');
    for (const table of [none, numbers(0, 11), numbers(0), numbers(22, 0), numbers(10, 22)]) {
      assert.equal(frames(table, four, { numberOfFrames: 2, beginsFrame }), 'A1B234 A5B6');
    }
  });

  it('fails where neither is certain', () => {
    assert.equal(frames(none, four, { numberOfFrames: 2 }), uncertain);
    assert.equal(frames(numbers(0, 11), four, { numberOfFrames: 2 }), uncertain);
    assert.equal(frames(numbers(10, 22), four, { numberOfFrames: 2 }), uncertain);
    assert.equal(frames(none, four, { numberOfFrames: 2, extendedOffsets: wide(0, 2 ** 40) }), uncertain);
    const beginsFrame = (first: Buffer): boolean => first.toString('latin1').startsWith('B');
    assert.equal(frames(none, four, { numberOfFrames: 2, beginsFrame }), uncertain);
    assert.equal(frames(none, four, { numberOfFrames: 5 }), 'it has 5 frames, and 4 fragments of pixel data');
  });
});
