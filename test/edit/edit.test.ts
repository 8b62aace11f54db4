import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { bufferSource, type DicomChanges, MAX_OPERATIONS, readFileMeta } from '../../src/dicom';
import { EditHost, hasFailed, type EditedMessage, type EditTask, type Given } from '../../src/edit';
import { openBytes, withChanges } from '../../src/object';
import { DiskQueue, type ObjectHandle, serveHandle } from '../../src/queue';
import { DICOM_IN } from '../../src/settings';
import { fileOf, image, text } from '../dicom/deidentify/support';
import { element } from '../dicom/support/encode';
import { corpusFiles } from '../support/objects/corpus';
import { dataSetOf } from '../support/objects/part10';
import { SAMPLE, SAMPLE_UID } from '../support/peers/store-client';
import { evaluated, parsedFile, set, type TestRule } from './support';

const folder = mkdtempSync(join(tmpdir(), 'dicom-edit-'));
const failed: unknown[] = [];
const host = new EditHost(
  (news) => failed.push(news),
  (error) => failed.push(error),
);
const user = {};
host.addUser(user);
after(async () => {
  await host.removeUser(user);
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(failed, [{ kind: 'stopped' }]);
});

const { settings: payload } = DICOM_IN.parse({ includeTagsNode: false });
const bytes = readFileSync(SAMPLE);
const { length: size } = dataSetOf(bytes);
const sample: Given = { place: { kind: 'bytes', bytes } };
const RECORD = {
  reason: 'CORRECT',
  system: 'Node-RED',
  source: 'CT01',
  at: Date.UTC(2026, 0, 31, 12),
} as const;

function task(rules: readonly TestRule[], others: Partial<EditTask> = {}): EditTask {
  return { rules: rules.map(evaluated), apply: 'pending', directory: folder, payload, ...others };
}

async function edited(
  rules: readonly TestRule[],
  others: Partial<EditTask> = {},
  given = sample,
): Promise<EditedMessage> {
  const result = await host.ask('edit', given, undefined, task(rules, others));
  assert.ok(!hasFailed(result) && 'json' in result, JSON.stringify(result));
  return result;
}

async function failure(
  rules: readonly TestRule[],
  others: Partial<EditTask> = {},
  given = sample,
): Promise<[string, string]> {
  const result = await host.ask('edit', given, undefined, task(rules, others));
  assert.ok(hasFailed(result), JSON.stringify(result));
  return [result.failure.code, result.failure.text];
}

interface Message {
  payload: { CommonFields: Record<string, unknown> };
  topic: string;
  dicom: Record<string, unknown>;
}
const messageOf = ({ json }: EditedMessage): Message => JSON.parse(json) as Message;

/** The object as changes make it, as another node would. */
async function applied(file: Buffer, changes: DicomChanges): Promise<Buffer> {
  const object = await withChanges(await openBytes(file), changes);
  const { source } = await object.wholeFile();
  const whole = Buffer.from(source.read(0, source.size));
  await object.close();
  return whole;
}

/** With 20 MB of pixels, and something behind them. */
const largeObject = (): Buffer =>
  Buffer.concat([
    fileOf(image(text(0x00200010, 'SH', 'S-7'))),
    element(0x7fe10010, 'LO', 'ACME'),
    element(0x7fe11001, 'OB', Buffer.alloc(20_000_000, 7)),
    element(0x7fe11002, 'LO', 'behind it'),
  ]);

async function stored(queue: DiskQueue, file: Buffer): Promise<string> {
  const { dataSetOffset } = readFileMeta(bufferSource(file));
  const writer = queue.begin(file.subarray(0, dataSetOffset));
  writer.append(file.subarray(dataSetOffset));
  return String(await writer.complete());
}

const RULES: readonly TestRule[] = [
  { op: 'set', path: 'PatientID', value: 'P1' },
  { op: 'new-uid', path: 'SOPInstanceUID' },
  { op: 'new-uid', path: 'StudyInstanceUID' },
];

