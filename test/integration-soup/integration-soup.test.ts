import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MAX_IMPORT_LENGTH,
  MAX_IMPORT_SIZE,
  MAX_SETTING_LENGTH,
  MAX_SETTINGS,
  keep,
  readIntegrationSoup,
  readIntegrationSoupFile,
  RECEIVER_SETTING,
  updateKept,
  type ImportedSettings,
  type ImportProblem,
} from '../../src/integration-soup';
import { DICOM_IN } from '../../src/settings';
import { RECEIVER, workflow } from './receiver-json';

const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

function found(value: unknown): ImportedSettings {
  const read = readIntegrationSoup(RECEIVER_SETTING, typeof value === 'string' ? value : pretty(value));
  assert('settings' in read, JSON.stringify(read));
  return read;
}

function problem(text: string): ImportProblem {
  const read = readIntegrationSoup(RECEIVER_SETTING, text);
  assert('problem' in read);
  return read.problem;
}

const other = (type: string, Name: string): unknown => ({
  $type: `HL7Soup.Functions.${type}, HL7SoupWorkflow`,
  Name,
});

describe('importing from Integration Soup', () => {
  it('takes a bare receiver, with and without $type', () => {
    const { $type, ...bare } = RECEIVER;
    for (const value of [
      RECEIVER,
      bare,
      { $type: `Other.Place.${$type.split('.').pop()}` },
      { OurAET: 'X' },
    ]) {
      assert.equal(found(value).settings.length, 1);
    }
    const [receiver] = found(RECEIVER).settings;
    assert.deepEqual([receiver?.name, receiver?.place, receiver?.line], ['DICOM Inbound', ':11112', 1]);
  });

  it('takes the receiver out of a workflow file, and says of everything else why it is not imported', () => {
    const { settings, notImported } = found(
      workflow(
        RECEIVER,
        other('Settings.Filters.FilterHostSetting', 'Only CT'),
        other('Settings.Transformers.TransformerSetting', 'Rename'),
        other('Settings.Senders.DicomSenderSetting', 'To PACS'),
        other('Settings.Receivers.TcpReceiverSetting', 'HL7 in'),
        other('Settings.Activities.CodeActivitySetting', 'Code'),
        'stray',
      ),
    );
    assert.deepEqual(
      settings.map(({ name }) => name),
      ['DICOM Inbound'],
    );
    assert.deepEqual(
      notImported.map(({ reason, what }) => [reason, what]),
      [
        ['workflow', '"Radiology": Comments, Modified, Name, WorkflowId'],
        ['filter', 'FilterHostSetting "Only CT"'],
        ['transformer', 'TransformerSetting "Rename"'],
        ['sender', 'DicomSenderSetting "To PACS"'],
        ['otherReceiver', 'TcpReceiverSetting "HL7 in"'],
        ['activity', 'CodeActivitySetting "Code"'],
        ['notASetting', '"stray"'],
      ],
    );
  });

  it('offers all receivers of an array, of workflows or of settings, each with its line', () => {
    const text = pretty([RECEIVER, workflow({ ...RECEIVER, Name: 'Second', Port: '4242' }), [{ Port: 1 }]]);
    const lines = text.split('\n');
    const { settings } = found(text);
    assert.deepEqual(
      settings.map(({ name, place }) => [name, place]),
      [
        ['DICOM Inbound', ':11112'],
        ['Second', ':4242'],
        ['', ':1'],
      ],
    );
    for (const { line } of settings) assert.match(lines[line - 1] ?? '', /^\s*\{$/);
    assert.match(lines[(settings[1]?.line ?? 0) + 2] ?? '', /Second/);
  });

  it('says that there is no receiver, and what there is', () => {
    for (const value of [{}, [], 5, 'text', null, workflow(), { Name: 'x' }]) {
      assert.equal(problem(JSON.stringify(value)).code, 'notFound');
    }
    const read = readIntegrationSoup(
      RECEIVER_SETTING,
      pretty(workflow(other('Senders.DicomSenderSetting', 'To PACS'))),
    );
    assert.deepEqual(
      read.notImported.map(({ reason }) => reason),
      ['workflow', 'sender'],
    );
  });

  it('says where a text is not JSON', () => {
    const text = pretty(RECEIVER).replace('"Port": 11112,', '"Port": 11112,,');
    assert.deepEqual(problem(text), {
      code: 'unexpected',
      line: 7,
      column: 17,
      found: ',',
      excerpt: '"Port": 11112,,',
    });
  });

  it('refuses what is too large: a text, and a receiver that would bloat the flow file', () => {
    assert.equal(problem(' '.repeat(MAX_IMPORT_LENGTH + 1)).code, 'tooLarge');
    const file = readIntegrationSoupFile(RECEIVER_SETTING, new Uint8Array(MAX_IMPORT_SIZE + 1));
    assert.equal('problem' in file && file.problem.code, 'tooLarge');
    const large = { ...RECEIVER, ReceivedMessageTemplate: 'x'.repeat(MAX_SETTING_LENGTH) };
    const { settings, notImported } = found([large, RECEIVER]);
    assert.equal(settings.length, 1);
    assert.deepEqual(
      notImported.map(({ reason, what }) => [reason, what]),
      [['settingTooLarge', 'DicomReceiverSetting "DICOM Inbound"']],
    );
  });

  it('reads files in UTF-8 and UTF-16, with and without a byte order mark, and no others', () => {
    const text = JSON.stringify({ ...RECEIVER, Name: 'Röntgen' });
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      utf16,
      Buffer.from(utf16).swap16(),
    ]) {
      const read = readIntegrationSoupFile(RECEIVER_SETTING, bytes);
      assert('settings' in read, JSON.stringify(read));
      assert.equal(read.settings[0]?.name, 'Röntgen');
    }
    for (const bytes of [Buffer.from(text, 'latin1'), Buffer.from([0x89, 0x50, 0x4e, 0x47])]) {
      const read = readIntegrationSoupFile(RECEIVER_SETTING, bytes);
      assert.equal('problem' in read && read.problem.code, 'notText');
    }
  });

  it('offers no endless list', () => {
    const { settings, notImported } = found(Array.from({ length: MAX_SETTINGS + 1 }, () => RECEIVER));
    assert.equal(settings.length, MAX_SETTINGS);
    assert.deepEqual(
      notImported.map(({ reason }) => reason),
      ['tooManySettings'],
    );
  });

  it('changes no prototype', () => {
    found(
      '{"__proto__": {"Port": 1, "polluted": true}, "Port": 104, "constructor": {"prototype": {"polluted": 1}}}',
    );
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

describe('what a node keeps of an import', () => {
  it('follows the settings, so that a sample message that was removed is gone', () => {
    const [receiver] = found({ ...RECEIVER, New: 1 }).settings;
    assert(receiver !== undefined);
    const values = new Map([...receiver.values, ['receivedMessageTemplate', '']] as const);
    const updated = updateKept(RECEIVER_SETTING, values, keep(receiver.json));
    assert.deepEqual(JSON.parse(updated), { ...RECEIVER, ReceivedMessageTemplate: '', New: 1 });
    assert.equal(updateKept(RECEIVER_SETTING, values, ''), '');
    assert.equal(updateKept(RECEIVER_SETTING, values, 'damaged'), 'damaged');
  });

  it('does not keep it from starting when it is damaged, but is reported', () => {
    assert.deepEqual(DICOM_IN.check('imported', '{"Port": 104}'), []);
    for (const imported of ['{', '[]', '5']) {
      assert.deepEqual(
        DICOM_IN.parse({ imported }).problems.map(({ field, code, severity }) => [field, code, severity]),
        [['imported', 'notKeptJson', 'warning']],
      );
    }
  });
});
