import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { OperationOutcome } from '../../../src/network/scu';
import { ScuAssociation, type ScuLimits, type ScuTarget } from '../../../src/network/scu';
import { freePort } from '../../support/machine/free-port';
import {
  answeredContext,
  associateAC,
  MisbehavingScp,
  type Behaviour,
} from '../../support/peers/misbehaving-scp';
import {
  commandSet,
  CT,
  dataTF,
  echoRQ,
  EXPLICIT,
  IMPLICIT,
  item,
  JPEG,
  pdu,
  pdv,
  releaseRQ,
  VERIFICATION,
} from '../../support/connections/pdus';
import { mutate, Random } from '../../support/objects/mutations';
import { until } from '../../support/machine/until';

const CONTEXTS = [
  { id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
  { id: 3, abstractSyntax: CT, transferSyntaxes: [IMPLICIT] },
  { id: 5, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
];
const LIMITS: ScuLimits = {
  connectTimeoutSeconds: 5,
  associationTimeoutSeconds: 5,
  responseTimeoutSeconds: 5,
  writeTimeoutSeconds: 5,
  maxPduLength: 16_384,
};
const target = (port: number): ScuTarget => ({
  host: '127.0.0.1',
  port,
  callingAET: 'US',
  calledAET: 'THEM',
});

const scps: MisbehavingScp[] = [];
afterEach(async () => {
  for (const scp of scps.splice(0)) await scp.stop();
});

async function listen(behaviour: Behaviour): Promise<MisbehavingScp> {
  const scp = await MisbehavingScp.listen(behaviour);
  scps.push(scp);
  return scp;
}

async function open(
  behaviour: Behaviour,
  limits: Partial<ScuLimits> = {},
): Promise<[ScuAssociation, MisbehavingScp]> {
  const scp = await listen(behaviour);
  const opened = await ScuAssociation.open(target(scp.port), CONTEXTS, { ...LIMITS, ...limits });
  assert.ok(opened.outcome === 'opened', opened.outcome);
  return [opened.association, scp];
}

const bytesOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at % 251));
const SMALL = Buffer.from('a small data set');

function store(
  association: ScuAssociation,
  dataSet: AsyncIterable<Buffer> | Iterable<Buffer> = [SMALL],
  sopInstanceUID = '1.2.3.4.5',
): Promise<OperationOutcome> {
  return association.store({ sopClassUID: CT, sopInstanceUID, contextId: 1, dataSet });
}

