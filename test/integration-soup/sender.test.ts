import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  exportSetting,
  keep,
  printJson,
  readIntegrationSoup,
  readSetting,
  RECEIVER_SETTING,
  SENDER_SETTING,
  type FoundSetting,
  type SenderField,
} from '../../src/integration-soup';
import { Random } from '../support/objects/mutations';
import { RECEIVER, randomJson, workflow } from './receiver-json';

/** The sender of Integration Soup's own reference, with a value of its own for every field. */
const SENDER = {
  $type: 'HL7Soup.Functions.Settings.Senders.DicomSenderSetting, HL7SoupWorkflow',
  RemoteHost: 'pacs.example.test',
  RemotePort: 11112,
  OurAET: 'IMPORT_SCU',
  RemoteAET: 'ARCHIVE',
  TimeoutSeconds: 45,
  MessageType: 16,
  MessageTypeOptions: null,
  MessageTemplate: '${05000000-0000-4000-8000-000000000001 inbound}',
  Filters: '22222222-2222-2222-2222-222222222222',
  Transformers: '00000000-0000-0000-0000-000000000000',
  TransformersNotAvailable: false,
  Disabled: true,
  Id: '05000000-0000-4000-8000-000000000002',
  Name: 'To PACS',
  Version: 3,
};

function found(value: unknown): FoundSetting<SenderField>[] {
  const read = readIntegrationSoup(SENDER_SETTING, JSON.stringify(value));
  assert('settings' in read, JSON.stringify(read));
  return read.settings;
}

const one = (value: unknown): FoundSetting<SenderField> => found(value)[0] ?? assert.fail('none is found');

describe('a DICOM sender of Integration Soup', () => {
  it('is found in a workflow, beside a receiver, with and without $type', () => {
    const { $type, ...bare } = SENDER;
    for (const value of [SENDER, bare, { SettingType: $type, ...bare }, [workflow(RECEIVER, bare)]])
      assert.deepEqual([one(value).name, one(value).place], ['To PACS', 'pacs.example.test:11112']);
    const read = readIntegrationSoup(SENDER_SETTING, JSON.stringify(workflow(RECEIVER, SENDER)));
    assert.deepEqual(
      read.notImported.map(({ reason }) => reason),
      ['workflow', 'receiver'],
    );
    // It has OurAET, too.
    const receivers = readIntegrationSoup(RECEIVER_SETTING, JSON.stringify([RECEIVER, bare]));
    assert('settings' in receivers && receivers.settings.length === 1);
  });

  it('fills the fields of the node and of its peer; nothing of it is not understood', () => {
    const { values, leftOut, notUnderstood } = one(SENDER);
    assert.deepEqual(Object.fromEntries(values), {
      disabled: true,
      name: 'To PACS',
      host: 'pacs.example.test',
      port: 11112,
      callingAET: 'IMPORT_SCU',
      calledAET: 'ARCHIVE',
      responseTimeoutSeconds: 45,
    });
    assert.deepEqual([leftOut, notUnderstood], [[], []]);
  });

  it('has the defaults of Integration Soup where something is left out', () => {
    const { values, leftOut } = one({ RemoteAET: 'ARCHIVE' });
    assert.deepEqual(Object.fromEntries(values), {
      disabled: false,
      name: '',
      host: '127.0.0.1',
      port: 104,
      callingAET: 'HL7SOUP_SCU',
      calledAET: 'ARCHIVE',
      responseTimeoutSeconds: 30,
    });
    assert.equal(leftOut.length, 6);
  });

  it('is exported as it came but for what has changed, in the form that it had', () => {
    const rich = { New: { a: [1.5] }, ...SENDER, TimeoutSeconds: '45', RemotePort: '11112' };
    const { json, values } = one(rich);
    assert.deepEqual(JSON.parse(exportSetting(SENDER_SETTING, values, keep(json))), rich);
    const changed = new Map([...values, ['port', '104'], ['responseTimeoutSeconds', '60']] as const);
    assert.deepEqual(JSON.parse(exportSetting(SENDER_SETTING, changed, keep(json))), {
      ...rich,
      RemotePort: '104',
      TimeoutSeconds: '60',
    });
    assert.deepEqual(
      readSetting(SENDER_SETTING, json).notUnderstood.map(({ path }) => path),
      ['New'],
    );
  });

  it('is written anew for a node that was never imported', () => {
    const written = JSON.parse(exportSetting(SENDER_SETTING, one(SENDER).values, '')) as typeof SENDER;
    const { MessageTemplate, Filters, Id, ...rest } = SENDER;
    const none = '00000000-0000-0000-0000-000000000000';
    assert.deepEqual(written, { ...rest, MessageTemplate: '', Filters: none, Id: none });
    assert.ok(MessageTemplate !== '' && Filters !== none && Id !== none);
    // .NET readers want it there.
    assert.equal(Object.keys(written)[0], '$type');
  });

  it('comes back the same whatever its members hold: 2000 of them', () => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    for (let round = 0; round < 2_000; round += 1) {
      const members = Object.entries(SENDER)
        .filter(([key]) => key === '$type' || random.below(4) > 0)
        .map(([key, value]) => {
          const isOther = key !== '$type' && random.below(4) === 0;
          return `${JSON.stringify(key)}: ${isOther ? randomJson(random) : JSON.stringify(value)}`;
        });
      const text = `{${members.join(',')}}`;
      const read = readIntegrationSoup(SENDER_SETTING, text);
      assert('settings' in read, text);
      const [sender] = read.settings;
      assert.ok(sender, text);
      const shown = [...sender.values].map(([field, value]) => {
        const entered = typeof value === 'boolean' ? value : String(value).replace(/[\r\n]/g, '');
        return [field, entered] as const;
      });
      const exported = exportSetting(SENDER_SETTING, new Map(shown), keep(sender.json));
      assert.equal(exported, printJson(sender.json, 2), `seed ${seed}: ${text}`);
    }
  });
});
