import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  exportSetting,
  keep,
  parseJson,
  printJson,
  readSetting,
  RECEIVER_SETTING,
  writeSetting,
  type JsonObject,
  type ReceiverField,
  type SettingValue,
  type SettingValues,
} from '../../src/integration-soup';
import { DICOM_IN, splitList } from '../../src/settings';
import { Random } from '../support/objects/mutations';
import { RECEIVER, randomReceiver } from './receiver-json';

const ROUNDS = 5_000;

function objectOf(text: string): JsonObject {
  const parsed = parseJson(text);
  assert('tree' in parsed && parsed.tree.kind === 'object', text);
  return parsed.tree;
}

const receiver = (changes: Record<string, unknown> = {}): JsonObject =>
  objectOf(JSON.stringify({ ...RECEIVER, ...changes }));

/** What comes back from the dialog: one-line inputs, text areas and check boxes. */
function throughDialog(values: SettingValues<ReceiverField>): SettingValues<ReceiverField> {
  const shown = (field: ReceiverField, value: SettingValue): SettingValue => {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'object') return splitList(value.join(', '));
    if (field === 'receivedMessageTemplate') return String(value).replace(/\r\n?/g, '\n');
    return String(value).replace(/[\r\n]/g, '');
  };
  return new Map([...values].map(([field, value]) => [field, shown(field, value)]));
}

/** The receiver's JSON with these fields changed, as a JavaScript value. */
function exported(json: JsonObject, changes: Partial<Record<ReceiverField, SettingValue>>): typeof RECEIVER {
  const values = new Map([
    ...readSetting(RECEIVER_SETTING, json).values,
    ...Object.entries(changes),
  ]) as SettingValues<ReceiverField>;
  return JSON.parse(exportSetting(RECEIVER_SETTING, values, keep(json))) as typeof RECEIVER;
}

const random = (): { random: Random; seed: number } => {
  const seed = Date.now() % 1_000_000;
  return { random: new Random(seed), seed };
};

function randomValues(source: Random): SettingValues<ReceiverField> {
  const text = (): string => source.pick(['', 'A', 'CT01, MR02', '*', 'x y', '${NAME}', 'ü"']);
  const values = RECEIVER_SETTING.mappings.map(({ field }): [ReceiverField, SettingValue] => {
    const example = field === 'disabled' ? false : DICOM_IN.defaults[field];
    if (typeof example === 'boolean') return [field, source.below(2) === 0];
    if (typeof example === 'number') return [field, source.pick(['1', '11', '16', '11112', '${NAME}'])];
    if (typeof example === 'object') return [field, source.pick([[], ['a'], ['b', 'c', 'd']])];
    return [field, text()];
  });
  return new Map(values);
}

