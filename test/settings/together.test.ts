import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DICOM_IN, DICOM_PEER, type DicomInSettings } from '../../src/settings';

const found = (values: Partial<DicomInSettings>): string[] =>
  DICOM_IN.checkTogether(values).map(({ field, code, severity }) => `${severity} ${field} ${code}`);

test('the defaults fit each other', () => {
  assert.deepEqual(found({}), []);
});

test('files need a directory', () => {
  assert.deepEqual(found({ output: 'file', directory: ' ' }), ['error directory directoryNeeded']);
  assert.deepEqual(found({ output: 'file', directory: '/data' }), []);
});

test('asking for client certificates without TLS is an error: the node must not listen unprotected', () => {
  assert.deepEqual(found({ requireClientCertificate: true }), ['error requireClientCertificate tlsNeeded']);
  assert.deepEqual(found({ requireClientCertificate: true, tls: 'config-id' }), []);
});

test('a message without any section is a warning', () => {
  const none = { includeCommonFieldsNode: false, includeReportNode: false, includeTagsNode: false };
  assert.deepEqual(found(none), ['warning includeTagsNode nothingIncluded']);
});

test('parsing a configuration reports what does not fit together', () => {
  const { problems } = DICOM_IN.parse({ output: 'file' });
  assert.deepEqual(
    problems.map(({ field, code }) => [field, code]),
    [['directory', 'directoryNeeded']],
  );
});

test('of a value that is wrong in itself nothing else is told', () => {
  const codes = (host: string): string[] => DICOM_PEER.parse({ host }).problems.map(({ code }) => code);
  assert.deepEqual(codes('no such host'), ['notAHost']);
  assert.deepEqual(codes(''), ['required']);
});
