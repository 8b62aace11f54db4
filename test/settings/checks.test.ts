import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DICOM_IN, type DicomInField, type DicomInProblem } from '../../src/settings';

/** What a value of the dialog is found to be: the problem, and the part of the value that it is about. */
const FOUND: readonly [DicomInField, string, DicomInProblem['code'] | undefined, (string | number)?][] = [
  ['port', '1', undefined],
  ['port', '65535', undefined],
  ['port', ' ${DICOM_PORT} ', undefined],
  ['port', '', 'required'],
  ['port', '0', 'outOfRange', '0'],
  ['port', '65536', 'outOfRange', '65536'],
  ['port', '0x68', 'notANumber', '0x68'],
  ['port', '104.5', 'notANumber', '104.5'],
  ['port', '1${DICOM_PORT}', 'notANumber', '1${DICOM_PORT}'],
  ['ourAET', 'A', undefined],
  ['ourAET', 'SIXTEEN_CHARS_16', undefined],
  ['ourAET', ' WITH SPACE ', undefined],
  ['ourAET', '${AET}', undefined],
  ['ourAET', '   ', 'required'],
  ['ourAET', 'SEVENTEEN_CHARS17', 'aeTitleTooLong', 'SEVENTEEN_CHARS17'],
  ['ourAET', 'A\\B', 'aeTitleCharacter', 'A\\B'],
  ['ourAET', 'A\tB', 'aeTitleCharacter', 'A\tB'],
  ['ourAET', 'A\u007fB', 'aeTitleCharacter', 'A\u007fB'],
  ['ourAET', 'RÖNTGEN', 'aeTitleCharacter', 'RÖNTGEN'],
  ['acceptedCallingAETs', 'CT01,,MR 1, *', undefined],
  ['acceptedCallingAETs', '${CALLERS}', undefined],
  ['acceptedCallingAETs', ' , ', 'emptyAllowList'],
  ['acceptedCallingAETs', 'CT01, MR*', 'aeTitleWildcard', 'MR*'],
  ['acceptedCallingAETs', 'CT01, A\\B', 'aeTitleCharacter', 'A\\B'],
  ['acceptedCallingAETs', 'CT01, ${CALLERS}', 'variableNotReplaced', '${CALLERS}'],
  ['allowedHosts', '10.0.0.1, 10.1.0.0/16, 0.0.0.0/0, ::1, fe80::/10, ::ffff:10.0.0.1', undefined],
  ['allowedHosts', '10.0.0.256', 'notAHostRange', '10.0.0.256'],
  ['allowedHosts', '10.0.0.01', 'notAHostRange', '10.0.0.01'],
  ['trustedProxies', '10.00.0.0/16', 'notAHostRange', '10.00.0.0/16'],
  ['allowedHosts', '10.0.0.0/33', 'notAHostRange', '10.0.0.0/33'],
  ['allowedHosts', '10.0.0.0/', 'notAHostRange', '10.0.0.0/'],
  ['allowedHosts', 'fe80::/129', 'notAHostRange', 'fe80::/129'],
  ['allowedHosts', '10.1.0.0/16/8', 'notAHostRange', '10.1.0.0/16/8'],
  ['allowedHosts', 'ct01.hospital', 'notAHostRange', 'ct01.hospital'],
  ['trustedProxies', '10.0.0.1, 10.1.0.0/16, fd00::/8, ::ffff:10.0.0.1', undefined],
  ['trustedProxies', '${PROXIES}', undefined],
  ['trustedProxies', 'haproxy', 'notAHostRange', 'haproxy'],
  ['trustedProxies', '10.0.0.1, 0.0.0.0/0', 'coversEverything'],
  ['trustedProxies', '::/0', 'coversEverything'],
  ['trustedProxies', '128.0.0.0/1, 10.0.0.1, 0.0.0.0/1', 'coversEverything'],
  ['trustedProxies', '0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/2', 'coversEverything'],
  ['trustedProxies', '8000::/1, ::/1', 'coversEverything'],
  ['trustedProxies', '::ffff:0:0/96', 'coversEverything'],
  ['trustedProxies', '::ffff:0.0.0.0/97, 128.0.0.0/1', 'coversEverything'],
  ['trustedProxies', '1.2.3.4/0', 'coversEverything'],
  ['trustedProxies', '0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/3', undefined],
  ['bindAddress', 'localhost', undefined],
  ['bindAddress', '::', undefined],
  ['bindAddress', 'eth0', 'notAnAddress', 'eth0'],
  ['transferSyntaxes', '1.2.840.10008.1.2.1, 1.2.840.10008.1.2', undefined],
  ['transferSyntaxes', '1.2.840.10008.1.02', 'notAUid', '1.2.840.10008.1.02'],
  ['transferSyntaxes', '1..2', 'notAUid', '1..2'],
  ['transferSyntaxes', `1.${'2'.repeat(63)}`, 'notAUid', `1.${'2'.repeat(63)}`],
  ['filenameTemplate', '{PatientID}/{SOPInstanceUID}.dcm', undefined],
  ['filenameTemplate', '', 'required'],
  ['filenameTemplate', '{Patient ID}.dcm', 'templateKeyword', 'Patient ID'],
  ['filenameTemplate', '{PatientID.dcm', 'templateKeyword', '{PatientID.dcm'],
  ['filenameTemplate', 'a/../../b.dcm', 'templateTraversal', 'a/../../b.dcm'],
  ['filenameTemplate', '/etc/{PatientID}', 'templateTraversal', '/etc/{PatientID}'],
  ['filenameTemplate', 'C:\\{PatientID}', 'templateTraversal', 'C:\\{PatientID}'],
  ['directory', '${DICOM_DIR}', undefined],
  ['directory', '$(DICOM_DIR)', undefined],
  ['directory', '/data/${SITE}/x', 'variableNotReplaced', '${SITE}'],
  ['directory', '${A}/${A}', 'variableNotReplaced', '${A}'],
  ['directory', '/data/$SITE/{x}', undefined],
  ['queueDirectory', 'C:\\${SITE}', 'variableNotReplaced', '${SITE}'],
  ['filenameTemplate', '${SITE}/{PatientID}.dcm', 'variableNotReplaced', '${SITE}'],
  ['ourAET', 'CT_${ROOM}', 'variableNotReplaced', '${ROOM}'],
  ['queue', '${QUEUE}', undefined],
  ['defaultCharacterSet', 'ISO_IR 192', undefined],
  ['defaultCharacterSet', ' windows-1251 ', undefined],
  ['defaultCharacterSet', '${CHARSET}', undefined],
  ['defaultCharacterSet', '', 'required'],
  ['defaultCharacterSet', 'EBCDIC', 'notACharacterSet', 'EBCDIC'],
  ['queue', 'tape', 'notAChoice', 'tape'],
];

