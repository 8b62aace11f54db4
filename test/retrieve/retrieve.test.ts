import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { verdictOf, type RetrieveRequest, type RetrieveVerdict } from '../../src/retrieve';
import { freePort } from '../support/machine/free-port';
import {
  MisbehavingScp,
  readContexts,
  type Behaviour,
  type StoreAnswer,
  type StoredObject,
} from '../support/peers/misbehaving-scp';
import { abort, commandSet, CT, dataTF, pdv } from '../support/connections/pdus';
import {
  CANCEL,
  commandOf,
  counts,
  failedList,
  FIND,
  GET,
  found,
  object,
  response,
  responseWith,
} from '../support/peers/retrieve-answers';
import { slice } from '../support/objects/made-study';
import { Collected, peerAt, retrieving, study, type Ended } from './retrieving';
import { until } from '../support/machine/until';

const STUDY = '1.2.3';

const scps: MisbehavingScp[] = [];
const places: Collected[] = [];
afterEach(async () => {
  for (const scp of scps.splice(0)) await scp.stop();
  for (const place of places.splice(0)) await place.close();
});

/** A peer that answers retrievals so, and finds nothing. @param count of retrievals before */
async function scp(
  answer: (asked: StoredObject, count: number) => StoreAnswer,
  behaviour: Behaviour = {},
): Promise<MisbehavingScp> {
  let count = 0;
  const listening = await MisbehavingScp.listen({
    // Of what is proposed for a class the first one: explicit VR little endian.
    store: (asked) => {
      if (commandOf(asked) === FIND) return 0;
      if (commandOf(asked) === CANCEL) return 'nothing';
      count += 1;
      return answer(asked, count - 1);
    },
    ...behaviour,
  });
  scps.push(listening);
  return listening;
}

function collected(settings: object = {}, delivers = true): Collected {
  const place = new Collected({ ...settings }, delivers);
  places.push(place);
  return place;
}

const target = study(STUDY, { sopClassUIDs: [CT] });
const get = (port: number, place: Collected): Promise<Ended> =>
  retrieving(peerAt(port, 1), { targets: [target] }, place.place).ended;
const move = (port: number, more: Partial<RetrieveRequest> = {}): Promise<Ended> =>
  retrieving(peerAt(port, 1), { targets: [target], moveDestination: 'SOMEWHERE', messageId: 77, ...more })
    .ended;

const statusesOf = ({ responses }: MisbehavingScp): unknown[] => responses.map((each) => each.get(0x0900));
const NOTHING = { completed: 0, failed: 0, warning: 0, remaining: 0, failedSOPInstanceUIDs: [] };

describe('statuses of C-GET and C-MOVE', () => {
  /** PS3.4 Tables C.4-2 and C.4-3; PS3.7 9.1.3.1.6, 9.1.4.1.7 and Annex C. */
  const TABLE: [status: number, end: RetrieveVerdict['end'], again: RetrieveVerdict['again']][] = [
    [0x0000, 'success', 'never'],
    [0xb000, 'partial', 'never'],
    [0xfe00, 'cancelled', 'never'],
    [0xa700, 'failed', 'always'],
    [0xa701, 'failed', 'always'],
    [0xa702, 'failed', 'always'],
    [0xa801, 'failed', 'never'],
    [0xa900, 'failed', 'never'],
    [0xaa00, 'failed', 'never'],
    [0xaa01, 'failed', 'never'],
    [0xaa02, 'failed', 'never'],
    [0xaa03, 'failed', 'never'],
    [0xaa04, 'failed', 'never'],
    [0xc000, 'failed', 'untouched'],
    [0xc123, 'failed', 'untouched'],
    [0xcfff, 'failed', 'untouched'],
    [0x0105, 'failed', 'never'],
    [0x0106, 'failed', 'never'],
    [0x0110, 'failed', 'always'],
    [0x0119, 'failed', 'never'],
    [0x0122, 'failed', 'never'],
    [0x0124, 'failed', 'never'],
    [0x0210, 'failed', 'never'],
    [0x0211, 'failed', 'never'],
    [0x0212, 'failed', 'never'],
    [0x0213, 'failed', 'always'],
    [0x4711, 'failed', 'never'],
  ];
  for (const [status, end, again] of TABLE) {
    const name = status.toString(16).padStart(4, '0').toUpperCase();
    it(`${name} is ${end}${again === 'never' ? '' : ', and tried again'}`, async () => {
      const { words, ...verdict } = verdictOf(status);
      assert.deepEqual(verdict, { end, again });
      assert.notEqual(words, '');
      let asked = 0;
      const { port } = await scp((request) => {
        asked += 1;
        return response(request, status);
      });
      const tried = await move(port);
      assert.equal(asked, again === 'never' ? 1 : 3);
      assert.equal(tried.end.kind, end === 'failed' ? 'failed' : 'done');
      if (tried.end.kind === 'failed') {
        assert.equal(tried.end.failure, 'refused');
        assert.equal(tried.end.result.status, name);
        assert.match(tried.end.text, new RegExp(`^status ${name}, ${words}`));
      }
    });
  }
});

