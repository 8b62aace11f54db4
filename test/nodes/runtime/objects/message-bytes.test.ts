import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { instancesOf } from '../../../../nodes/runtime/objects/instance-list';
import { byteCount, bytesOf, weightOfBytes } from '../../../../nodes/runtime/objects/message-bytes';
import { objectOf } from '../../../../nodes/runtime/objects/message-object';
import { plainValue } from '../../../../nodes/dicom-edit/runtime/rule-values';

const BYTES = Buffer.from([0, 1, 0x7f, 0xff]);
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const SAME_BYTES: Record<string, unknown> = {
  'a Buffer': BYTES,
  'what JSON makes of a Buffer': throughJson(BYTES),
  'an array of bytes': new Uint8Array(BYTES),
  'one of another context, as a function node makes it': runInNewContext(
    'new Uint8Array([0, 1, 127, 255])',
  ) as unknown,
  'a clamped one': new Uint8ClampedArray(BYTES),
  'a part of one': new Uint8Array([9, 0, 1, 0x7f, 0xff, 9]).subarray(1, 5),
  'an ArrayBuffer': new Uint8Array(BYTES).buffer,
  'a DataView': new DataView(new Uint8Array(BYTES).buffer),
  'memory that threads share': Object.assign(new Uint8Array(new SharedArrayBuffer(4)), [...BYTES]),
};

for (const [what, value] of Object.entries(SAME_BYTES))
  it(`the bytes of a message may be ${what}`, () => {
    assert.deepEqual(bytesOf(value), BYTES);
    assert.equal(byteCount(value), BYTES.length);
    const place = { kind: 'bytes', bytes: BYTES };
    const named = { _msgid: '', dicom: { object: value }, payload: { series: [{ instances: [] }] } };
    assert.deepEqual(objectOf(named, 'message'), { place });
    // It names an object itself.
    assert.equal(instancesOf(named), undefined);
    assert.deepEqual(objectOf({ _msgid: '', payload: value }, 'payload'), { place });
    assert.equal(plainValue(value), BYTES.toString('base64'));
  });

it('what only looks like bytes is none', () => {
  const sparse = new Array(4);
  sparse[0] = 1;
  const values = [
    { type: 'Buffer', data: [1, 256] },
    { type: 'Buffer', data: [1, -1] },
    { type: 'Buffer', data: [1, 0.5] },
    { type: 'Buffer', data: ['1'] },
    { type: 'Buffer', data: sparse },
    { type: 'Buffer', data: new Array(2 ** 32 - 1) },
    { type: 'Buffer', data: 'AAE=' },
    { type: 'buffer', data: [1] },
    new Uint16Array(2),
    new Float64Array(2),
    [1, 2],
    'AAE=',
    null,
    undefined,
  ];
  for (const value of values) {
    assert.equal(bytesOf(value), undefined);
    assert.equal(objectOf({ _msgid: '', dicom: { object: value } }, 'message'), undefined);
  }
});

it('what JSON makes of a Buffer weighs what its array does in memory', () => {
  assert.equal(weightOfBytes(BYTES), 4);
  assert.equal(weightOfBytes(throughJson(BYTES)), 36);
  assert.equal(weightOfBytes({ type: 'other' }), undefined);
});