for (const [field, value, code, about] of FOUND) {
  test(`${field} ${JSON.stringify(value)} is ${code ?? 'accepted'}`, () => {
    const found = DICOM_IN.check(field, value);
    assert.deepEqual(
      found.map((finding) => finding.code),
      code === undefined ? [] : [code],
    );
    if (about !== undefined) assert.equal(found[0]?.values['token'] ?? found[0]?.values['value'], about);
  });
}

test('at run time a variable that is not set is found: nothing listens or writes under its name', () => {
  const texts = { ourAET: '${A}', acceptedCallingAETs: '${B}', directory: '${C}', queueDirectory: '${D}' };
  const unset = { ...texts, port: '${E}', queue: '${F}', answerQueries: '${G}' };
  const found = DICOM_IN.parse({ ...unset, output: 'file' }).problems;
  const errors = found.filter(({ severity, code }) => severity === 'error' && code === 'variableNotReplaced');
  assert.deepEqual(errors.map(({ field }) => field).sort(), Object.keys(unset).sort());
});

test('at run time a variable among other text is a warning: Node-RED leaves it as it is, and so do we', () => {
  const among = { directory: '/data/${SITE}', queueDirectory: '${A}/${B}', ourAET: 'CT_${ROOM}' };
  const { settings, problems } = DICOM_IN.parse({ ...among, output: 'file' });
  const fields = problems.filter(
    ({ severity, code }) => severity === 'warning' && code === 'variableNotReplaced',
  );
  assert.deepEqual([...new Set(fields.map(({ field }) => field))].sort(), Object.keys(among).sort());
  assert.equal(problems.length, fields.length);
  assert.equal(settings.directory, among.directory);
  const whole = DICOM_IN.parse({ queueDirectory: '$(OLD_NOTATION)' }).problems;
  assert.deepEqual(
    whole.map(({ severity }) => severity),
    ['error'],
  );
});
