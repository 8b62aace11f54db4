import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeErrors, NodeFailed } from '../../../nodes/runtime/node-errors';

const ERRORS = nodeErrors<'notRead' | 'queueBusy' | 'busy'>('dicom-some', { queueBusy: 'busy' });

test('a failure has a code of its node type, and words of its catalogue without a blank at the end', () => {
  const error = ERRORS.errorOf(
    (key, values) => `${key}: ${values?.['reason'] ?? ''}`,
    new NodeFailed('notRead'),
  );
  assert.equal(error.code, 'DICOM_SOME_NOT_READ');
  assert.equal(error.message, 'error.notRead:');
});

test('failures may share a code, and have words of their own', () => {
  const error = ERRORS.errorOf((key) => key, new NodeFailed('queueBusy'));
  assert.equal(error.code, ERRORS.codeOf('busy'));
  assert.equal(error.message, 'error.queueBusy');
});
