import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Output } from '../../../src/dicom/deidentify/output';

const MOST = 1_000_000;

describe('the output of a de-identification', () => {
  it('has an end: a list of pieces without one would fill the memory of its thread', () => {
    const output = new Output({ name: 'explicit VR little endian', explicit: true, bigEndian: false });
    const piece = { bytes: undefined, offset: 0, length: 1 };
    for (let count = 0; count < MOST; count += 1) output.piece(piece);
    output.piece({ ...piece, length: 0 });
    assert.throws(() => output.piece(piece), { name: 'KeptBack', reason: 'too-long' });
  });
});