describe('an edit', () => {
  it('of a large object of a queue fetches what rules and message need, and compares the rest', async () => {
    const large = largeObject();
    const rules: TestRule[] = [...RULES, { op: 'copy', path: 'AccessionNumber', value: 'StudyID' }];
    const inMemory = await edited(rules, {}, { place: { kind: 'bytes', bytes: large } });
    const queue = new DiskQueue({
      directory: join(folder, 'queue'),
      maxObjects: 2,
      minFreeBytes: 0,
      synced: false,
      onlyThisMachine: true,
      onLeftover: assert.fail,
    });
    await queue.open();
    const id = await stored(queue, large);
    const results: EditedMessage[] = [];
    for (const isDamaged of [false, true]) {
      const handle = await queue.openObject(id);
      const { port1: theirs, port2: ours } = new MessageChannel();
      // As bytes of a disk may become others.
      const read: ObjectHandle['readUncompared'] = async (offset, length) => {
        const bytes = await handle.readUncompared(offset, length);
        if (isDamaged && offset > 8_000_000 && offset + length < 16_000_000) bytes.fill(1);
        return bytes;
      };
      const object = serveHandle({ ...handle, readUncompared: read }, theirs);
      const given: Given = { place: { kind: 'opened', object } };
      const result = await host.ask('edit', given, ours, task(rules));
      if (isDamaged) assert.equal((result as { failure?: { code: string } }).failure?.code, 'damaged');
      else results.push(result as EditedMessage);
    }
    assert.deepEqual(results, [inMemory]);
    queue.close();
  });

  it('that is pending tells operations, and what the object will be', async () => {
    const result = await edited(RULES);
    const { payload: made, topic, dicom } = messageOf(result);
    const { CommonFields: fields } = made;
    assert.equal(fields['PatientID'], 'P1');
    assert.deepEqual(
      [topic, dicom['sopInstanceUID']],
      [fields['StudyInstanceUID'], fields['SOPInstanceUID']],
    );
    assert.notEqual(dicom['sopInstanceUID'], SAMPLE_UID);
    assert.deepEqual(result.changes?.of, { sopInstanceUID: SAMPLE_UID, size });
    assert.deepEqual(result.changes?.operations, [
      set('PatientID', 'P1'),
      set('SOPInstanceUID', dicom['sopInstanceUID']),
      set('StudyInstanceUID', topic),
    ]);
    assert.deepEqual([result.object, result.filename], [undefined, undefined]);
  });

  it('goes on with what is pending, and keeps what that is of', async () => {
    const first = await edited(RULES);
    const given: Given = { ...sample, ...(first.changes && { changes: first.changes }) };
    const second = await edited(
      [
        { op: 'copy', path: 'AccessionNumber', value: 'PatientID' },
        { op: 'remove', path: 'PatientID' },
      ],
      {},
      given,
    );
    const { dicom, payload: made } = messageOf(second);
    assert.equal(made.CommonFields['AccessionNumber'], 'P1');
    assert.equal('PatientID' in made.CommonFields, false);
    assert.equal(dicom['sopInstanceUID'], messageOf(first).dicom['sopInstanceUID']);
    assert.deepEqual(second.changes?.of, { sopInstanceUID: SAMPLE_UID, size });
    assert.equal(second.changes?.operations.length, 5);
    const whole = second.changes && (await applied(bytes, second.changes));
    const applyNow = await edited(
      [],
      { apply: 'buffer' },
      { ...sample, ...(second.changes && { changes: second.changes }) },
    );
    assert.ok(whole && applyNow.object && whole.equals(applyNow.object));
  });

  it('that changes nothing leaves the message as it is', async () => {
    const result = await host.ask(
      'edit',
      sample,
      undefined,
      task([{ op: 'set', path: 'PatientID', value: '12345' }]),
    );
    assert.deepEqual(result, { unchanged: true });
  });

  it('makes a new object at once, with its own file meta information', async () => {
    const result = await edited(RULES, { apply: 'buffer' });
    const object = Buffer.from(result.object ?? []);
    const { sopInstanceUID } = parsedFile(object).identity;
    assert.equal(messageOf(result).dicom['sopInstanceUID'], sopInstanceUID);
    assert.equal(messageOf(result).dicom['size'], dataSetOf(object).length);
    const opened = await openBytes(object);
    assert.equal(opened.sopInstanceUID, sopInstanceUID);
    assert.equal(result.changes, undefined);
  });

  it('makes a file, the same one for the same object', async () => {
    const directory = join(folder, 'new files');
    const [one, other] = [
      await edited(RULES, { apply: 'file', directory }),
      await edited(RULES, { apply: 'file', directory }),
    ];
    assert.equal(one.filename, other.filename);
    const { topic, dicom } = messageOf(one);
    assert.ok(
      one.filename?.startsWith(join(directory, topic)) &&
        one.filename.endsWith(`${String(dicom['sopInstanceUID'])}.dcm`),
    );
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(dcm|part)$/.test(name),
    );
    assert.deepEqual(
      files.map((name) => join(directory, name)),
      [one.filename],
    );
    const [file = ''] = [one.filename];
    const { object = [] } = await edited(RULES, { apply: 'buffer' });
    assert.ok(readFileSync(file).equals(Buffer.from(object)));
    writeFileSync(join(folder, 'no directory'), '');
    const [code, text] = await failure(RULES, { apply: 'file', directory: join(folder, 'no directory') });
    assert.deepEqual([code, /EEXIST|ENOTDIR/.test(text)], ['not-placed', true], text);
    // It will not be shorter the next time.
    const long = join(folder, ...Array.from({ length: 20 }, () => 'x'.repeat(250)));
    assert.equal((await failure(RULES, { apply: 'file', directory: long }))[0], 'name-refused');
  });

  it('that fails says which rule, whether that is seen in the rule or in its result', async () => {
    const [code, text] = await failure([
      RULES[0] ?? assert.fail(),
      { op: 'set', path: 'PatientBirthDate', value: '1.2.1999' },
    ]);
    assert.deepEqual([code, text], ['cannot-change', 'rule 2, PatientBirthDate: DA is a date, as 20240131']);
    assert.match(
      (await failure([{ op: 'remove', path: 'SOPClassUID' }]))[1],
      /^rule 1, SOPClassUID: an object must have it/,
    );
    assert.equal((await failure(RULES, {}, { ...sample, sopInstanceUID: '1.2.3' }))[0], 'not-the-object');
    assert.equal(
      (await failure(RULES, {}, { place: { kind: 'bytes', bytes: Buffer.from('nothing') } }))[0],
      'no-file-meta',
    );
  });

  it('has no more operations than changes may have', async () => {
    const items = Array.from({ length: 101 }, () => ({ CodeValue: 'x' }));
    const rules: TestRule[] = [
      { op: 'set', path: 'ProcedureCodeSequence', value: items },
      ...Array.from({ length: 100 }, (_, at): TestRule => ({
        op: 'set',
        path: 'ProcedureCodeSequence[*].CodeMeaning',
        value: `meaning ${at}`,
      })),
    ];
    const [code, text] = await failure(rules);
    assert.deepEqual([code, text.includes(String(MAX_OPERATIONS))], ['cannot-change', true], text);
  });

  it('records former values where it is asked to', async () => {
    const rules: TestRule[] = [
      ...RULES.slice(0, 1),
      { op: 'set', path: 'PatientComments', value: 'new' },
      { op: 'set', path: 'ProcedureCodeSequence[0].CodeMeaning', value: 'changed' },
      { op: 'remove', path: 'PixelData' },
    ];
    const first = await edited(rules, { apply: 'buffer', record: RECORD });
    const warnings = messageOf(first).dicom['warnings'] as { code: string; path: string }[];
    assert.deepEqual(
      warnings.map(({ code, path }) => [code, path]),
      [['not-recorded', '7FE00010']],
    );
    const { changes } = await edited(
      [{ op: 'set', path: 'PatientID', value: 'P2' }],
      { record: { ...RECORD, reason: 'COERCE', source: '' } },
      { place: { kind: 'bytes', bytes: first.object ?? assert.fail() } },
    );
    const record = (item: number): string => `OriginalAttributesSequence[${item}]`;
    assert.deepEqual(
      changes?.operations.filter(({ path }) => !path.endsWith('DateTime')),
      [
        set('PatientID', 'P2'),
        set(`${record(1)}.ModifiedAttributesSequence`, [{ PatientID: 'P1' }]),
        set(`${record(1)}.ModifyingSystem`, 'Node-RED'),
        set(`${record(1)}.SourceOfPreviousValues`, null),
        set(`${record(1)}.ReasonForTheAttributeModification`, 'COERCE'),
      ],
    );
    const { changes: whole } = await edited(rules.slice(0, 3), { record: RECORD });
    const modified = whole?.operations.find(({ path }) => path.endsWith('ModifiedAttributesSequence'));
    assert.deepEqual(
      modified,
      set(`${record(0)}.ModifiedAttributesSequence`, [
        {
          PatientID: '12345',
          PatientComments: null,
          ProcedureCodeSequence: [
            { CodeValue: 'PHANTOM', CodingSchemeDesignator: '99EXAMPLE', CodeMeaning: 'Phantom examination' },
          ],
        },
      ]),
    );
  });
});

