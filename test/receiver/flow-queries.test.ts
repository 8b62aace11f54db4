import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { encodeIdentifier } from '../../src/dicom';
import type { Receiver } from '../../src/receiver';
import { isQueryStatus } from '../../src/receiver/flow-queries';
import { DimseClient, PATIENT_ROOT, STUDY_ROOT, WORKLIST } from '../support/peers/find-client';
import { receiversForFile, type InProcessReceiver } from '../support/workers/in-process-receiver';
import { commandSet, CT, dataTF, EXPLICIT, IMPLICIT, JPEG, pdv } from '../support/connections/pdus';
import { associate } from '../support/connections/raw-peer';
import { until } from '../support/machine/until';

const receivers = receiversForFile('flow-queries');
const SETTINGS = {
  answerQueries: ['study', 'patient', 'worklist'],
  acceptedCallingAETs: 'FINDER',
  queue: 'memory',
};

type Answer = Parameters<Receiver['answerQuery']>[1];
const answer = (matches: unknown[], more: Partial<Answer> = { isLast: true }): Answer => ({
  matches: JSON.stringify(matches),
  status: 0,
  ...more,
});

/** A receiver whose flow answers each query at once. */
function answering(answers: Answer[], settings: Record<string, unknown> = {}): Promise<InProcessReceiver> {
  return receivers.start(
    receivers.folder(),
    { ...SETTINGS, ...settings },
    {
      onQuery: (receiver, id) => {
        for (const each of answers) void receiver.answerQuery(id, each);
      },
    },
  );
}

const silent = (settings: Record<string, unknown> = {}): Promise<InProcessReceiver> =>
  answering([], settings);
const KEYS = { QueryRetrieveLevel: 'STUDY', PatientID: '12345', StudyInstanceUID: null };
const match = (number: number): object => ({ PatientID: '12345', StudyInstanceUID: `1.2.3.${number}` });