/** Pieces of a large object, until the source is told to stop. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(100_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an association that we ask for', () => {
  it('is open, with what the peer accepts and says of itself', async () => {
    const [association] = await open({
      maxPduLength: 30_000,
      context: ({ id }) => (id === 3 ? 4 : id === 1 ? EXPLICIT : IMPLICIT),
    });
    assert.deepEqual(
      [...association.contexts],
      [
        [1, { abstractSyntax: CT, transferSyntax: EXPLICIT }],
        [5, { abstractSyntax: VERIFICATION, transferSyntax: IMPLICIT }],
      ],
    );
    assert.deepEqual(association.peer, {
      maxPduLength: 30_000,
      implementationClassUID: '1.2.3',
      implementationVersionName: 'NONSENSE',
      extended: new Map(),
    });
    const end = await association.release();
    assert.deepEqual([end.how, end.by], ['released', 'us']);
    assert.equal(association.isOpen, false);
  });

  it('is open by the one of several addresses of a name where somebody listens', async () => {
    const scp = await listen({});
    const opened = await ScuAssociation.open({ ...target(scp.port), host: 'localhost' }, CONTEXTS, LIMITS);
    assert.ok(opened.outcome === 'opened', opened.outcome === 'failed' ? opened.text : opened.outcome);
    assert.equal((await store(opened.association)).outcome, 'answered');
  });

  it('says who asks: name, or name and passcode (PS3.7 D.3.3.7)', async () => {
    const scp = await listen({});
    for (const userIdentity of [{ name: 'Jürgen' }, { name: 'joe', passcode: 'secret' }]) {
      const opened = await ScuAssociation.open({ ...target(scp.port), userIdentity }, CONTEXTS, LIMITS);
      assert.ok(opened.outcome === 'opened');
      await opened.association.release();
    }
    const identity = (request: Buffer | undefined, bytes: Buffer): void =>
      assert.ok(request?.includes(item(0x58, bytes)), request?.toString('latin1'));
    const text = (value: string): Buffer =>
      Buffer.concat([Buffer.from([0, Buffer.byteLength(value)]), Buffer.from(value)]);
    identity(scp.associateRequests[0], Buffer.concat([Buffer.from([1, 0]), text('Jürgen'), text('')]));
    identity(scp.associateRequests[1], Buffer.concat([Buffer.from([2, 0]), text('joe'), text('secret')]));
  });

  it('is not there: rejected, with the numbers as they came', async () => {
    const scp = await listen({ associate: pdu(0x03, Buffer.from([0, 2, 3, 9])) });
    const opened = await ScuAssociation.open(target(scp.port), CONTEXTS, LIMITS);
    assert.deepEqual(opened, { outcome: 'rejected', result: 2, source: 3, reason: 9 });
  });

  for (const [what, behaviour, code, words] of [
    [
      'a peer that says nothing',
      { connection: 'silent' },
      'TIMEOUT',
      /did not answer the A-ASSOCIATE-RQ within 0.2 s/,
    ],
    ['a peer that aborts', { associate: 'abort' }, 'CLOSED', /A-ABORT/],
    ['a peer that closes', { associate: 'close' }, 'CLOSED', /closed/],
    ['a web server', { associate: Buffer.from('HTTP/1.1 400 Bad Request\r\n') }, 'NOT_DICOM', /PDU type 48H/],
    [
      'an answer of 4 GiB',
      { associate: Buffer.from([2, 0, 255, 255, 255, 255]) },
      'PROTOCOL',
      /claims 4294967295/,
    ],
    [
      'P-DATA for an answer',
      { associate: dataTF(pdv(1, 3, echoRQ())) },
      'PROTOCOL',
      /PDU type 4 is not expected/,
    ],
  ] as const) {
    it(`is not there: ${what}`, async () => {
      const scp = await listen(behaviour);
      const limits = code === 'TIMEOUT' ? { ...LIMITS, associationTimeoutSeconds: 0.2 } : LIMITS;
      const opened = await ScuAssociation.open(target(scp.port), CONTEXTS, limits);
      assert.ok(opened.outcome === 'failed', JSON.stringify(opened));
      assert.equal(opened.code, code);
      assert.match(opened.text, words);
    });
  }

  it('is not there: nobody listens, nobody knows the host, or the connection is reset', async () => {
    const failed = async (changed: Partial<ScuTarget>): Promise<string> => {
      const opened = await ScuAssociation.open({ ...target(await freePort()), ...changed }, CONTEXTS, LIMITS);
      assert.ok(opened.outcome === 'failed');
      assert.notEqual(opened.text, '');
      return opened.code;
    };
    assert.equal(await failed({}), 'ECONNREFUSED');
    assert.equal(await failed({ host: 'localhost' }), 'ECONNREFUSED');
    assert.match(await failed({ host: 'no-such-host.invalid' }), /ENOTFOUND|EAI_AGAIN/);
    assert.equal(await failed({ port: 65_536 }), 'ERR_SOCKET_BAD_PORT');
    const { port } = await listen({ connection: 'reset' });
    assert.match(await failed({ port }), /ECONNRESET|CLOSED|EPIPE/);
  });

  it('is not there: the connection is not made in time', async () => {
    // A backlog that is full answers no SYN.
    const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
    await once(server, 'listening');
    const limits = { ...LIMITS, connectTimeoutSeconds: 0.3, associationTimeoutSeconds: 60 };
    // TLS waits for a handshake, which nobody answers.
    const { port } = server.address() as AddressInfo;
    const opened = await ScuAssociation.open({ ...target(port), tls: {} }, CONTEXTS, limits);
    assert.deepEqual(opened, {
      outcome: 'failed',
      code: 'TIMEOUT',
      text: 'the connection was not established within 0.3 s',
    });
    server.close();
  });

  it('is not waited for any longer when we stop', async () => {
    const scp = await listen({ connection: 'silent' });
    const stop = new AbortController();
    const opening = ScuAssociation.open(target(scp.port), CONTEXTS, LIMITS, { signal: stop.signal });
    await until(() => scp.connections > 0, 'the connection');
    stop.abort();
    const opened = await opening;
    assert.equal(opened.outcome === 'failed' && opened.code, 'STOPPED');
    await until(() => scp.connections === 0, 'the end of the connection');
    const late = await ScuAssociation.open(target(scp.port), CONTEXTS, LIMITS, { signal: stop.signal });
    assert.equal(late.outcome === 'failed' && late.code, 'STOPPED');
  });

  const role = (uid: string, length = uid.length): Buffer =>
    item(0x54, Buffer.concat([Buffer.from([0, length]), Buffer.from(uid), Buffer.from([1, 1])]));
  const good = [answeredContext(1, EXPLICIT)];
  for (const [what, accept, words] of [
    ['a context that was not proposed', { answers: [answeredContext(7, EXPLICIT)] }, /id 7 was not proposed/],
    ['a context twice', { answers: [...good, ...good] }, /answered twice/],
    ['another transfer syntax', { answers: [answeredContext(1, JPEG)] }, /not proposed for it/],
    ['no transfer syntax', { answers: [item(0x21, Buffer.from([1, 0, 0, 0]))] }, /not accepted with one/],
    ['a context of two bytes', { answers: [item(0x21, Buffer.from([1, 0]))] }, /too short/],
    ['no room for a message', { answers: good, maxPduLength: 6 }, /leaves no room/],
    ['a role of a wrong length', { answers: good, userItems: [role(CT, 99)] }, /role selection/],
    [
      'an item that is too long',
      { answers: good, userItems: [Buffer.from([0x56, 0, 1, 0])] },
      /longer than what/,
    ],
  ] as const) {
    it(`is not there: the answer has ${what}`, async () => {
      const scp = await listen({
        associate: associateAC({
          ...accept,
          answers: [...accept.answers],
          userItems: 'userItems' in accept ? [...accept.userItems] : [],
        }),
      });
      const opened = await ScuAssociation.open(target(scp.port), CONTEXTS, LIMITS);
      assert.ok(opened.outcome === 'failed', JSON.stringify(opened));
      assert.equal(opened.code, 'PROTOCOL');
      assert.match(opened.text, words);
      await until(() => scp.pduTypes.includes(7), 'the A-ABORT');
    });
  }

  it('is open although the answer has roles, extended negotiation and identity that nobody asked for', async () => {
    const [association] = await open({
      userItems: [
        role('1.2.3'),
        item(0x56, Buffer.alloc(5_000)),
        item(0x59, Buffer.alloc(2)),
        item(0x53, Buffer.alloc(4)),
      ],
    });
    assert.deepEqual(await store(association), { outcome: 'answered', status: 0, offendingElements: [] });
  });

  it('tells of its end while nothing is asked', async () => {
    const [closed, scp] = await open({});
    scp.hangUp();
    const end = await closed.ended;
    assert.deepEqual([end.how, end.by], ['aborted', 'peer']);
    assert.deepEqual(await store(closed), { outcome: 'notSent', text: end.text });
    const [released] = await open({ store: () => 'release' });
    const outcome = await store(released);
    assert.ok(outcome.outcome === 'unknown');
    assert.match(outcome.text, /A-RELEASE-RQ in the middle of an operation/);
  });

  for (const [release, how] of [
    ['silent', /did not answer the A-RELEASE-RQ within 1 s/],
    ['close', /closed/],
    ['abort', /A-ABORT/],
  ] as const) {
    it(`ends although the peer answers a release with ${release}`, async () => {
      const limits = release === 'silent' ? { associationTimeoutSeconds: 1 } : {};
      const [association, scp] = await open({ release }, limits);
      assert.equal((await store(association)).outcome, 'answered');
      const end = await association.release();
      assert.equal(end.how, 'aborted');
      assert.match(end.text, how);
      await until(() => scp.connections === 0, 'the end of the connection');
    });
  }

  it('has one operation at a time', async () => {
    const [association] = await open({});
    const first = store(association);
    await assert.rejects(store(association), /outstanding/);
    assert.throws(() => association.release(), /in the middle of an operation/);
    assert.equal((await first).outcome, 'answered');
    assert.equal((await store(association)).outcome, 'answered');
  });

  it('sends C-ECHO between objects', async () => {
    const [association] = await open({});
    await store(association);
    assert.deepEqual(await association.echo(5), { outcome: 'answered', status: 0, offendingElements: [] });
    assert.equal((await store(association)).outcome, 'answered');
  });
});

describe('an object that is sent', () => {
  for (const maxPduLength of [0, 7, 8, 13, 100, 4_096, 16_384, 131_072, 4_294_967_295]) {
    it(`arrives as it is in PDUs of at most ${maxPduLength} bytes`, async () => {
      const [association, scp] = await open({ maxPduLength });
      const large = maxPduLength > 0 && maxPduLength < 20 ? 30_000 : 700_001;
      for (const length of [0, 1, 2, 5_000, large]) {
        const dataSet = bytesOf(length);
        const cuts = [0, 1, 3, 4_096, 4_096, 300_000].map((at) => Math.min(at, length));
        const pieces = cuts.map((at, index) => dataSet.subarray(at, cuts[index + 1]));
        assert.equal((await store(association, pieces)).outcome, 'answered');
        const object = scp.objects.at(-1);
        assert.ok(object !== undefined && object.dataSet.equals(dataSet), `${length} bytes`);
        const limit = maxPduLength === 0 ? Infinity : maxPduLength;
        assert.ok(Math.max(...object.pduLengths) <= limit, String(object.pduLengths));
        const content = object.pduLengths.map((each) => each - 6).slice(0, -1);
        if (maxPduLength !== 7)
          assert.ok(
            content.every((each) => each % 2 === 0),
            'even fragments but for the last one',
          );
      }
    });
  }

  it('has a command set with all that it was given', async () => {
    const [association, scp] = await open({});
    const request = { sopClassUID: CT, sopInstanceUID: '1.2.3', contextId: 3, dataSet: [SMALL] };
    await association.store(request);
    await association.store({ ...request, priority: 2, moveOriginator: { aet: 'MOVER', messageId: 77 } });
    const [plain, moved] = scp.objects;
    assert.deepEqual(
      Object.fromEntries(plain?.command ?? []),
      Object.fromEntries([
        [0, 88],
        [0x0002, CT],
        [0x0100, 1],
        [0x0110, 1],
        [0x0700, 0],
        [0x0800, 0],
        [0x1000, '1.2.3'],
      ]),
    );
    assert.equal(plain?.contextId, 3);
    assert.deepEqual(
      [0x0110, 0x0700, 0x1030, 0x1031].map((tag) => moved?.command.get(tag)),
      [2, 2, 'MOVER', 77],
    );
  });

  it('has the answer that the peer gives: status, comment, elements', async () => {
    const [association] = await open({
      store: () => ({ status: 0xa700, elements: { 0x0901: '\x10\0\x20\0', 0x0902: 'disk\x1b full ' } }),
    });
    assert.deepEqual(await store(association), {
      outcome: 'answered',
      status: 0xa700,
      errorComment: 'disk\\x1b full',
      offendingElements: ['00100020'],
    });
    assert.equal(association.isOpen, true, 'a refusal ends nothing');
  });

  it('is answered without UIDs', async () => {
    const [association] = await open({
      store: ({ messageId }) =>
        dataTF(
          pdv(1, 3, Buffer.concat([element(0x0100, 0x8001), element(0x0120, messageId), element(0x0900, 0)])),
        ),
    });
    assert.equal((await store(association)).outcome, 'answered');
  });

  it('is answered, though its UID is longer than one may be', async () => {
    const [association] = await open({});
    assert.equal((await store(association, [SMALL], `1.${'2'.repeat(80)}`)).outcome, 'answered');
  });

  for (const [what, elements, words] of [
    ['another message id', { 0x0120: 999 }, /another message id/],
    ['another instance', { 0x1000: '9.9.9' }, /another SOP instance/],
    ['another class', { 0x0002: '9.9.9' }, /another SOP class/],
    ['another command', { 0x0100: 0x8030 }, /no response to ours/],
    ['a request', { 0x0100: 0x0001 }, /no response to ours/],
    ['a data set', { 0x0800: 1 }, /with a data set/],
  ] as const) {
    it(`is of unknown fate after a response with ${what}, and the association is aborted`, async () => {
      const [association, scp] = await open({ store: () => ({ status: 0, elements }) });
      const outcome = await store(association);
      assert.ok(outcome.outcome === 'unknown', JSON.stringify(outcome));
      assert.match(outcome.text, words);
      await until(() => scp.pduTypes.includes(7), 'the A-ABORT');
      assert.equal(association.isOpen, false);
    });
  }

  for (const [what, answer, words] of [
    ['no response', 'nothing', /did not respond within 0.3 s/],
    ['a reset', 'reset', /ECONNRESET/],
    ['the end of the connection', 'close', /closed/],
    ['an abort', 'abort', /A-ABORT/],
    [
      'a response on a context that was not accepted',
      { status: 0, contextId: 9 },
      /context 9 was not accepted/,
    ],
    [
      'a response without a status',
      dataTF(pdv(1, 3, Buffer.concat([element(0x0100, 0x8001), element(0x0120, 1)]))),
      /without a status/,
    ],
    [
      'an endless response',
      Buffer.concat(Array.from({ length: 9 }, () => dataTF(pdv(1, 1, Buffer.alloc(10_000))))),
      /more than 65536 bytes/,
    ],
    ['rubbish', Buffer.from('rubbish'), /PDU type 72H/],
    ['a PDU that is too long', Buffer.from([4, 0, 1, 0, 0, 0]), /claims 16777216 bytes/],
  ] as const) {
    it(`is of unknown fate after ${what}`, async () => {
      const limits = answer === 'nothing' ? { responseTimeoutSeconds: 0.3 } : {};
      const [association] = await open({ store: () => answer }, limits);
      const outcome = await store(association);
      assert.ok(outcome.outcome === 'unknown', JSON.stringify(outcome));
      assert.match(outcome.text, words);
      assert.equal(association.isOpen, false);
    });
  }

  it('is of unknown fate where the response comes byte by byte: its time does not begin anew', async () => {
    const [association, scp] = await open({ store: () => 'nothing' }, { responseTimeoutSeconds: 0.5 });
    const response = dataTF(pdv(1, 3, Buffer.alloc(10_000)));
    let at = 0;
    const dripping = setInterval(() => {
      if (scp.objects.length > 0) scp.say(response.subarray(at, (at += 1)));
    }, 20);
    const began = performance.now();
    const outcome = await store(association).finally(() => clearInterval(dripping));
    assert.ok(outcome.outcome === 'unknown', JSON.stringify(outcome));
    assert.match(outcome.text, /did not respond within 0.5 s/);
    assert.ok(performance.now() - began < 20_000, 'before all of it has come');
  });

  it('is answered once: a second response, or one that nobody asked for, ends the association', async () => {
    const response = (count: number): Buffer =>
      Buffer.concat(
        Array.from({ length: count }, () =>
          dataTF(pdv(1, 3, Buffer.concat([element(0x0100, 0x8001), element(0x0120, 1), element(0x0900, 0)]))),
        ),
      );
    const [association] = await open({ store: () => response(2) });
    assert.equal((await store(association)).outcome, 'answered');
    assert.match((await association.ended).text, /nothing is asked/);
  });

  it('is answered, though the peer releases the association together with its answer', async () => {
    const response = Buffer.concat([element(0x0100, 0x8001), element(0x0120, 1), element(0x0900, 0)]);
    const [association] = await open({
      store: () => Buffer.concat([dataTF(pdv(1, 3, response)), releaseRQ()]),
    });
    assert.equal((await store(association)).outcome, 'answered');
    const end = await association.ended;
    assert.deepEqual([end.how, end.by], ['released', 'peer']);
    assert.equal((await store(association)).outcome, 'notSent');
  });

  for (const act of ['reset', 'abort', 'close'] as const) {
    it(`is not sent where the peer does ${act} in the middle of a PDU`, async () => {
      const [association] = await open({ midway: { bytes: 300_000, act } });
      const outcome = await store(association, endless());
      assert.equal(outcome.outcome, 'notSent', JSON.stringify(outcome));
    });
  }

  it('is not sent where the peer stops reading, nor is its end of the connection waited for', async () => {
    const [association] = await open(
      { midway: { bytes: 100_000, act: 'stall' } },
      { writeTimeoutSeconds: 0.5, associationTimeoutSeconds: 600 },
    );
    let pieces = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const piece of endless()) {
        pieces += 1;
        yield piece;
      }
    }
    const outcome = await store(association, counted());
    assert.deepEqual(outcome, { outcome: 'notSent', text: 'the peer accepted no data for 0.5 s' });
    assert.ok(pieces < 200, `${pieces} pieces were read: no more than what the system buffers`);
  });

  it('is answered by a refusal that comes early, and nothing more of it is sent', async () => {
    const [association, scp] = await open({ midway: { bytes: 200_000, act: { status: 0xa700 } } });
    const outcome = await store(association, endless());
    assert.deepEqual(outcome, { outcome: 'answered', status: 0xa700, offendingElements: [] });
    assert.match((await association.ended).text, /before it had all of it/);
    assert.deepEqual(scp.objects, [], 'no last fragment');
  });

  it('is not sent where success comes early', async () => {
    const [association] = await open({ midway: { bytes: 200_000, act: 0 } });
    const outcome = await store(association, endless());
    assert.ok(outcome.outcome === 'notSent');
    assert.match(outcome.text, /before the object was sent/);
  });

  it('that cannot be read to its end is not sent to its end', async () => {
    const [association, scp] = await open({});
    const damaged = new Error('checksum mismatch');
    async function* source(pieces: number): AsyncGenerator<Buffer> {
      for (let left = pieces; left > 0; left -= 1) yield await Promise.resolve(Buffer.alloc(100_000));
      throw damaged;
    }
    const early = await store(association, source(2));
    assert.deepEqual(early, {
      outcome: 'notSent',
      text: 'the object cannot be read: checksum mismatch',
      error: damaged,
    });
    assert.equal((await store(association)).outcome, 'answered', 'nothing was sent: the association lives');
    const late = await store(association, source(10));
    assert.deepEqual(late, early);
    assert.match((await association.ended).text, /checksum mismatch/);
    await until(() => scp.pduTypes.includes(7), 'the A-ABORT');
    assert.equal(scp.objects.length, 1);
  });

  it('is not sent on a context that was not accepted', async () => {
    const [association] = await open({ context: ({ id }) => (id === 1 ? 3 : IMPLICIT) });
    assert.deepEqual(await store(association), {
      outcome: 'notSent',
      text: 'presentation context 1 is not accepted',
    });
    assert.equal(association.isOpen, true);
  });

  it('is given up at once when we abort, and its source is told', async () => {
    const [association] = await open({ midway: { bytes: 1_000, act: 'stall' } });
    let isClosed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield* endless();
      } finally {
        isClosed = true;
      }
    }
    const outcome = store(association, source());
    setTimeout(() => association.abort('Node-RED stops'), 200);
    assert.deepEqual(await outcome, { outcome: 'notSent', text: 'Node-RED stops' });
    assert.equal(isClosed, true);
  });
});

describe('an SCP whose bytes are damaged', () => {
  const accept = associateAC({ answers: [answeredContext(1, EXPLICIT)] });
  const success = { 0x0002: CT, 0x0100: 0x8001, 0x0120: 1, 0x0800: 0x0101, 0x0900: 0, 0x1000: '1.2.3.4.5' };
  const response = dataTF(pdv(1, 3, commandSet(success)));
  const limits = { ...LIMITS, associationTimeoutSeconds: 0.1, responseTimeoutSeconds: 0.1 };

  /** What became of objects that are sent to it, one after the other. */
  async function outcomes(seed: number, count: number): Promise<string[]> {
    const random = new Random(seed);
    const scp = await listen({});
    const all: string[] = [];
    for (let round = 0; round < count; round += 1) {
      const isAccept = round % 2 === 0;
      scp.behaviour = {
        ...(isAccept && { associate: mutate(accept, random, [response]) }),
        store: () => (isAccept ? 0 : mutate(response, random, [accept])),
      };
      const opened = await ScuAssociation.open(target(scp.port), CONTEXTS, limits);
      const { outcome } = opened.outcome === 'opened' ? await store(opened.association) : opened;
      all.push(outcome);
      if (opened.outcome === 'opened') opened.association.abort('that is all');
    }
    await until(() => scp.connections === 0, 'the end of all connections');
    return all;
  }

  it('has an outcome in every case', async () => {
    // Most wait for a time-out, so several at once.
    const seeds = Array.from({ length: 16 }, (_, at) => 11 + at);
    const all = (await Promise.all(seeds.map((seed) => outcomes(seed, 25)))).flat();
    const [failed, unknown, answered] = ['failed', 'unknown', 'answered'].map(
      (outcome) => all.filter((each) => each === outcome).length,
    ) as [number, number, number];
    assert.ok(failed > 50 && unknown > 50 && answered > 20, JSON.stringify({ failed, unknown, answered }));
  });
});

/** An element of a command set with a number. */
function element(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16LE(tag, 2);
  bytes.writeUInt32LE(2, 4);
  bytes.writeUInt16LE(value, 8);
  return bytes;
}
