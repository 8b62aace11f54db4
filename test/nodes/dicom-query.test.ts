import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { QueryEnd } from '../../src/query';
import { peerSettings, SenderHost } from '../../src/sender';
import { DICOM_PEER, DICOM_QUERY } from '../../src/settings';
import { TAB, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { heldMemory } from '../support/machine/garbage';
import { MisbehavingScp, type Behaviour, type StoredObject } from '../support/peers/misbehaving-scp';
import { needs } from '../support/machine/needs';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { abort, commandSet, dataTF, pdv } from '../support/connections/pdus';
import { Scps } from '../support/peers/scps';
import { run } from '../support/machine/run';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
const misbehaving: MisbehavingScp[] = [];
let isLoaded = false;
async function unload(): Promise<void> {
  if (isLoaded) await nodes.unload();
  isLoaded = false;
}
afterEach(async () => {
  await unload();
  for (const scp of misbehaving.splice(0)) await scp.stop();
});

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const peer = (port: number, settings: object = {}): FlowNode => ({
  id: 'archive',
  type: 'dicom-peer',
  ...DICOM_PEER.defaults,
  name: 'PACS',
  host: '127.0.0.1',
  port: String(port),
  calledAET: 'ARCHIVE',
  ...settings,
});
const query = (settings: object = {}): FlowNode =>
  flowNode('query', 'dicom-query', {
    ...DICOM_QUERY.defaults,
    peer: 'archive',
    wires: [['found']],
    ...settings,
  });

interface Answers {
  found: Message[];
  caught: Message[];
  ask: (message?: Message) => void;
  /** The next end, from either side. */
  end: () => Promise<Message>;
}

async function loaded(port: number, settings: object = {}, peerSettings: object = {}): Promise<Answers> {
  isLoaded = true;
  await nodes.load([
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    helper('caught'),
    helper('found'),
    peer(port, peerSettings),
    query(settings),
  ]);
  const [found, caught] = [nodes.inputs('found'), nodes.inputs('caught')];
  return {
    found,
    caught,
    ask: (message = {}) => nodes.node('query').receive(message),
    end: async () => {
      const isEnd = (message: Message): boolean => 'query' in Object(message['dicom']);
      await until(() => found.some(isEnd) || caught.length > 0, 'the end of the query');
      return caught[0] ?? found.find(isEnd) ?? assert.fail();
    },
  };
}

const factsOf = (message: Message): Record<string, unknown> =>
  (message['dicom'] as { query: Record<string, unknown> }).query;
const codeOf = (message: Message): unknown => (message['error'] as { code?: unknown } | undefined)?.code;
const textOf = (message: Message): string =>
  String((message['error'] as { message?: unknown } | undefined)?.message);
const matchesOf = (message: Message): Record<string, unknown>[] => {
  assert.ok(Array.isArray(message['payload']), textOf(message));
  return message['payload'] as Record<string, unknown>[];
};

interface Study {
  name: string;
  id: string;
  uid: string;
  charset?: string;
}
const STUDIES: Study[] = [
  { name: 'Doe^Jane', id: 'P1', uid: '1.2.3.1' },
  { name: 'Doe^Jane', id: 'P1', uid: '1.2.3.2' },
  { name: 'Müller^Jörg', id: 'P2', uid: '1.2.3.3', charset: 'ISO_IR 192' },
  { name: 'Yamada^Tarou=山田^太郎=やまだ^たろう', id: 'P3', uid: '1.2.3.4', charset: 'ISO_IR 192' },
];
const ctDump = ({ name, id, uid, charset }: Study): string =>
  [
    ...(charset === undefined ? [] : [`(0008,0005) CS [${charset}]`]),
    '(0008,0016) UI [1.2.840.10008.5.1.4.1.1.2]',
    `(0008,0018) UI [${uid}.1.1]`,
    '(0008,0020) DA [20260102]',
    '(0008,0030) TM [101112]',
    `(0008,0050) SH [ACC${uid.slice(-1)}]`,
    '(0008,0060) CS [CT]',
    `(0010,0010) PN [${name}]`,
    `(0010,0020) LO [${id}]`,
    '(0010,0030) DA [19700101]',
    '(0010,0040) CS [O]',
    `(0020,000d) UI [${uid}]`,
    `(0020,000e) UI [${uid}.1]`,
    '(0020,0010) SH [1]',
    '(0020,0011) IS [1]',
    '(0020,0013) IS [1]',
  ].join('\n');

async function made(folder: string, name: string, dump: string): Promise<string> {
  const [text, file] = [join(folder, `${name}.dump`), join(folder, name)];
  writeFileSync(text, `${dump}\n`);
  const { code, output } = await run('dump2dcm', ['+te', text, file]);
  assert.equal(code, 0, output);
  rmSync(text);
  return file;
}

describe('dicom-query and archives', { skip: needs('dcmtk', 'orthanc') }, () => {
  const scps = new Scps();
  const folder = mkdtempSync(join(tmpdir(), 'query-'));
  const ports: Record<string, number> = {};
  before(async () => {
    ports['dcmqrscp'] = (await scps.dcmqrscp()).port;
    ports['Orthanc'] = (
      await scps.orthanc({ DicomAet: 'ARCHIVE', DicomAlwaysAllowFind: true, DefaultEncoding: 'Utf8' })
    ).port;
    const files = await Promise.all(STUDIES.map((study) => made(folder, study.uid, ctDump(study))));
    for (const port of Object.values(ports)) {
      const { code, output } = await run('storescu', [
        '-aec',
        'ARCHIVE',
        '127.0.0.1',
        String(port),
        ...files,
      ]);
      assert.equal(code, 0, output);
    }
  });
  after(async () => {
    await scps.stop();
    rmSync(folder, { recursive: true });
  });

  for (const name of ['dcmqrscp', 'Orthanc']) {
    const port = (): number => ports[name] ?? 0;

    it(`${name}: the studies of a patient, as keywords`, async () => {
      const keys = [{ path: 'PatientID', value: 'payload', valueType: 'msg' }];
      const { ask, end } = await loaded(port(), { keys });
      ask({ payload: 'P1', topic: 'kept' });
      const message = await end();
      const found = matchesOf(message);
      assert.deepEqual(found.map(({ StudyInstanceUID }) => StudyInstanceUID).sort(), ['1.2.3.1', '1.2.3.2']);
      assert.deepEqual([found[0]?.['PatientID'], found[0]?.['StudyDate']], ['P1', '20260102']);
      assert.equal(message['topic'], 'kept');
      assert.deepEqual(factsOf(message), {
        peer: 'PACS',
        model: 'study',
        level: 'study',
        matches: 2,
        truncated: false,
        notNegotiated: [],
        cancelled: false,
      });
    });

    it(`${name}: nothing found is a result`, async () => {
      const { ask, end } = await loaded(port());
      ask({ query: { PatientID: 'NOBODY' } });
      const message = await end();
      assert.deepEqual(matchesOf(message), []);
      assert.equal(factsOf(message)['matches'], 0);
    });

    it(`${name}: series and images below a study`, async () => {
      const { ask, end } = await loaded(port(), { level: 'series' });
      ask({ query: { StudyInstanceUID: '1.2.3.3' } });
      assert.deepEqual(
        matchesOf(await end()).map(({ SeriesInstanceUID, Modality }) => [SeriesInstanceUID, Modality]),
        [['1.2.3.3.1', 'CT']],
      );
      await unload();
      const images = await loaded(port(), { level: 'image', model: 'patient' });
      images.ask({ query: { PatientID: 'P2', StudyInstanceUID: '1.2.3.3', SeriesInstanceUID: '1.2.3.3.1' } });
      assert.deepEqual(
        matchesOf(await images.end()).map(({ SOPInstanceUID }) => SOPInstanceUID),
        ['1.2.3.3.1.1'],
      );
    });

    it(`${name}: a message for each match, the last one with their number`, async () => {
      const { found, ask, end } = await loaded(port(), { output: 'stream' });
      ask({ query: { PatientID: 'P1' } });
      await end();
      const parts = found.map((message) => message['parts'] as { index: number; count?: number; id: string });
      assert.deepEqual(
        parts.map(({ index, count }) => [index, count]),
        [
          [0, undefined],
          [1, 2],
        ],
      );
      assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
      assert.deepEqual(
        found.map(({ complete }) => complete),
        [undefined, true],
      );
    });

    it(`${name}: texts of other alphabets in answers`, async () => {
      const { ask, end } = await loaded(port());
      ask({ query: { StudyInstanceUID: ['1.2.3.3', '1.2.3.4'] } });
      const names = matchesOf(await end()).map(({ PatientName }) => JSON.stringify(PatientName));
      assert.ok(
        names.some((text) => text.includes('Müller^Jörg')),
        names.join(),
      );
      assert.ok(
        names.some((text) => text.includes('山田^太郎')),
        names.join(),
      );
    });
  }

  it('Orthanc: texts of other alphabets in the query', async () => {
    const { ask, end } = await loaded(ports['Orthanc'] ?? 0);
    ask({ query: { PatientName: 'Müller*' } });
    assert.deepEqual(
      matchesOf(await end()).map(({ PatientID }) => PatientID),
      ['P2'],
    );
  });

  it('the limit truncates, and what fits exactly is not truncated', async () => {
    const { ask, end } = await loaded(ports['dcmqrscp'] ?? 0, { limit: '1' });
    ask({ query: { PatientID: 'P1' } });
    const message = await end();
    assert.deepEqual([matchesOf(message).length, factsOf(message)['truncated']], [1, true]);
    await unload();
    const exact = await loaded(ports['dcmqrscp'] ?? 0, { limit: '2' });
    exact.ask({ query: { PatientID: 'P1' } });
    assert.equal(factsOf(await exact.end())['truncated'], false);
  });

  let port = 0;
  let wanted = '';
  before(async () => {
    const root = join(folder, 'worklists');
    mkdirSync(join(root, 'ARCHIVE'), { recursive: true });
    writeFileSync(join(root, 'ARCHIVE', 'lockfile'), '');
    const now = new Date();
    const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
      .map((part) => String(part).padStart(2, '0'))
      .join('');
    const step = (date: string, title: string): string =>
      [
        '(0008,0005) CS [ISO_IR 100]',
        '(0008,0050) SH [A1]',
        '(0010,0010) PN [Doe^Jane]',
        `(0010,0020) LO [${title}${date}]`,
        '(0020,000d) UI [1.2.3]',
        '(0032,1060) LO [Thorax]',
        '(0040,0100) SQ',
        '(fffe,e000) -',
        '(0008,0060) CS [CT]',
        `(0040,0001) AE [${title}]`,
        `(0040,0002) DA [${date}]`,
        '(0040,0003) TM [120000]',
        '(0040,0009) SH [S1]',
        '(fffe,e00d) -',
        '(fffe,e0dd) -',
        '(0040,1001) SH [R1]',
      ].join('\n');
    wanted = `CT1${today}`;
    await made(join(root, 'ARCHIVE'), '1.wl', step(today, 'CT1'));
    await made(join(root, 'ARCHIVE'), '2.wl', step(today, 'CT2'));
    await made(join(root, 'ARCHIVE'), '3.wl', step('20200101', 'CT1'));
    port = await scps.start('wlmscpfs', (port) => ['-dfr', '-dfp', root, String(port)]);
  });

  it('the worklist of today for an AE title', async () => {
    const keys = [
      {
        path: 'ScheduledProcedureStepSequence[0].ScheduledStationAETitle',
        value: 'payload',
        valueType: 'msg',
      },
      {
        path: 'ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate',
        value: 'today',
        valueType: 'days',
      },
    ];
    const { ask, end } = await loaded(port, { model: 'worklist', keys });
    ask({ payload: 'CT1' });
    const [match, ...others] = matchesOf(await end());
    assert.deepEqual([match?.['PatientID'], others.length], [wanted, 0]);
    const [item] = match?.['ScheduledProcedureStepSequence'] as Record<string, unknown>[];
    assert.deepEqual([item?.['Modality'], item?.['ScheduledProcedureStepID']], ['CT', 'S1']);
  });

  /** Nodes of the example in this Node-RED; what its debug node of this name gets. */
  async function example(file: string, settings: object, debug: string): Promise<Message[]> {
    const flows = JSON.parse(readFileSync(join(PACKAGE_DIR, 'examples', file), 'utf8')) as FlowNode[];
    const kept = flows.filter(({ type }) => type !== 'inject' && type !== 'comment');
    isLoaded = true;
    await nodes.load(
      kept.map((node) => {
        if (node.type === 'debug') return { ...node, type: 'helper' };
        return node.type === 'dicom-peer' ? { ...node, ...settings } : node;
      }),
    );
    const idOf = (name: unknown): string => flows.find((node) => node['name'] === name)?.id ?? assert.fail();
    const got = nodes.inputs(idOf(debug));
    const inject = flows.find(({ type }) => type === 'inject') ?? assert.fail();
    const [[first = ''] = []] = inject['wires'] as string[][];
    nodes.node(first).receive({ payload: inject['payload'] === 'PATIENT1' ? 'P1' : inject['payload'] });
    await until(() => got.length > 0, debug);
    return got;
  }

  it('example: Find the studies of a patient', async () => {
    const peerAt = { port: String(ports['Orthanc']), calledAET: 'ARCHIVE' };
    const [message = {}] = await example('20 Find the studies of a patient.json', peerAt, 'Studies');
    assert.equal(matchesOf(message).length, 2);
  });

  it('example: Worklist of today', async () => {
    const peerAt = { port: String(port), calledAET: 'ARCHIVE' };
    const [message = {}] = await example('21 Worklist of today.json', peerAt, 'Scheduled step');
    assert.equal((message['payload'] as { PatientID: string }).PatientID, wanted);
  });
});

const [COMMAND, DATA] = [0b11, 0b10];

/** A pending response with a match of these bytes. */
function pending(asked: StoredObject, dataSet: Buffer, elements: Record<number, number> = {}): Buffer {
  const command = commandSet({
    0x0002: asked.sopClassUID,
    0x0100: 0x8020,
    0x0120: asked.messageId,
    0x0800: 0,
    0x0900: 0xff00,
    ...elements,
  });
  return dataTF(pdv(asked.contextId, COMMAND, command), pdv(asked.contextId, DATA, dataSet));
}

/** PatientID, in explicit VR little endian. */
function match(id: string): Buffer {
  const value = Buffer.from(id.length % 2 === 0 ? id : `${id} `);
  return Buffer.concat([Buffer.from([0x10, 0, 0x20, 0, 0x4c, 0x4f, value.length, 0]), value]);
}

const FIND = 0x0020;
const CANCEL = 0x0fff;
const commandOf = (object: StoredObject): unknown => object.command.get(0x0100);

async function scp(behaviour: Behaviour): Promise<MisbehavingScp> {
  const listening = await MisbehavingScp.listen(behaviour);
  misbehaving.push(listening);
  return listening;
}

/** A query of the sender without a flow, at the level of series: how it failed. */
async function endOf(
  port: number,
  keys: object = { StudyInstanceUID: '1.2' },
): Promise<QueryEnd & { kind: 'failed' }> {
  const fail = (error: unknown): void => assert.fail(String(error));
  const sender = new SenderHost(() => undefined, fail);
  const settings = {
    ...DICOM_PEER.defaults,
    host: '127.0.0.1',
    port: String(port),
    responseTimeoutSeconds: 1,
  };
  sender.addPeer(
    { id: 'p', name: 'p', settings: peerSettings({ ...settings, port }) },
    { state: () => undefined },
  );
  const end = await new Promise<QueryEnd>((ended) =>
    sender.query({
      id: 'q',
      peer: 'p',
      model: 'study',
      level: 'series',
      keys: JSON.stringify(keys),
      limit: 100,
      extensions: { relational: false, combinedDateTime: false, fuzzy: false },
      matches: () => Promise.resolve(),
      ended,
    }),
  );
  await sender.stop();
  assert.ok(end.kind === 'failed');
  return end;
}

describe('dicom-query and peers that misbehave', () => {
  const CASES: Record<
    string,
    [answer: (asked: StoredObject) => ReturnType<NonNullable<Behaviour['store']>>, words: RegExp]
  > = {
    'says nothing': [() => 'nothing', /did not respond within 1 s/],
    'says nothing after a match': [
      (asked) => pending(asked, match('1')),
      /after 1 matches: .*did not respond within 1 s/,
    ],
    'answers another message': [
      (asked) => pending(asked, match('1'), { 0x0120: 77 }),
      /a response to another message id/,
    ],
    'announces no match': [
      (asked) => ({ status: 0xff00, elements: { 0x0120: asked.messageId } }),
      /a response without a data set/,
    ],
    'answers with another operation': [
      (asked) => pending(asked, match('1'), { 0x0100: 0x8001 }),
      /no response to ours/,
    ],
    'sends garbage': [
      (asked) => pending(asked, Buffer.from('garbage garbage')),
      /match 1 cannot be understood/,
    ],
    'sends a match without end': [
      (asked) =>
        Buffer.concat([
          dataTF(
            pdv(
              asked.contextId,
              COMMAND,
              commandSet({
                0x0002: asked.sopClassUID,
                0x0100: 0x8020,
                0x0120: asked.messageId,
                0x0800: 0,
                0x0900: 0xff00,
              }),
            ),
          ),
          ...Array.from({ length: 80 }, () => dataTF(pdv(asked.contextId, 0, Buffer.alloc(16_000)))),
        ]),
      /an identifier of more than 1048576 bytes/,
    ],
    'aborts midway': [(asked) => Buffer.concat([pending(asked, match('1')), abort()]), /A-ABORT/],
    'closes midway': [() => 'close', /the connection was closed|the peer/],
  };
  for (const [name, [answer, words]] of Object.entries(CASES)) {
    it(`one that ${name} is an error that says so`, async () => {
      const { port } = await scp({ store: answer });
      const end = await endOf(port);
      assert.equal(end.failure, 'broken');
      assert.match(`after ${end.matches} matches: ${end.text}`, words);
    });
  }

  it('an error status is told with its comment', async () => {
    const { port } = await scp({ store: () => ({ status: 0xa900, elements: { 0x0902: 'no such key ' } }) });
    const { failure, status, text } = await endOf(port);
    assert.deepEqual([failure, status, text], ['refused', 0xa900, 'status A900: no such key']);
    const { ask, end } = await loaded(port);
    ask();
    assert.equal(codeOf(await end()), 'DICOM_QUERY_REFUSED');
  });

  it('one that does not offer queries, and one that is not there', async () => {
    const { port } = await scp({ context: () => 3 });
    const refusing = await loaded(port);
    refusing.ask();
    assert.equal(codeOf(await refusing.end()), 'DICOM_QUERY_NOT_ACCEPTED');
    await unload();
    const gone = await loaded(await freePort());
    gone.ask();
    assert.equal(codeOf(await gone.end()), 'DICOM_QUERY_UNREACHABLE');
  });

  it('wrong keys are errors, and the peer is not called', async () => {
    const listening = await scp({});
    const { port } = listening;
    const WRONG: [object, RegExp][] = [
      [{ PatientNmae: 'x' }, /^PatientNmae: not a keyword/],
      [{ StudyDate: '2026-01' }, /^StudyDate: DA is a date/],
      [{ ReferencedStudySequence: [{}, {}] }, /^ReferencedStudySequence: .* one item/],
      [
        { SpecificCharacterSet: 'ISO_IR 100', PatientName: '山田' },
        /^SpecificCharacterSet: .* not in ISO_IR 100/,
      ],
      [{ StudyInstanceUID: '' }, /^StudyInstanceUID: .* needs its value/],
    ];
    for (const [keys, words] of WRONG) {
      const end = await endOf(port, { StudyInstanceUID: '1.2', ...keys });
      assert.equal(end.failure, 'keysInvalid');
      assert.match(end.text, words);
    }
    const { caught, ask, end } = await loaded(port, {
      keys: [{ path: 'PatientID', value: 'payload', valueType: 'msg' }],
    });
    ask({ payload: '' });
    assert.equal(codeOf(await end()), 'DICOM_QUERY_NO_VALUE');
    // JSON leaves them out, or makes null of them: then they would match everything.
    const missing = [
      { PatientID: undefined },
      { StudyDate: NaN },
      { StudyTime: Infinity },
      { ScheduledProcedureStepSequence: [{ Modality: undefined }] },
    ];
    for (const [at, query] of missing.entries()) {
      ask({ payload: 'P1', query });
      await until(() => caught.length === at + 2, 'the error');
      assert.equal(codeOf(caught[at + 1] ?? {}), 'DICOM_QUERY_KEYS_INVALID');
    }
    assert.equal(listening.associateRequests.length, 0);
  });

  it('wrong keys of the dialog are told by the status when the flow starts, before a message comes', async () => {
    const KEYS: [path: string, value: string, valueType: string, state: string][] = [
      ['PatientNmae', 'payload', 'msg', 'invalid'],
      ['ScheduledProcedureStepSequence[0].Foo', '', 'return', 'invalid'],
      ['StudyDate', '2026-01', 'str', 'invalid'],
      ['StudyDate', 'yesterday', 'days', 'idle'],
      ['PatientName', 'Müller*', 'str', 'idle'],
    ];
    const { port } = await scp({});
    const colour = { invalid: 'red', idle: 'green' } as Record<string, string>;
    for (const [path, value, valueType, state] of KEYS) {
      await loaded(port, { keys: [{ path, value, valueType }] });
      await until(() => nodes.statusOf('query') !== undefined, 'a status');
      assert.equal(nodes.statusOf('query')?.['fill'], colour[state], path);
      await unload();
    }
  });

  it('msg.cancel ends a query with what there is, by a C-CANCEL', async () => {
    const listening = await scp({
      store: (object) => {
        if (commandOf(object) === FIND)
          return Buffer.concat([pending(object, match('1')), pending(object, match('2'))]);
        const cancelled = { ...object, messageId: Number(object.command.get(0x0120)) };
        return { status: 0xfe00, elements: { 0x0100: 0x8020, 0x0120: cancelled.messageId } };
      },
    });
    const { found, ask, end } = await loaded(listening.port, { output: 'stream' });
    ask();
    await until(() => found.length === 1, 'the first match');
    ask({ cancel: true });
    const message = await end();
    assert.deepEqual([factsOf(message)['cancelled'], factsOf(message)['matches']], [true, 2]);
    assert.deepEqual(listening.objects.map(commandOf), [FIND, CANCEL]);
  });

  it('a deploy ends it, by a C-CANCEL, and the flow hears of it once', async () => {
    const listening = await scp({
      store: (object) => (commandOf(object) === FIND ? pending(object, match('1')) : 'nothing'),
    });
    const { found, ask } = await loaded(listening.port, { output: 'stream' });
    ask();
    await until(() => listening.objects.length === 1, 'the query');
    await unload();
    await until(() => listening.objects.length === 2, 'the C-CANCEL');
    assert.equal(commandOf(listening.objects[1] ?? assert.fail()), CANCEL);
    assert.ok(found.length <= 1);
  });

  it('matches without end are ended at the limit', async () => {
    let timer: NodeJS.Timeout | undefined;
    const listening = await scp({
      store: (object) => {
        if (commandOf(object) !== FIND) return 'nothing';
        timer = setInterval(() => listening.say(pending(object, match('x'))), 1);
        return 'nothing';
      },
    });
    try {
      const { ask, end } = await loaded(listening.port, { limit: '20' });
      ask();
      await until(() => listening.objects.some((object) => commandOf(object) === CANCEL), 'the C-CANCEL');
      const message = await end();
      assert.deepEqual([matchesOf(message).length, factsOf(message)['truncated']], [20, true]);
    } finally {
      clearInterval(timer);
    }
  });

  it('what is asked for in the negotiation, and what of that there is not', async () => {
    const listening = await scp({ store: () => 0 });
    const { ask, end } = await loaded(listening.port, { fuzzy: true, relational: true, level: 'series' });
    ask();
    assert.deepEqual(factsOf(await end())['notNegotiated'], ['relational', 'fuzzy']);
    const sopClass = '1.2.840.10008.5.1.4.1.2.2.1';
    const asked = Buffer.concat([
      Buffer.from([0, sopClass.length]),
      Buffer.from(sopClass),
      Buffer.from([1, 0, 1]),
    ]);
    assert.ok(listening.associateRequests[0]?.includes(asked));
  });

  it('queries keep to the associations that the peer takes', async () => {
    let most = 0;
    const listening = await scp({
      store: () => {
        most = Math.max(most, listening.connections);
        return 0;
      },
    });
    const { found, ask } = await loaded(listening.port, {}, { maxAssociations: '1' });
    for (let count = 0; count < 5; count += 1) ask();
    await until(() => found.length === 5, 'all results');
    assert.deepEqual([most, listening.associateRequests.length], [1, 5]);
  });

  it('5 000 matches as messages, with flat memory', async () => {
    const COUNT = 5_000;
    const listening = await scp({
      store: (object) =>
        commandOf(object) === FIND
          ? Buffer.concat([
              ...Array.from({ length: COUNT }, (_, index) => pending(object, match(String(index)))),
              dataTF(
                pdv(
                  object.contextId,
                  COMMAND,
                  commandSet({
                    0x0002: object.sopClassUID,
                    0x0100: 0x8020,
                    0x0120: object.messageId,
                    0x0800: 0x0101,
                    0x0900: 0,
                  }),
                ),
              ),
            ])
          : 'nothing',
    });
    const { found, ask } = await loaded(listening.port, { output: 'stream', limit: '10000' });
    let count = 0;
    let last: Message = {};
    let most = 0;
    const before = heldMemory();
    nodes.node('found').on('input', (message: Message) => {
      count += 1;
      last = message;
      // They are not to be held by the test.
      found.length = 0;
      if (count % 500 !== 0) return;
      nodes.forgetCalls();
      most = Math.max(most, heldMemory() - before);
    });
    ask();
    await until(() => last['complete'] === true, 'the last match');
    assert.equal(count, COUNT);
    assert.equal((last['parts'] as { count: number }).count, COUNT);
    assert.ok(most < 4e6, `${Math.round(most / 1e6)} MB more`);
  });
});