describe('a receiver of Integration Soup', () => {
  it('fills every field of the node', () => {
    const { values, leftOut, notUnderstood } = readSetting(RECEIVER_SETTING, receiver());
    assert.deepEqual(Object.fromEntries(values), {
      disabled: false,
      name: 'DICOM Inbound',
      port: 11112,
      ourAET: 'SOUP',
      acceptedCallingAETs: 'MODALITY01,MODALITY02',
      associationTimeoutSeconds: 20,
      includeCommonFieldsNode: true,
      includeReportNode: false,
      includeTagsNode: true,
      addIncomingMessageToCurrentTab: true,
      receivedMessageTemplate: RECEIVER.ReceivedMessageTemplate,
      messageType: 16,
      filters: RECEIVER.Filters,
      variableTransformers: RECEIVER.VariableTransformers,
      transformers: RECEIVER.Transformers,
      activities: RECEIVER.Activities,
      workflowPatternName: 'Radiology in',
      settingId: RECEIVER.Id,
    });
    assert.deepEqual([leftOut, notUnderstood], [[], []]);
  });

  it('gives the defaults of fields that are left out, and says which', () => {
    const { values, leftOut } = readSetting(RECEIVER_SETTING, objectOf('{"OurAET": "X"}'));
    for (const [field, value] of values) {
      if (field === 'disabled') assert.equal(value, false);
      else if (field !== 'ourAET') assert.deepEqual(value, DICOM_IN.defaults[field], field);
    }
    assert.deepEqual(
      leftOut,
      RECEIVER_SETTING.mappings.map(({ field }) => field).filter((field) => field !== 'ourAET'),
    );
  });

  it('lists what it does not understand, where it stands and how it begins', () => {
    const json = receiver({
      Port: [104],
      New: { deep: 1 },
      Activities: ['a', 5],
      MessageTypeOptions: { IncludeTagsNode: 'perhaps', Extra: null },
    });
    const { values, notUnderstood } = readSetting(RECEIVER_SETTING, json);
    assert.deepEqual(
      notUnderstood.map(({ path, reason, shown }) => [path, reason, shown]),
      [
        ['Port', 'wrongType', '[104]'],
        ['MessageTypeOptions.IncludeTagsNode', 'wrongType', '"perhaps"'],
        ['MessageTypeOptions.Extra', 'unknownMember', 'null'],
        ['Activities[1]', 'wrongElement', '5'],
        ['New', 'unknownMember', '{"deep":1}'],
      ],
    );
    assert.equal(values.get('port'), 104);
  });

  it('reads enums by number and by name, numbers and flags as text, and keys in any case', () => {
    const json = objectOf(
      '{"messagetype": "Dicom", "PORT": " 4242 ", "Disabled": "True", "IncludeTagsNode": 1}',
    );
    const { values } = readSetting(RECEIVER_SETTING, json);
    assert.deepEqual(
      [values.get('messageType'), values.get('port'), values.get('disabled')],
      [16, 4242, true],
    );
    assert.equal(
      readSetting(RECEIVER_SETTING, receiver({ MessageType: 'FHIR' })).values.get('messageType'),
      11,
    );
  });

  it('lets nobody in where the list of callers cannot be read', () => {
    for (const AcceptedCallingAETs of [null, ['*'], { a: '*' }, '']) {
      const { values } = readSetting(RECEIVER_SETTING, receiver({ AcceptedCallingAETs }));
      assert.equal(values.get('acceptedCallingAETs'), '');
    }
    const [told] = readSetting(RECEIVER_SETTING, receiver({ AcceptedCallingAETs: ['*'] })).notUnderstood;
    assert.equal(told?.reason, 'unreadableCallers');
  });

  it('is written with what has changed, in the form it had, and the rest as it came', () => {
    const json = receiver({
      Port: '104',
      MessageType: 'JSON',
      Disabled: 'False',
      Unknown: { a: [1] },
      Activities: [{ Id: 1 }, 'a', 'b'],
    });
    const changed = exported(json, { port: '4242', messageType: '16', disabled: true, activities: ['c'] });
    assert.deepEqual(changed, {
      ...RECEIVER,
      Port: '4242',
      MessageType: 'DICOM',
      Disabled: 'True',
      Unknown: { a: [1] },
      Activities: [{ Id: 1 }, 'c'],
    });
    assert.deepEqual(Object.keys(changed), [...Object.keys(RECEIVER), 'Unknown']);
  });

  it('gets what it lacks only when that has changed', () => {
    const json = objectOf('{"$type": "X.DicomReceiverSetting, Y", "Port": 104}');
    assert.deepEqual(exported(json, {}), { $type: 'X.DicomReceiverSetting, Y', Port: 104 });
    assert.deepEqual(exported(json, { includeTagsNode: false, port: '${DICOM_PORT}' }), {
      $type: 'X.DicomReceiverSetting, Y',
      Port: '${DICOM_PORT}',
      MessageTypeOptions: { $type: RECEIVER.MessageTypeOptions.$type, IncludeTagsNode: false },
    });
  });

  it('is written anew for a node that was never imported, with every field of the original', () => {
    const values = readSetting(RECEIVER_SETTING, receiver()).values;
    assert.deepEqual(JSON.parse(exportSetting(RECEIVER_SETTING, values, '')), RECEIVER);
    assert.deepEqual(JSON.parse(exportSetting(RECEIVER_SETTING, values, 'damaged')), RECEIVER);
  });
});

describe('random receivers', () => {
  it(`come back the same, through the flow JSON and the dialog: ${ROUNDS} of them`, () => {
    const { random: source, seed } = random();
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = randomReceiver(source);
      const json = objectOf(text);
      const values = throughDialog(readSetting(RECEIVER_SETTING, json).values);
      const message = `seed ${seed}: ${text}`;
      assert.equal(exportSetting(RECEIVER_SETTING, values, keep(json)), printJson(json, 2), message);
      assert.deepEqual(
        JSON.parse(exportSetting(RECEIVER_SETTING, values, keep(json))),
        JSON.parse(text),
        message,
      );
    }
  });

  it(`take any change and keep what no field stands for: ${ROUNDS} of them`, () => {
    const { random: source, seed } = random();
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = randomReceiver(source);
      const json = objectOf(text);
      const values = randomValues(source);
      const message = `seed ${seed}: ${text} with ${JSON.stringify([...values])}`;
      const written = writeSetting(RECEIVER_SETTING, values, json);
      const again = readSetting(RECEIVER_SETTING, written);
      for (const [field, value] of throughDialog(again.values)) {
        const wanted = values.get(field);
        const isNone = wanted === '' && /^0{8}-/.test(String(value));
        if (!isNone) assert.equal(String(value), String(wanted), `${field}, ${message}`);
      }
      const unknown = (from: ReturnType<typeof readSetting>) =>
        from.notUnderstood
          .filter(({ reason }) => reason === 'unknownMember')
          .map(({ path, shown }) => [path, shown]);
      assert.deepEqual(unknown(again).sort(), unknown(readSetting(RECEIVER_SETTING, json)).sort(), message);
      assert.equal(printJson(writeSetting(RECEIVER_SETTING, values, written)), printJson(written), message);
    }
  });
});