describe('a C-GET', () => {
  it('proposes itself as SCP of the SOP class, and takes what comes', async () => {
    const peer = await scp((asked) =>
      Buffer.concat([
        object(STUDY, 1),
        response(asked, 0xff00, counts(1, 1, 0, 0)),
        object(STUDY, 2),
        response(asked, 0, counts(0, 2, 0, 0)),
      ]),
    );
    const place = collected();
    const { end, progress } = await get(peer.port, place);
    assert.deepEqual(end, {
      kind: 'done',
      result: { ...NOTHING, completed: 2, status: '0000', cancelled: false },
    });
    assert.ok(progress.length > 0);
    assert.deepEqual(statusesOf(peer), [0, 0]);
    await until(() => place.messages.length === 2, 'the messages');
    const [asked = Buffer.alloc(0)] = peer.associateRequests;
    assert.equal(readContexts(asked).length <= 128, true);
    // SCU 0, SCP 1.
    assert.ok(asked.includes(Buffer.concat([Buffer.from(CT), Buffer.from([0, 1])])));
  });

  it('refuses an object of a study that nobody asked for, and counts it as failed', async () => {
    const peer = await scp((asked) =>
      Buffer.concat([object('1.2.99', 1), object(STUDY, 2), response(asked, 0xb000, counts(0, 1, 1, 0))]),
    );
    const place = collected();
    const { end } = await get(peer.port, place);
    assert.deepEqual(statusesOf(peer), [0x0124, 0]);
    const { completed, failed, failedSOPInstanceUIDs, status } = end.result;
    assert.deepEqual([completed, failed, failedSOPInstanceUIDs, status], [1, 1, ['1.2.99.1.1'], 'B000']);
    await until(() => place.messages.length === 1, 'the message');
    assert.equal(place.messages[0]?.dicom.sopInstanceUID, '1.2.3.1.2');
  });

  it('counts what it has, whatever the peer says', async () => {
    const { port } = await scp((asked) =>
      Buffer.concat([object(STUDY, 1), response(asked, 0, counts(0, 5, 0, 0))]),
    );
    const { completed, failed, status } = (await get(port, collected())).end.result;
    assert.deepEqual([completed, failed, status], [1, 4, 'B000']);
  });

  it('takes both of an instance that the archive has twice, and none of them counts as failed', async () => {
    const peer = await scp((asked) =>
      Buffer.concat([
        object(STUDY, 1),
        object(STUDY, 2),
        object(STUDY, 1),
        response(asked, 0, counts(0, 3, 0, 0)),
      ]),
    );
    const place = collected();
    const { end } = await get(peer.port, place);
    assert.deepEqual(end.result, { ...NOTHING, completed: 3, status: '0000', cancelled: false });
    await until(() => place.messages.length === 3, 'the messages');
  });

  it('that does not go well is no success where nobody can say what is missing', async () => {
    const end = (asked: StoredObject): Buffer =>
      Buffer.concat([object(STUDY, 1), response(asked, 0xb000, counts(0, 1, 0, 0))]);
    const silent = await scp((asked) => (commandOf(asked) === GET ? end(asked) : response(asked, 0xa700)));
    const { completed, status } = (await get(silent.port, collected())).end.result;
    assert.deepEqual([completed, status], [1, 'B000']);
  });

  it('answers A700 to what its queue has no room for, and tries again', async () => {
    const place = collected({ maxQueued: 1 }, false);
    const peer = await scp((asked) =>
      Buffer.concat([object(STUDY, 1), object(STUDY, 2), response(asked, 0xb000, counts(0, 1, 1, 0))]),
    );
    const { end } = await get(peer.port, place);
    const { completed, failed, failedSOPInstanceUIDs } = end.result;
    assert.deepEqual([completed, failed, failedSOPInstanceUIDs], [1, 1, ['1.2.3.1.2']]);
    // The first one is there since the first try, and is not stored twice.
    assert.deepEqual(statusesOf(peer), [0, 0xa700, 0, 0xa700, 0, 0xa700]);
    assert.equal(place.messages.length, 1);
  });

  it('goes on after a peer broke off, without what it has', async () => {
    const peer = await scp((asked, count) =>
      count === 0
        ? Buffer.concat([object(STUDY, 1), response(asked, 0xff00, counts(1, 1, 0, 0)), abort()])
        : Buffer.concat([object(STUDY, 1), object(STUDY, 2), response(asked, 0, counts(0, 2, 0, 0))]),
    );
    const place = collected();
    const { end } = await get(peer.port, place);
    assert.deepEqual(end, {
      kind: 'done',
      result: { ...NOTHING, completed: 2, status: '0000', cancelled: false },
    });
    await until(() => place.messages.length === 2, 'the messages');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(place.messages.length, 2);
  });

  it('loses none of two objects that have the same UID, on one association or on two', async () => {
    const [one, other] = ['20260101', '20260102'].map((date) => slice(STUDY, 1, { date }));
    const named = (dataSet: Buffer | undefined): Buffer => object(STUDY, 1, 5, dataSet);
    const onOne = await scp((asked) =>
      Buffer.concat([named(one), named(other), response(asked, 0, counts(0, 2, 0, 0))]),
    );
    const onTwo = await scp((asked, count) =>
      count === 0
        ? Buffer.concat([named(one), response(asked, 0xff00, counts(1, 1, 0, 0)), abort()])
        : Buffer.concat([named(other), named(other), response(asked, 0, counts(0, 2, 0, 0))]),
    );
    for (const [peer, sent, objects] of [
      [onOne, 2, 2],
      [onTwo, 3, 3],
    ] as const) {
      const place = collected();
      const { result } = (await get(peer.port, place)).end;
      assert.deepEqual(result, { ...NOTHING, completed: objects, status: '0000', cancelled: false });
      assert.deepEqual(statusesOf(peer), Array<number>(sent).fill(0));
      await until(() => place.messages.length === objects, 'the messages');
      const dates = place.messages.map(({ payload }) => payload.Tags?.['StudyDate']);
      assert.deepEqual([...new Set(dates)].sort(), ['20260101', '20260102']);
    }
  });

  it('ends with what it has, where it is cancelled and the peer does not hear that', async () => {
    const peer = await scp((asked) =>
      Buffer.concat([object(STUDY, 1), response(asked, 0xff00, counts(9, 1, 0, 0))]),
    );
    const place = collected();
    const { retrieve, ended } = retrieving(peerAt(peer.port, 30), { targets: [target] }, place.place);
    await until(() => place.messages.length === 1, 'an object');
    retrieve.cancel();
    const { end } = await ended;
    assert.ok(peer.objects.some((each) => commandOf(each) === CANCEL));
    const { completed, remaining, status, cancelled } = end.result;
    assert.deepEqual([end.kind, completed, remaining, status, cancelled], ['done', 1, 9, 'FE00', true]);
  });

  it('takes the names of failed objects that Orthanc puts behind the command set', async () => {
    const uid = '1.2.3.1.9\0';
    const behind = Buffer.concat([Buffer.from([8, 0, 0x58, 0, uid.length, 0, 0, 0]), Buffer.from(uid)]);
    const { port } = await scp((asked) => response(asked, 0xb000, counts(0, 0, 1, 0), behind));
    const { failed, failedSOPInstanceUIDs } = (await get(port, collected())).end.result;
    assert.deepEqual([failed, failedSOPInstanceUIDs], [1, ['1.2.3.1.9']]);
  });

  it('takes nothing any more once its queue is closed, whatever still comes', async () => {
    const peer = await scp((asked) =>
      Buffer.concat([object(STUDY, 1), response(asked, 0xff00, counts(9, 1, 0, 0))]),
    );
    const place = collected();
    const { retrieve, ended } = retrieving(peerAt(peer.port, 30), { targets: [target] }, place.place);
    await until(() => place.messages.length === 1, 'an object');
    const half = object(STUDY, 2);
    peer.say(half.subarray(0, 300));
    retrieve.cancel();
    await place.place.close();
    const files = readdirSync(place.folder);
    peer.say(Buffer.concat([half.subarray(300), object(STUDY, 3)]));
    await until(() => peer.responses.length === 3, 'the answers');
    assert.deepEqual(statusesOf(peer), [0, 0xa700, 0xa700]);
    assert.deepEqual(readdirSync(place.folder), files);
    assert.equal((await ended).end.result.completed, 1);
  });

  it('names an object that is too large, or breaks off', async () => {
    const large = await scp((asked) =>
      Buffer.concat([object(STUDY, 1), object(STUDY, 2), response(asked, 0xb000, counts(0, 0, 2, 0))]),
    );
    const place = collected();
    Object.defineProperty(place.place, 'maxObjectBytes', { value: 100 });
    const tooLarge = (await get(large.port, place)).end.result;
    assert.deepEqual(tooLarge.failedSOPInstanceUIDs, ['1.2.3.1.1', '1.2.3.1.2']);
    assert.equal(tooLarge.failed, 2);
    const { port } = await scp(() => Buffer.concat([object(STUDY, 1).subarray(0, 300), abort()]));
    const { end } = await get(port, collected());
    assert.ok(end.kind === 'failed' && end.failure === 'broken');
    assert.deepEqual([end.result.failed, end.result.failedSOPInstanceUIDs], [1, ['1.2.3.1.1']]);
  });

  it('does not propose what an archive names as SOP classes, and is none', async () => {
    const values = [
      '9'.repeat(70_000),
      'ABC',
      '',
      CT,
      ...Array.from({ length: 5_000 }, (_, at) => `1.2.${at}`),
    ];
    const text = values.join('\\');
    const value = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`);
    const header = Buffer.from([8, 0, 0x62, 0, 0, 0, 0, 0]);
    header.writeUInt32LE(value.length, 4);
    const peer = await scp(
      (asked) => Buffer.concat([object(STUDY, 1), response(asked, 0, counts(0, 1, 0, 0))]),
      {
        context: ({ transferSyntaxes }) => transferSyntaxes.at(-1) ?? '',
        store: (asked) => {
          if (commandOf(asked) !== FIND) return response(asked, 0, counts(0, 0, 0, 0));
          const match = Buffer.concat([header, value]);
          return Buffer.concat([responseWith(asked, 0xff00, match), response(asked, 0)]);
        },
      },
    );
    const { end } = await retrieving(peerAt(peer.port, 5), { targets: [study(STUDY)] }, collected().place)
      .ended;
    assert.equal(end.kind, 'done', JSON.stringify(end));
    const proposed = peer.associateRequests.flatMap((asked) =>
      readContexts(asked).map(({ abstractSyntax }) => abstractSyntax),
    );
    assert.ok(proposed.includes(CT));
    assert.ok(proposed.every((uid) => /^[0-9.]{1,64}$/.test(uid)));
    assert.ok(new Set(proposed).size <= 1_010);
  });

  const BROKEN: Record<string, [answer: (asked: StoredObject) => StoreAnswer, words: RegExp]> = {
    'says nothing': [() => 'nothing', /did not respond within 1 s/],
    'says nothing after an object': [() => object(STUDY, 1), /did not respond within 1 s/],
    'stops within an object': [() => object(STUDY, 1).subarray(0, 200), /did not respond within 1 s/],
    'answers another message': [(asked) => response({ ...asked, messageId: 5 }, 0), /another message id/],
    'answers with another operation': [
      (asked) => response(asked, 0, { 0x0100: 0x8020 }),
      /no response to ours/,
    ],
    closes: [() => 'close', /closed/],
  };
  for (const [name, [answer, words]] of Object.entries(BROKEN))
    it(`from one that ${name} is an error that says so`, async () => {
      const { port } = await scp(answer);
      const { end } = await get(port, collected());
      assert.ok(end.kind === 'failed', JSON.stringify(end));
      assert.equal(end.failure, 'broken');
      assert.match(end.text, words);
    });

  it('does not serve what else the peer asks for, nor anything after its end', async () => {
    const peer = await scp((asked) => {
      const query = commandSet({ 0x0002: '1.2', 0x0100: FIND, 0x0110: 4, 0x0700: 0, 0x0800: 0x0101 });
      return Buffer.concat([
        dataTF(pdv(5, 0b11, query)),
        object(STUDY, 1),
        response(asked, 0, counts(0, 1, 0, 0)),
        object(STUDY, 2),
      ]);
    });
    const place = collected();
    const { end } = await get(peer.port, place);
    assert.equal(end.result.completed, 1);
    await until(() => peer.responses.length === 2, 'the answers');
    assert.deepEqual(statusesOf(peer), [0x0211, 0]);
    assert.equal(place.messages.length, 1);
  });

  it('is not offered, or the peer is not there', async () => {
    const { port } = await scp(() => 0, { context: () => 3 });
    const refused = (await get(port, collected())).end;
    assert.ok(refused.kind === 'failed' && refused.failure === 'notAccepted');
    const away = (await get(await freePort(), collected())).end;
    assert.ok(away.kind === 'failed' && away.failure === 'unreachable');
  });
});

describe('a C-MOVE', () => {
  it('names destination and message id, and adds up what two studies say', async () => {
    const peer = await scp((asked, count) =>
      count === 0
        ? response(asked, 0, counts(0, 3, 0, 0))
        : failedList(asked, 0xb000, '1.2.4.1.1', counts(0, 1, 1, 2)),
    );
    const { end } = await move(peer.port, { targets: [target, study('1.2.4')] });
    const [first] = peer.objects;
    assert.deepEqual([first?.command.get(0x0600), first?.messageId], ['SOMEWHERE', 77]);
    assert.deepEqual(end, {
      kind: 'done',
      result: {
        ...{ completed: 4, failed: 1, warning: 2, remaining: 0 },
        ...{ failedSOPInstanceUIDs: ['1.2.4.1.1'], status: 'B000', cancelled: false },
      },
    });
  });

  it('is tried again where nothing was moved, and not where something was', async () => {
    const again = await scp((asked, count) =>
      count === 0 ? 'abort' : response(asked, 0, counts(0, 2, 0, 0)),
    );
    assert.equal((await move(again.port)).end.result.completed, 2);
    let tries = 0;
    const half = await scp((asked) => {
      tries += 1;
      return Buffer.concat([response(asked, 0xff00, counts(1, 1, 0, 0)), abort()]);
    });
    const { end } = await move(half.port);
    assert.ok(end.kind === 'failed' && end.failure === 'broken');
    assert.deepEqual([tries, end.result.completed, end.result.remaining], [1, 1, 1]);
  });

  it('that the peer is unable to process is tried again where nothing was moved, and not where something was', async () => {
    const again = await scp((asked, count) =>
      count === 0 ? response(asked, 0xc000, counts(1, 0, 1, 0)) : response(asked, 0, counts(0, 2, 0, 0)),
    );
    const { end } = await move(again.port);
    assert.deepEqual(end, {
      kind: 'done',
      result: { ...NOTHING, completed: 2, status: '0000', cancelled: false },
    });
    let tries = 0;
    const half = await scp((asked) => {
      tries += 1;
      return response(asked, 0xc000, counts(1, 1, 0, 0));
    });
    const { completed, remaining, status } = (await move(half.port)).end.result;
    assert.deepEqual([tries, completed, remaining, status], [1, 1, 1, 'B000']);
  });

  it('that does not go well is no success, though its counts do not say what failed', async () => {
    for (const [status, elements] of [
      [0xb000, {}],
      [0xb000, counts(0, 3, 0, 0)],
      [0xc001, counts(0, 3, 0, 0)],
      [0xa702, counts(0, 3, 0, 0)],
    ] as const) {
      const { port } = await scp((asked) => response(asked, status, elements));
      const { end } = await move(port);
      assert.deepEqual([end.kind, end.result.status], ['done', 'B000'], status.toString(16));
    }
    const studies = await scp((asked, count) =>
      count === 0 ? response(asked, 0xb000, counts(0, 3, 0, 0)) : response(asked, 0, counts(0, 1, 0, 0)),
    );
    const { end } = await move(studies.port, { targets: [target, study('1.2.4')] });
    assert.deepEqual([end.result.completed, end.result.status], [4, 'B000']);
  });

  it('is asked for again by the names of what failed, where those can be found', async () => {
    const uids = [1, 2, 3].map((number) => `${STUDY}.1.${number}`);
    const asked: StoredObject[] = [];
    const peer = await scp(() => 0, {
      store: (request) => {
        if (commandOf(request) === FIND)
          return found(
            request,
            request.dataSet.includes('SERIES')
              ? [{ QueryRetrieveLevel: 'SERIES', SeriesInstanceUID: `${STUDY}.1` }]
              : uids.map((SOPInstanceUID) => ({ QueryRetrieveLevel: 'IMAGE', SOPInstanceUID })),
          );
        asked.push(request);
        return asked.length === 1
          ? failedList(request, 0xa702, `${STUDY}.1.2`, counts(0, 2, 1, 0))
          : response(request, 0, counts(0, 1, 0, 0));
      },
    });
    const { end } = await move(peer.port);
    assert.deepEqual(end, {
      kind: 'done',
      result: { ...NOTHING, completed: 3, status: '0000', cancelled: false },
    });
    const [, second] = asked;
    assert.ok(second?.dataSet.includes('IMAGE') && second.dataSet.includes(`${STUDY}.1.2`));
    assert.ok(second?.dataSet.includes(`${STUDY}.1.3`) === false);
  });

  it('is not moved twice where what failed cannot be named', async () => {
    let tries = 0;
    const { port } = await scp((asked) => {
      tries += 1;
      return response(asked, 0xa702, counts(0, 2, 1, 0));
    });
    const { completed, failed, status } = (await move(port)).end.result;
    assert.deepEqual([tries, completed, failed, status], [1, 2, 1, 'B000']);
  });

  it('says what remains where another try has no answer', async () => {
    const { port } = await scp((asked, count) =>
      count === 0 ? failedList(asked, 0xa702, `${STUDY}.1.2`, counts(0, 0, 2, 0)) : 'abort',
    );
    const { end } = await move(port);
    assert.ok(end.kind === 'failed' && end.failure === 'broken');
    const { completed, failed, remaining, failedSOPInstanceUIDs } = end.result;
    assert.deepEqual([completed, failed + remaining, failedSOPInstanceUIDs], [0, 2, [`${STUDY}.1.2`]]);
  });

  it('without end is ended by us, as long as it gets no further', async () => {
    const all = 5;
    let remaining = all;
    let timer: NodeJS.Timeout | undefined;
    const peer = await scp((asked) => {
      // All steps take longer than the time, each much less; then it says the same for ever.
      timer ??= setInterval(() => {
        peer.say(response(asked, 0xff00, counts(remaining, all - remaining, 0, 0)));
      }, 20);
      return 'nothing';
    });
    const steps = setInterval(() => (remaining = Math.max(0, remaining - 1)), 250);
    try {
      const limits = { pausesMs: [], cancelSeconds: 1, stallSeconds: 1 };
      const request = { targets: [target], moveDestination: 'SOMEWHERE' };
      const { end } = await retrieving(peerAt(peer.port, 1), request, undefined, limits).ended;
      assert.ok(end.kind === 'failed' && end.failure === 'broken', JSON.stringify(end));
      assert.match(end.text, /^the peer has got no further within 1 s$/);
      assert.deepEqual([end.result.completed, end.result.remaining], [all, 0]);
    } finally {
      clearInterval(timer);
      clearInterval(steps);
    }
  });

  it('goes by Patient Root where the peer offers that only', async () => {
    const peer = await scp((asked) => response(asked, 0, counts(0, 1, 0, 0)), {
      context: ({ abstractSyntax, transferSyntaxes: [first = ''] }) =>
        abstractSyntax === '1.2.840.10008.5.1.4.1.2.1.2' ? first : 3,
    });
    const { end } = await move(peer.port, { targets: [{ ...target, patientID: 'P1' }] });
    assert.equal(end.result.completed, 1);
    assert.ok(peer.objects[0]?.dataSet.includes(Buffer.from('P1')));
    const unnamed = (await move(peer.port)).end;
    assert.ok(unnamed.kind === 'failed' && unnamed.failure === 'notAccepted');
  });
});
