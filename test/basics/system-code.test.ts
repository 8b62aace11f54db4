import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loggableReason } from '../../src/basics';

describe('the reason that may be logged', () => {
  it('never names a file, which may be named after a patient', () => {
    for (const path of ['/absent/Doe^Jane.dcm', '/tmp/Doe^Jane\0.dcm'])
      try {
        openSync(path, 'r');
        assert.fail('it is there');
      } catch (error) {
        assert.doesNotMatch(loggableReason(error), /Doe/);
      }
    assert.equal(loggableReason(new Error('it is not a file')), 'it is not a file');
  });
});
