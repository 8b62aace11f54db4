import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DICOM_RESPONSE } from '../../src/settings';

const problems = (config: Record<string, unknown>): string[] =>
  DICOM_RESPONSE.parse(config).problems.map(({ severity, field, code }) => `${severity} ${field} ${code}`);

test('a status is one of the choices, or any that a variable has', () => {
  for (const [status, read] of [
    ['A700', 'A700'],
    ['0xC123', '0xC123'],
    // Node-RED makes numbers of variables that look like ones.
    [110, '0110'],
    [0, '0000'],
  ] as const) {
    assert.deepEqual(problems({ status }), [], String(status));
    assert.equal(DICOM_RESPONSE.parse({ status }).settings.status, read);
  }
  for (const status of ['', 'success', '110'])
    assert.deepEqual(problems({ status }), ['error status notAChoice'], status);
  assert.deepEqual(problems({ status: '${UNSET}' }), ['error status variableNotReplaced']);
});

test('a code is needed where another status is chosen, and is not in the way where none is', () => {
  assert.deepEqual(problems({ status: 'custom' }), ['error customStatus required']);
  assert.deepEqual(problems({ status: 'custom', customStatus: '110' }), ['error customStatus notAStatus']);
  assert.deepEqual(problems({ status: 'custom', customStatus: 110 }), []);
  assert.deepEqual(problems({ status: 'A700', customStatus: 'wrong' }), []);
});

test('a comment that is too long is a warning, and stays', () => {
  const errorComment = 'x'.repeat(65);
  assert.deepEqual(problems({ errorComment: errorComment.slice(1) }), []);
  assert.deepEqual(problems({ errorComment }), ['warning errorComment commentTooLong']);
  assert.equal(DICOM_RESPONSE.parse({ errorComment }).settings.errorComment, errorComment);
});
