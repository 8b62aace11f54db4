import assert from 'node:assert/strict';
import { it } from 'node:test';
import { faultCode, queueFault } from '../../src/receiver/faults';

for (const [code, kind] of [
  ['QUEUE_VERSION', 'queueNewer'],
  ['QUEUE_LOCKED', 'queueInUse'],
  ['EACCES', 'queueUnusable'],
] as const)
  it(`a queue that cannot be opened for ${code} is told as ${kind}, by one code`, () => {
    const error = Object.assign(new Error('in words'), { code });
    const { values, ...fault } = queueFault(error, '/queue');
    assert.deepEqual(fault, { kind, down: true });
    assert.deepEqual(values, { directory: '/queue', reason: code.startsWith('QUEUE_') ? 'in words' : code });
    assert.equal(faultCode(kind), 'DICOM_QUEUE_UNUSABLE');
  });
