import assert from 'node:assert/strict';
import { it } from 'node:test';
import { plainValue, ValueTooLarge } from '../../../nodes/dicom-edit/runtime/rule-values';
import { plainChanges } from '../../../src/dicom';
import { countComputing } from '../../support/machine/computing';

it('what a flow puts where a value or changes are expected is not looked through where it is more than they may be', () => {
  const computed = countComputing();
  // To look at each of these would exhaust the memory of Node-RED, or take it minutes.
  for (const value of [new Float64Array(50_000_000), new Uint16Array(50_000_000)]) {
    assert.equal(plainValue(value), undefined);
    assert.equal(plainValue({ ContentSequence: [value] }), undefined);
  }
  for (const value of [
    new Array(2 ** 32 - 1),
    'x'.repeat(100_000_000),
    Buffer.alloc(50_000_000),
    new Uint8Array(50_000_000),
  ]) {
    assert.throws(() => plainValue(value), ValueTooLarge);
    assert.throws(() => plainValue({ ContentSequence: [value] }), ValueTooLarge);
  }
  for (const changes of [Buffer.alloc(50_000_000), { version: 1, of: new Float64Array(50_000_000) }])
    assert.throws(() => plainChanges(changes), { code: 'changes-invalid' });
  assert.ok(computed() < 3_000, `${computed()} ms`);
  assert.deepEqual(plainValue([1, 'two', null, { PatientID: 'P' }]), [1, 'two', null, { PatientID: 'P' }]);
});
