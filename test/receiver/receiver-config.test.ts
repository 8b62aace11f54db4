import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiverSettings } from '../../src/receiver';
import { DICOM_IN } from '../../src/settings';

test('a receiver gets no sample, nothing of an import, and nothing that only the main thread uses', () => {
  const left = DICOM_IN.names.filter((name) => !(name in receiverSettings(DICOM_IN.defaults)));
  assert.deepEqual(left, [
    'name',
    // The options of a node of its own are given to it.
    'tls',
    'requireClientCertificate',
    'addIncomingMessageToCurrentTab',
    'emitEvents',
    // So is where the journal lies, and what it has.
    'journalPatient',
    // And what is known of the shared queue.
    'sharedQueue',
    'queueDirectory',
    'receivedMessageTemplate',
    'messageType',
    'filters',
    'variableTransformers',
    'transformers',
    'activities',
    'workflowPatternName',
    'settingId',
    'imported',
  ]);
});