describe('a query', () => {
  it('comes into the flow with its keys, and who asks what', async () => {
    const { port, queries, receiver } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find({
      QueryRetrieveLevel: 'STUDY',
      SpecificCharacterSet: 'ISO_IR 100',
      PatientName: 'Müller*',
      StudyDate: '20260101-20260131',
      StudyInstanceUID: ['1.2', '1.3'],
      AccessionNumber: null,
      RequestAttributesSequence: [{ RequestedProcedureID: null }],
    });
    await until(() => queries.length > 0, 'the query');
    const [{ message } = assert.fail()] = queries;
    assert.deepEqual(message.payload, {
      StudyDate: '20260101-20260131',
      AccessionNumber: null,
      PatientName: { Alphabetic: 'Müller*' },
      StudyInstanceUID: ['1.2', '1.3'],
      RequestAttributesSequence: [{ RequestedProcedureID: null }],
    });
    const { model, level, callingAET, calledAET, queryId, messageId, characterSet } = message.dicom as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      { model, level, callingAET, calledAET, messageId, characterSet, topic: message.topic },
      {
        model: 'study',
        level: 'study',
        callingAET: 'FINDER',
        calledAET: 'ANY-SCP',
        messageId: 1,
        characterSet: 'ISO_IR 100',
        topic: 'study',
      },
    );
    assert.equal(queryId, `test:${queries[0]?.id}`);
    await receiver.answerQuery(queries[0]?.id ?? '', answer([]));
    assert.equal((await client.all()).last.status, 0);
    client.close();
  });

  it('is answered with what was asked for, and with nothing else', async () => {
    const { port } = await answering([
      answer([
        { PatientID: 'other', StudyInstanceUID: '1.2.3', PatientSex: 'F', RetrieveAETitle: 'ARCHIVE' },
        { StudyInstanceUID: '1.2.4' },
      ]),
    ]);
    for (const syntax of [EXPLICIT, IMPLICIT]) {
      const client = await DimseClient.open(port, STUDY_ROOT, { syntax });
      client.find({ ...KEYS, PatientName: 'Doe^John', StudyDate: '20260101-', ModalitiesInStudy: 'C*' });
      const { matches, pending, last } = await client.all();
      assert.deepEqual(
        pending.map(({ status }) => status.toString(16)),
        ['ff00', 'ff00'],
      );
      const asked = {
        ModalitiesInStudy: null,
        PatientName: { Alphabetic: 'Doe^John' },
        QueryRetrieveLevel: 'STUDY',
        StudyDate: null,
      };
      assert.deepEqual(matches, [
        { ...asked, PatientID: 'other', RetrieveAETitle: ['ARCHIVE'], StudyInstanceUID: '1.2.3' },
        { ...asked, PatientID: '12345', StudyInstanceUID: '1.2.4' },
      ]);
      assert.deepEqual([last.status, last.bytes, last.command.get(0x0120)], [0, undefined, 1]);
      client.close();
    }
  });

  it('of a worklist has its answer in the sequence that it asks for', async () => {
    const { port } = await answering([
      answer([
        {
          PatientName: 'Doe^John',
          ScheduledProcedureStepSequence: [
            { Modality: 'CT', ScheduledStationAETitle: 'CT01', ScheduledProcedureStepStartDate: '20261126' },
          ],
        },
        {},
      ]),
    ]);
    const client = await DimseClient.open(port, WORKLIST);
    client.find({
      PatientName: null,
      ScheduledProcedureStepSequence: [{ Modality: 'CT', ScheduledProcedureStepStartDate: null }],
    });
    const { matches } = await client.all();
    assert.deepEqual(matches, [
      {
        PatientName: { Alphabetic: 'Doe^John' },
        ScheduledProcedureStepSequence: [{ Modality: 'CT', ScheduledProcedureStepStartDate: '20261126' }],
      },
      {
        PatientName: null,
        ScheduledProcedureStepSequence: [{ Modality: 'CT', ScheduledProcedureStepStartDate: null }],
      },
    ]);
    client.close();
  });

  it('is answered in its own character set, and in UTF-8 where that has not all characters', async () => {
    for (const [name, characterSet, expected] of [
      ['Müller^Jörg', 'ISO_IR 100', 'ISO_IR 100'],
      ['Müller^Jörg', undefined, 'ISO_IR 192'],
      ['Doe^John', undefined, undefined],
      ['Yamada^Tarou=山田^太郎', 'ISO_IR 100', 'ISO_IR 192'],
      ['Yamada^Tarou=山田^太郎', 'ISO 2022 IR 6\\ISO 2022 IR 87', 'ISO_IR 192'],
      ['Müller^Jörg', 'NO SUCH SET', 'ISO_IR 192'],
    ] as const) {
      const { port } = await answering([answer([{ PatientName: name, SpecificCharacterSet: 'ISO_IR 144' }])]);
      const client = await DimseClient.open(port, STUDY_ROOT);
      const set = element(0x00080005, 'CS', characterSet ?? '');
      const rest = encodeIdentifier({ QueryRetrieveLevel: 'STUDY', PatientName: null }, EXPLICIT);
      client.findBytes(characterSet === undefined ? rest : Buffer.concat([set, rest]));
      const { matches } = await client.all();
      const [Alphabetic, Ideographic] = name.split('=');
      const expectedName = { Alphabetic, ...(Ideographic !== undefined && { Ideographic }) };
      assert.deepEqual(matches[0]?.['PatientName'], expectedName, characterSet);
      assert.deepEqual(matches[0]?.['SpecificCharacterSet'], expected && [expected], characterSet);
      client.close();
    }
  });

  it('is answered also where it has keys that an answer cannot have', async () => {
    const item = (...elements: Buffer[]): Buffer => {
      const bytes = Buffer.concat(elements);
      const header = Buffer.from('feff00e000000000', 'hex');
      header.writeUInt32LE(bytes.length, 4);
      return Buffer.concat([header, bytes]);
    };
    const deep = Array.from({ length: 200 }).reduce<Buffer>(
      (inner) => element(0x00081110, 'SQ', item(inner)),
      Buffer.alloc(0),
    );
    for (const [name, key, expected] of [
      ['a text that is too long', element(0x00080050, 'SH', 'A'.repeat(60)), { AccessionNumber: null }],
      ['a date of old', element(0x00080020, 'DA', '2026.01.01'), { StudyDate: null }],
      ['a code in lower case', element(0x00080061, 'CS', 'ct'), { ModalitiesInStudy: null }],
      ['no number', element(0x00201206, 'IS', 'few'), { NumberOfStudyRelatedSeries: null }],
      [
        'one in a sequence',
        element(
          0x00081110,
          'SQ',
          item(element(0x00081150, 'UI', '1.2'), element(0x00080020, 'DA', '2026.01.01')),
        ),
        { ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2', StudyDate: null }] },
      ],
      [
        'private attributes',
        Buffer.concat([element(0x00090010, 'LO', 'ACME'), element(0x00091001, 'LO', 'x')]),
        {},
      ],
      ['sequences within sequences', deep, { ReferencedStudySequence: [] }],
    ] as const) {
      const { port } = await answering([answer([{ PatientID: '1' }])]);
      const client = await DimseClient.open(port, WORKLIST);
      client.findBytes(Buffer.concat([key, element(0x00100020, 'LO', '')]));
      const { matches, last } = await client.all();
      assert.equal(last.status, 0, name);
      const shown = name.startsWith('sequences')
        ? { ...matches[0], ReferencedStudySequence: [] }
        : matches[0];
      assert.deepEqual(shown, { ...expected, PatientID: '1' }, name);
      client.close();
    }
  });

  it('ends when the messages say that they are all there, in whatever order', async () => {
    const parts = [1, 2, 3].map((number) => answer([match(number)], number === 2 ? { count: 3 } : {}));
    for (const answers of [
      [parts[1], parts[0], parts[2]],
      [answer([match(1)], {}), answer([match(2)], {}), answer([match(3)])],
      [answer([match(1)], { isPart: true }), answer([match(2), match(3)])],
    ]) {
      const { port, receiver, queries } = await answering(answers as Answer[]);
      const client = await DimseClient.open(port, STUDY_ROOT);
      client.find(KEYS);
      const { matches, last } = await client.all();
      assert.deepEqual([matches.length, last.status], [3, 0]);
      const again = await receiver.answerQuery(queries[0]?.id ?? '', answer([]));
      assert.deepEqual(again, { outcome: 'alreadyAnswered' });
      client.close();
    }
  });

  it('that is cancelled ends with FE00; what the flow says later is not sent', async () => {
    const { port, receiver, queries } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find(KEYS, 5);
    await until(() => queries.length > 0, 'the query');
    const id = queries[0]?.id ?? '';
    assert.deepEqual(await receiver.answerQuery(id, answer([match(1)], {})), { outcome: 'answered' });
    client.cancel(4);
    assert.deepEqual(await receiver.answerQuery(id, answer([match(2)], {})), { outcome: 'answered' });
    client.cancel(5);
    const { matches, last } = await client.all();
    assert.deepEqual([matches.length, last.status], [2, 0xfe00]);
    assert.deepEqual(await receiver.answerQuery(id, answer([match(3)])), { outcome: 'cancelled' });
    // The association lives, and a cancel of what is over changes nothing.
    client.cancel(5);
    client.find(KEYS, 6);
    await until(() => queries.length > 1, 'the second query');
    await receiver.answerQuery(queries[1]?.id ?? '', answer([match(4)]));
    assert.equal((await client.all()).last.status, 0);
    client.close();
  });

  it('that the flow does not answer ends with C001, and an error', async () => {
    const { port, receiver, queries, faults } = await silent({ queryDeadlineSeconds: 1 });
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find(KEYS);
    const { last } = await client.all();
    assert.deepEqual([last.status, last.command.get(0x0902)], [0xc001, 'no answer within 1 s']);
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['findTimedOut'],
    );
    assert.deepEqual(await receiver.answerQuery(queries[0]?.id ?? '', answer([])), { outcome: 'tooLate' });
    client.close();
  });

  it('is told of as too late where its peer is gone', async () => {
    const { port, receiver, queries } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find(KEYS);
    await until(() => queries.length > 0, 'the query');
    client.close();
    const outcome = async (): Promise<string> =>
      (await receiver.answerQuery(queries[0]?.id ?? '', answer([match(1)], {}))).outcome;
    await until(async () => (await outcome()) === 'tooLate', 'the end');
    assert.deepEqual(await receiver.answerQuery('none', answer([])), { outcome: 'unknown' });
  });

  it('ends with A700 beyond 10 000 matches or 16 MB, with C000 where a match cannot be sent', async () => {
    const long = 'x'.repeat(1_000_000);
    const wide = Array.from({ length: 17 }, () => ({ PatientComments: long }));
    for (const [matches, status, outcome] of [
      [Array.from({ length: 10_001 }, () => match(1)), 0xa700, 'tooMany'],
      [wide, 0xa700, 'tooMany'],
      [[match(1), 'text'], 0xc000, 'wrongMatch'],
      [[match(1), null], 0xc000, 'wrongMatch'],
      [[match(1), [match(2)]], 0xc000, 'wrongMatch'],
      [[{ StudyInstanceUID: 'no UID' }], 0xc000, 'wrongMatch'],
      [[{ StudyInstanceUID: { a: 1 } }], 0xc000, 'wrongMatch'],
      [[match(1), { patient_name: 'Doe^Jane' }], 0xc000, 'wrongMatch'],
    ] as const) {
      const { port, receiver, queries } = await silent();
      const client = await DimseClient.open(port, STUDY_ROOT);
      client.find(KEYS);
      await until(() => queries.length > 0, 'the query');
      const done = receiver.answerQuery(queries[0]?.id ?? '', answer([...matches]));
      assert.equal((await client.all()).last.status, status);
      const told = await done;
      assert.equal(told.outcome, outcome);
      // What is wrong is named, and never a value.
      if (told.outcome === 'wrongMatch') assert.doesNotMatch(told.reason, /no UID/);
      client.close();
    }
  });

  it('has every status that the Standard lists, and no other one (PS3.4 C.4.1.1.4, K.4.1.1.4)', async () => {
    const listed = [0x0000, 0x0122, 0x0124, 0xa700, 0xa701, 0xa702, 0xa900, 0xc000, 0xc001, 0xcfff, 0xfe00];
    const wrong = [0x0001, 0x0110, 0x0111, 0x0112, 0x0117, 0x0211, 0xb000, 0xb006, 0xb007, 0xa800, 0xff02];
    const { port, receiver, queries } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    for (const [at, status] of [...listed, ...wrong].entries()) {
      client.find(KEYS);
      await until(() => queries.length > at, 'the query');
      const given = { matches: '[]', status, isLast: true, comment: 'why' } as const;
      const { outcome } = await receiver.answerQuery(queries[at]?.id ?? '', given);
      const { last } = await client.all();
      const isListed = listed.includes(status);
      assert.equal(isQueryStatus(status), isListed, status.toString(16));
      assert.equal(outcome, isListed ? 'answered' : 'wrongStatus');
      assert.equal(last.status, isListed ? status : 0xc000, status.toString(16));
      if (isListed && status !== 0) assert.equal(last.command.get(0x0902), 'why');
    }
    for (const status of [0xff00, 0xff01]) {
      const before = queries.length;
      client.find(KEYS);
      await until(() => queries.length > before, 'the query');
      await receiver.answerQuery(queries.at(-1)?.id ?? '', answer([match(1)], { status, isLast: true }));
      const { pending, last } = await client.all();
      assert.deepEqual([pending[0]?.status, last.status], [status, 0]);
    }
    client.close();
  });

  it('is one of sixteen at most in the flow; one more is answered A700', async () => {
    const { port, receiver, queries } = await silent();
    const clients: DimseClient[] = [];
    for (let number = 0; number < 17; number += 1) clients.push(await DimseClient.open(port, STUDY_ROOT));
    for (const [at, client] of clients.entries()) {
      client.find(KEYS);
      if (at < 16) await until(() => queries.length > at, 'a query');
    }
    assert.equal((await (clients.at(-1) as DimseClient).all()).last.status, 0xa700);
    await receiver.answerQuery(queries[0]?.id ?? '', answer([]));
    clients.at(-1)?.find(KEYS);
    await until(() => queries.length > 16, 'a query that has room');
    for (const client of clients) client.close();
  });

  it('is sent no faster than the peer reads, and waits for it without a deadline', async () => {
    const comments = 'x'.repeat(9_000);
    const many = Array.from({ length: 1_500 }, () => ({ PatientComments: comments }));
    const { port, receiver, queries } = await silent({ queryDeadlineSeconds: 1 });
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find({ QueryRetrieveLevel: 'STUDY', PatientComments: null });
    await until(() => queries.length > 0, 'the query');
    client.peer.socket.pause();
    let isDone = false;
    const done = receiver.answerQuery(queries[0]?.id ?? '', answer(many)).then((outcome) => {
      isDone = true;
      return outcome;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    assert.equal(isDone, false);
    client.peer.socket.resume();
    const { pending, last } = await client.all();
    assert.deepEqual([pending.length, last.status], [1_500, 0]);
    assert.deepEqual(await done, { outcome: 'answered' });
    client.close();
  });
});

it('a peer that reads no answers is aborted after the idle timeout, whatever it sends meanwhile', async () => {
  const comments = 'x'.repeat(9_000);
  const many = Array.from({ length: 1_500 }, () => ({ PatientComments: comments }));
  const { port, receiver, queries, events } = await silent({
    idleTimeoutSeconds: 1,
    associationTimeoutSeconds: 1,
  });
  const client = await DimseClient.open(port, STUDY_ROOT);
  client.find({ QueryRetrieveLevel: 'STUDY', PatientComments: null });
  await until(() => queries.length > 0, 'the query');
  client.peer.socket.pause();
  const noise = setInterval(() => client.cancel(99), 100);
  const outcome = await receiver.answerQuery(queries[0]?.id ?? '', answer(many));
  clearInterval(noise);
  assert.deepEqual(outcome, { outcome: 'tooLate' });
  const aborted = events.find(({ event }) => event === 'association-aborted');
  assert.match((aborted as { text?: string } | undefined)?.text ?? '', /took no response for 1 s/);
  client.close();
});

describe('queries are taken', () => {
  it('of the models that are chosen, in plain transfer syntaxes, and from nobody where anyone may call', async () => {
    for (const [settings, sopClass, syntax, isAccepted] of [
      [{}, STUDY_ROOT, EXPLICIT, true],
      [{}, PATIENT_ROOT, IMPLICIT, true],
      [{}, WORKLIST, EXPLICIT, true],
      [{}, WORKLIST, JPEG, false],
      [{ answerQueries: ['worklist'] }, WORKLIST, EXPLICIT, true],
      [{ answerQueries: ['worklist'] }, STUDY_ROOT, EXPLICIT, false],
      [{ answerQueries: [] }, WORKLIST, EXPLICIT, false],
      [{ acceptedCallingAETs: '*' }, WORKLIST, EXPLICIT, false],
      [{ acceptedCallingAETs: 'FINDER, *' }, STUDY_ROOT, EXPLICIT, false],
      // C-MOVE and C-GET are no queries.
      [{}, '1.2.840.10008.5.1.4.1.2.2.2', EXPLICIT, false],
      [{}, '1.2.840.10008.5.1.4.1.2.2.3', EXPLICIT, false],
    ] as const) {
      const { port } = await answering([answer([])], settings);
      const client = await DimseClient.open(port, sopClass, { syntax });
      if (isAccepted) {
        client.find(sopClass === WORKLIST ? { PatientID: null } : KEYS);
        assert.equal((await client.all()).last.status, 0);
      } else {
        client.request({ 0x0002: sopClass, 0x0100: 0x0020, 0x0110: 1, 0x0700: 0 }, Buffer.alloc(8));
        assert.equal((await client.peer.next())?.type, 7, `${sopClass} is not accepted`);
      }
      client.close();
    }
  });

  it('with a level of their model, and are answered A900 without', async () => {
    const { port, queries } = await answering([answer([])]);
    for (const [sopClass, level, status] of [
      [STUDY_ROOT, 'PATIENT', 0xa900],
      [STUDY_ROOT, 'SERIES', 0],
      [STUDY_ROOT, 'IMAGE', 0],
      [STUDY_ROOT, 'WORLD', 0xa900],
      [STUDY_ROOT, null, 0xa900],
      [PATIENT_ROOT, 'PATIENT', 0],
    ] as const) {
      const client = await DimseClient.open(port, sopClass);
      client.find({ QueryRetrieveLevel: level, PatientID: '1' });
      assert.equal((await client.all()).last.status, status, `${sopClass} ${level}`);
      client.close();
    }
    assert.equal(queries.length, 3);
  });
});

describe('a hostile client', () => {
  const item = (inside: Buffer): Buffer => {
    const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    header.writeUInt32LE(inside.length, 4);
    return Buffer.concat([header, inside]);
  };
  const nested = (depth: number): Buffer => {
    const open = Buffer.from([0x40, 0, 0x00, 0x01, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    const begin = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
    return Buffer.concat(Array.from({ length: depth }, () => Buffer.concat([open, begin])));
  };

  it('gets C000 for an identifier that is none, and the association lives', async () => {
    const { port, queries } = await answering([answer([])]);
    const client = await DimseClient.open(port, WORKLIST);
    for (const identifier of [
      Buffer.from('no data set at all, but some text'),
      Buffer.alloc(1_000, 0xff),
      encodeIdentifier({ PatientID: '12345' }, EXPLICIT).subarray(0, -3),
      nested(10_000),
      element(0x00400100, 'SQ', item(Buffer.alloc(7))),
    ]) {
      client.findBytes(identifier);
      const { last } = await client.all();
      assert.equal(last.status, 0xc000, identifier.subarray(0, 20).toString('latin1'));
    }
    client.findBytes(Buffer.alloc(262_146, ' '));
    assert.equal((await client.all()).last.status, 0xa700);
    client.request({ 0x0002: WORKLIST, 0x0100: 0x0020, 0x0110: 1, 0x0700: 0 });
    assert.equal((await client.all()).last.status, 0xc000);
    client.request({ 0x0002: STUDY_ROOT, 0x0100: 0x0020, 0x0110: 1, 0x0700: 0 }, Buffer.alloc(0));
    assert.equal((await client.all()).last.status, 0x0122);
    assert.equal(queries.length, 0);
    // An empty one asks for nothing, and has an answer.
    client.findBytes(Buffer.alloc(0));
    assert.equal((await client.all()).last.status, 0);
    client.close();
  });

  it('gets an empty match where it asks for nothing', async () => {
    const { port } = await answering([answer([{ PatientID: '1' }])]);
    const client = await DimseClient.open(port, WORKLIST);
    client.findBytes(Buffer.alloc(0));
    const { pending, last } = await client.all();
    assert.deepEqual([pending.length, pending[0]?.bytes?.length, last.status], [1, 0, 0]);
    client.close();
  });

  it('has one query at a time: others are refused meanwhile, whatever they are', async () => {
    const { port, receiver, queries } = await silent();
    const contexts = [
      { id: 1, abstractSyntax: STUDY_ROOT, transferSyntaxes: [EXPLICIT] },
      { id: 3, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
    ];
    const client = await DimseClient.open(port, STUDY_ROOT, { contexts });
    client.find(KEYS, 1);
    await until(() => queries.length > 0, 'the query');
    for (let number = 2; number < 200; number += 1) client.find(KEYS, number);
    for (let number = 2; number < 200; number += 1) {
      const { status, command } = await client.next();
      assert.deepEqual([status, command.get(0x0120)], [0xa700, number]);
    }
    assert.equal(queries.length, 1);
    await receiver.answerQuery(queries[0]?.id ?? '', answer([match(1)]));
    const { matches, last } = await client.all();
    assert.deepEqual([matches.length, last.status, last.command.get(0x0120)], [1, 0, 1]);
    client.close();
  });

  it('is aborted for data after a cancel, and its query is over', async () => {
    const { port, receiver, queries } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find(KEYS);
    await until(() => queries.length > 0, 'the query');
    client.peer.send(
      dataTF(pdv(1, 3, commandSet({ 0x0100: 0x0fff, 0x0120: 9, 0x0800: 0x0101 }))),
      dataTF(pdv(1, 2, Buffer.alloc(20))),
    );
    assert.equal((await client.peer.next())?.type, 7);
    client.close();
    const { outcome } = await receiver.answerQuery(queries[0]?.id ?? '', answer([match(1)]));
    assert.equal(outcome, 'tooLate');
  });

  it('that releases in the middle of its query gets its release', async () => {
    const { port, queries } = await silent();
    const client = await DimseClient.open(port, STUDY_ROOT);
    client.find(KEYS);
    await until(() => queries.length > 0, 'the query');
    client.peer.send(Buffer.from([5, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
    assert.equal((await client.peer.next())?.type, 6);
    client.close();
  });
});

it('a receiver that stops tells those who wait, and closes', async () => {
  const started = await silent();
  const client = await DimseClient.open(started.port, STUDY_ROOT);
  client.find(KEYS);
  await until(() => started.queries.length > 0, 'the query');
  const closed = once(client.peer.socket, 'close');
  await receivers.stop(started);
  assert.equal((await client.all()).last.status, 0xa700);
  await closed;
  await assert.rejects(associate(started.port));
});

/** An element in explicit VR little endian. */
function element(tag: number, vr: string, value: string | Buffer): Buffer {
  const bytes =
    typeof value === 'string' ? Buffer.from(value.length % 2 ? `${value} ` : value, 'latin1') : value;
  const isLong = vr === 'SQ';
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(bytes.length, 8);
  else header.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}