describe('an edit of every object of the corpus', () => {
  const rules: TestRule[] = [
    { op: 'set', path: 'PatientID', value: 'EDITED' },
    { op: 'set', path: 'RequestAttributesSequence[0].ScheduledProcedureStepID', value: 'S1' },
    { op: 'new-uid', path: 'SOPInstanceUID' },
    { op: 'shift-date', path: 'StudyDate', value: '-1' },
    { op: 'remove-private' },
    { op: 'copy', path: 'AccessionNumber', value: 'PatientID' },
  ];

  for (const { name, path } of corpusFiles('good'))
    it(`${name}: pending and at once come to the same`, async () => {
      const file = readFileSync(path);
      const given: Given = { place: { kind: 'file', path } };
      const pending = await host.ask('edit', given, undefined, task(rules));
      const now = await host.ask('edit', given, undefined, task(rules, { apply: 'buffer' }));
      if (hasFailed(pending)) {
        assert.deepEqual(now, pending);
        assert.equal(pending.failure.code, 'cannot-change', pending.failure.text);
        return;
      }
      assert.ok('changes' in pending && pending.changes !== undefined && 'object' in now);
      const object = Buffer.from(now.object ?? []);
      assert.ok((await applied(file, pending.changes)).equals(object));
      const { CommonFields: fields } = messageOf(now).payload;
      assert.deepEqual([fields['PatientID'], fields['AccessionNumber']], ['EDITED', 'EDITED']);
      assert.deepEqual(messageOf(pending).payload, messageOf(now).payload);
      // The same rules find nothing more to do, but for those that go on and on.
      const again = rules.filter(({ op }) => op !== 'new-uid' && op !== 'shift-date');
      const nothing = await host.ask(
        'edit',
        { place: { kind: 'bytes', bytes: object } },
        undefined,
        task(again),
      );
      assert.deepEqual(nothing, { unchanged: true });
    });
});
