import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import {
  CT,
  DEFAULT_CONTEXTS,
  EXPLICIT,
  IMPLICIT,
  JPEG,
  VERIFICATION,
  abort,
  associateRQ,
  commandSet,
  dataTF,
  echoRQ,
  item,
  pdu,
  pdv,
  readResponse,
  releaseRQ,
  storeRQ,
  type AssociateOptions,
} from '../../support/connections/pdus';
import { RawPeer, associate } from '../../support/connections/raw-peer';
import {
  testListener,
  type TestListener,
  type TestListenerOptions,
} from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

const COMMAND = 0b11;
const DATA = 0b00;
const LAST_DATA = 0b10;

const open: (TestListener | RawPeer)[] = [];

async function listen(options?: TestListenerOptions): Promise<TestListener> {
  const listener = await testListener(options);
  open.push(listener);
  return listener;
}

async function connect({ port }: TestListener): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  open.push(peer);
  return peer;
}

/** The same, associated. */
async function associateWith({ port }: TestListener, options?: AssociateOptions): Promise<RawPeer> {
  const peer = await associate(port, options);
  open.push(peer);
  return peer;
}

/** A response that comes in fragments, put together as one PDV; fails when a PDU is longer than this. */
async function fragments(peer: RawPeer, maxPduLength: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const received = await peer.next();
    assert.equal(received?.type, 0x04);
    assert.ok(received.body.length <= maxPduLength, `a PDU of ${received.body.length} bytes`);
    assert.equal(received.body.readUInt32BE(0), received.body.length - 4);
    parts.push(received.body.subarray(6));
    if (received.body[5] === COMMAND) return pdv(received.body[4] ?? 0, COMMAND, Buffer.concat(parts));
  }
}

async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) {
    if (one instanceof RawPeer) one.destroy();
    else await one.close();
  }
}

async function expectAbort(peer: RawPeer, source: number, reason: number): Promise<void> {
  const received = await peer.next();
  assert.equal(received?.type, 0x07, 'A-ABORT');
  assert.deepEqual([...(received?.body.subarray(2) ?? [])], [source, reason]);
}

async function expectReject(peer: RawPeer, result: number, source: number, reason: number): Promise<void> {
  const received = await peer.next();
  assert.equal(received?.type, 0x03, 'A-ASSOCIATE-RJ');
  assert.deepEqual([...(received?.body.subarray(1) ?? [])], [result, source, reason]);
}

/** Ids, results and transfer syntaxes of an A-ASSOCIATE-AC's contexts. */
function contextResults(body: Buffer): Record<number, [result: number, transferSyntax: string]> {
  const found: Record<number, [number, string]> = {};
  for (let offset = 68; offset < body.length;) {
    const length = body.readUInt16BE(offset + 2);
    if (body.readUInt8(offset) === 0x21) {
      const syntax = body.toString('latin1', offset + 12, offset + 4 + length);
      found[body.readUInt8(offset + 4)] = [body.readUInt8(offset + 6), syntax];
    }
    offset += 4 + length;
  }
  return found;
}

afterEach(closeAll);
after(closeAll);

describe('association establishment (PS3.8 9.3.2 to 9.3.4)', () => {
  it('accepts, and echoes the AE titles as they were sent', async () => {
    const peer = await connect(await listen());
    peer.send(associateRQ({ callingAET: ' ct 01', calledAET: 'Any' }));
    const accepted = await peer.next();
    assert.equal(accepted?.type, 0x02);
    assert.equal(accepted?.body.toString('latin1', 4, 20), 'Any'.padEnd(16));
    assert.equal(accepted?.body.toString('latin1', 20, 36), ' ct 01'.padEnd(16));
  });

  it('answers each context by its own id, also when ids are not ascending', async () => {
    const peer = await connect(await listen());
    peer.send(
      associateRQ({
        contexts: [
          { id: 9, abstractSyntax: CT, transferSyntaxes: [JPEG, IMPLICIT] },
          { id: 5, abstractSyntax: '1.2.840.10008.5.1.4.31', transferSyntaxes: [IMPLICIT] },
          { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
          { id: 7, abstractSyntax: '1.3.46.670589.2.5', transferSyntaxes: [EXPLICIT] },
        ],
      }),
    );
    const accepted = await peer.next();
    assert.deepEqual(contextResults(accepted?.body ?? Buffer.alloc(0)), {
      1: [0, IMPLICIT],
      5: [3, IMPLICIT],
      7: [0, EXPLICIT],
      9: [0, JPEG],
    });
  });

  it('takes transfer syntaxes in our order of preference, where one is set', async () => {
    const peer = await connect(await listen({ policy: { transferSyntaxes: [IMPLICIT, EXPLICIT] } }));
    peer.send(
      associateRQ({
        contexts: [
          { id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT, IMPLICIT] },
          { id: 3, abstractSyntax: CT, transferSyntaxes: [JPEG] },
        ],
      }),
    );
    const results = contextResults((await peer.next())?.body ?? Buffer.alloc(0));
    assert.deepEqual(results, { 1: [0, IMPLICIT], 3: [4, JPEG] });
  });

  it('refuses unknown SOP classes where only known ones are wanted', async () => {
    const peer = await connect(await listen({ policy: { acceptUnknownSopClasses: false } }));
    peer.send(
      associateRQ({
        contexts: [{ id: 1, abstractSyntax: '1.3.46.670589.2.5', transferSyntaxes: [IMPLICIT] }],
      }),
    );
    assert.deepEqual(contextResults((await peer.next())?.body ?? Buffer.alloc(0)), { 1: [3, IMPLICIT] });
  });

  it('announces its own maximum length, whatever the peer announces (DIMSE-TRAPS 7)', async () => {
    for (const maxPduLength of [0, 4_096, 0xffff_ffff]) {
      const peer = await connect(await listen());
      peer.send(associateRQ({ maxPduLength }));
      const body = (await peer.next())?.body ?? Buffer.alloc(0);
      const item51 = body.indexOf(Buffer.from([0x51, 0, 0, 4]));
      assert.equal(body.readUInt32BE(item51 + 4), 262_144);
    }
  });

  it('skips items that it does not know, and answers roles as an SCP only', async () => {
    const role = Buffer.concat([Buffer.from([0, CT.length]), Buffer.from(CT), Buffer.from([1, 1])]);
    const peer = await connect(await listen());
    peer.send(
      associateRQ({ items: [item(0x99, 'whatever')], userItems: [item(0x54, role), item(0x77, 'x')] }),
    );
    const body = (await peer.next())?.body ?? Buffer.alloc(0);
    assert.deepEqual(contextResults(body), { 1: [0, IMPLICIT], 3: [0, EXPLICIT] });
    const answered = body.indexOf(Buffer.concat([Buffer.from([0, CT.length]), Buffer.from(CT)]));
    assert.deepEqual([...body.subarray(answered + 2 + CT.length, answered + 4 + CT.length)], [1, 0]);
  });

  const rejections: [
    why: string,
    AssociateOptions,
    TestListenerOptions['policy'],
    [number, number, number],
  ][] = [
    ['the protocol version', { protocolVersion: 2 }, {}, [1, 2, 2]],
    ['the application context', { applicationContext: '1.2.3' }, {}, [1, 1, 2]],
    ['the called AE title', { calledAET: 'OTHER' }, { checkCalledAET: true }, [1, 1, 7]],
    ['the calling AE title', { callingAET: 'NOBODY' }, { callingAETs: new Set(['CT01']) }, [1, 1, 3]],
    ['an empty list of callers', {}, { callingAETs: new Set() }, [1, 1, 3]],
    ['the limit of associations', {}, { maxAssociations: 0 }, [2, 3, 2]],
    [
      'the called before the calling AE title',
      { calledAET: 'OTHER', callingAET: 'NOBODY' },
      { checkCalledAET: true, callingAETs: new Set(['CT01']) },
      [1, 1, 7],
    ],
  ];
  for (const [why, request, policy, [result, source, reason]] of rejections) {
    it(`rejects because of ${why}: ${result}/${source}/${reason}`, async () => {
      const listener = await listen({ policy: policy ?? {} });
      const peer = await connect(listener);
      peer.send(associateRQ(request));
      await expectReject(peer, result, source, reason);
      const event = listener.events.at(-1);
      assert.equal(event?.event, 'association-rejected');
    });
  }

  it('compares AE titles without case and padding', async () => {
    const listener = await listen({
      policy: { callingAETs: new Set(['CT01']), checkCalledAET: true, ourAET: 'Our_Scp' },
    });
    await associateWith(listener, { callingAET: ' ct01', calledAET: 'OUR_SCP' });
  });

  it('is called by each of its AE titles, and by no other, and says by which', async () => {
    const policy = { checkCalledAET: true, ourAET: 'CT_IN', alsoCalledAETs: ['Mr_In', 'US_IN'] };
    const listener = await listen({ policy });
    for (const calledAET of ['CT_IN', 'mr_in', 'US_IN']) {
      const peer = await connect(listener);
      peer.send(associateRQ({ calledAET }));
      const accepted = await peer.next();
      assert.equal(accepted?.type, 0x02);
      assert.equal(accepted.body.toString('latin1', 4, 20), calledAET.padEnd(16), 'as it was called');
      peer.send(dataTF(pdv(3, COMMAND, storeRQ()), pdv(3, LAST_DATA, Buffer.alloc(10))));
      await peer.response();
      assert.equal(listener.stored.at(-1)?.request.association.calledAET, calledAET);
    }
    const stranger = await connect(listener);
    stranger.send(associateRQ({ calledAET: 'MR_IN_2' }));
    await expectReject(stranger, 1, 1, 7);
    const event = listener.events.at(-1);
    assert.ok(event?.event === 'association-rejected');
    assert.match(event.text, /"MR_IN_2" is not one of this node \("CT_IN", "Mr_In", "US_IN"\)/);
  });

  it('writes an AE title with control characters escaped', async () => {
    const listener = await listen({ policy: { callingAETs: new Set() } });
    const peer = await connect(listener);
    peer.send(associateRQ({ callingAET: 'A\n\x1b[31mB' }));
    await expectReject(peer, 1, 1, 3);
    const event = listener.events[0];
    assert.ok(event?.event === 'association-rejected');
    assert.match(event.text, /"A\\x0a\\x1b\[31mB"/);
  });

  it('does not serve hosts outside the list', async () => {
    const listener = await listen({ allowedHosts: ['10.0.0.0/8'] });
    const peer = await connect(listener);
    await peer.closed;
    assert.deepEqual(listener.events, [
      {
        event: 'connection-refused',
        remoteAddress: '127.0.0.1',
        remotePort: peer.localPort,
        text: 'the address is not in the list of allowed hosts: add it there',
      },
    ]);
  });
});

describe('requests on an open association', () => {
  it('answers C-ECHO', async () => {
    const peer = await associateWith(await listen());
    peer.send(dataTF(pdv(1, COMMAND, echoRQ(5))));
    const response = await peer.response();
    assert.equal(response.get(0x0100), 0x8030);
    assert.equal(response.get(0x0120), 5);
    assert.equal(response.get(0x0900), 0);
  });

  it('takes an object, however it is cut into PDVs, PDUs and packets, and keeps its bytes', async () => {
    const data = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index & 0xff));
    const command = storeRQ();
    const streams: Record<string, Buffer[]> = {
      'one PDU for both': [dataTF(pdv(3, COMMAND, command), pdv(3, LAST_DATA, data))],
      'command in two fragments': [
        dataTF(pdv(3, 0b01, command.subarray(0, 10))),
        dataTF(pdv(3, COMMAND, command.subarray(10))),
        dataTF(pdv(3, LAST_DATA, data)),
      ],
      'many PDVs in a PDU, the last one empty': [
        dataTF(pdv(3, COMMAND, command)),
        dataTF(
          pdv(3, DATA, data.subarray(0, 1)),
          pdv(3, DATA, data.subarray(1, 4_000)),
          pdv(3, DATA, Buffer.alloc(0)),
          pdv(3, DATA, data.subarray(4_000)),
          pdv(3, LAST_DATA, Buffer.alloc(0)),
        ),
      ],
    };
    for (const [how, pdus] of Object.entries(streams)) {
      for (const step of [1, 7, 1_460, Infinity]) {
        const listener = await listen();
        const peer = await associateWith(listener);
        const stream = Buffer.concat(pdus);
        for (let at = 0; at < stream.length; at += step) peer.send(stream.subarray(at, at + step));
        const response = await peer.response();
        assert.equal(response.get(0x0900), 0, how);
        assert.equal(response.get(0x0002), CT);
        assert.equal(response.get(0x1000), '1.2.3.4.5');
        assert.ok(listener.stored[0]?.bytes.equals(data), `${how}, ${step} bytes at a time`);
        peer.destroy();
      }
    }
  });

  it('reads nothing more while an answer is worked out, and then goes on in order', async () => {
    let running = 0;
    let most = 0;
    const listener = await listen({
      answer: async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return { status: 0 };
      },
    });
    const peer = await associateWith(listener);
    const objects = [1, 2, 3, 4].map((id) =>
      dataTF(pdv(3, COMMAND, storeRQ({ 0x0110: id })), pdv(3, LAST_DATA, Buffer.alloc(100, id))),
    );
    peer.send(...objects);
    for (const id of [1, 2, 3, 4]) assert.equal((await peer.response()).get(0x0120), id);
    assert.equal(most, 1);
  });

  it('refuses what is larger than the limit with A700, keeps nothing, and the association lives', async () => {
    const listener = await listen({ limits: { maxObjectBytes: 1_000 } });
    const peer = await associateWith(listener);
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
    for (let count = 0; count < 20; count += 1) peer.send(dataTF(pdv(3, DATA, Buffer.alloc(100))));
    peer.send(dataTF(pdv(3, LAST_DATA, Buffer.alloc(1))));
    const refused = await peer.response();
    assert.equal(refused.get(0x0900), 0xa700);
    assert.match(String(refused.get(0x0902)), /larger than the limit/);
    assert.equal(listener.discarded.length, 1);
    peer.send(dataTF(pdv(3, COMMAND, storeRQ()), pdv(3, LAST_DATA, Buffer.alloc(1_000))));
    assert.equal((await peer.response()).get(0x0900), 0);
  });

  const refusals: [what: string, contextId: number, command: Buffer, status: number][] = [
    ['no Affected SOP Instance UID', 3, storeRQ({ 0x1000: '' }), 0x0117],
    ['a UID with a path in it', 3, storeRQ({ 0x1000: '../../etc/passwd' }), 0x0117],
    ['a UID of 65 characters', 3, storeRQ({ 0x1000: `1.${'2'.repeat(63)}` }), 0x0117],
    ['a SOP class that is no storage', 3, storeRQ({ 0x0002: '1.2.840.10008.5.1.4.31' }), 0x0122],
    ['C-STORE on a Verification context', 1, storeRQ({ 0x0002: VERIFICATION }), 0x0122],
  ];
  for (const [what, contextId, command, status] of refusals) {
    it(`refuses a C-STORE with ${what}, after its data set, and the association lives`, async () => {
      const listener = await listen();
      const peer = await associateWith(listener);
      peer.send(dataTF(pdv(contextId, COMMAND, command), pdv(contextId, LAST_DATA, Buffer.alloc(10))));
      assert.equal((await peer.response()).get(0x0900), status);
      assert.equal(listener.stored.length, 0);
      peer.send(dataTF(pdv(1, COMMAND, echoRQ())));
      assert.equal((await peer.response()).get(0x0900), 0);
    });
  }

  it('accepts instance UIDs with a dot or a space too many: the object is worth more than its name', async () => {
    for (const uid of ['1.2.3.', '1.2. 3', ' 1.2.3', '1.2.3 ', '1..2', '1.2-A']) {
      const listener = await listen();
      const peer = await associateWith(listener);
      peer.send(dataTF(pdv(3, COMMAND, storeRQ({ 0x1000: uid })), pdv(3, LAST_DATA, Buffer.alloc(10))));
      assert.equal((await peer.response()).get(0x0900), 0, uid);
      assert.equal(listener.stored.length, 1);
    }
  });

  it('refuses a C-STORE without a data set with C000', async () => {
    const peer = await associateWith(await listen());
    peer.send(dataTF(pdv(3, COMMAND, storeRQ({ 0x0800: 0x0101 }))));
    assert.equal((await peer.response()).get(0x0900), 0xc000);
  });

  it('answers services that it does not offer with 0211 in their own response, and lives', async () => {
    const peer = await associateWith(await listen());
    const find = commandSet({ 0x0002: '1.2.840.10008.5.1.4.1.2.2.1', 0x0100: 0x0020, 0x0110: 3, 0x0800: 0 });
    peer.send(dataTF(pdv(3, COMMAND, find)), dataTF(pdv(3, LAST_DATA, Buffer.alloc(8))));
    const found = await peer.response();
    assert.equal(found.get(0x0100), 0x8020);
    assert.equal(found.get(0x0900), 0x0211);
    const unheardOf = commandSet({ 0x0100: 0x0777, 0x0110: 4, 0x0800: 0x0101 });
    peer.send(dataTF(pdv(3, COMMAND, unheardOf)));
    assert.equal((await peer.response()).get(0x0900), 0x0211);
    peer.send(dataTF(pdv(3, COMMAND, commandSet({ 0x0100: 0x0fff, 0x0120: 4, 0x0800: 0x0101 }))));
    peer.send(dataTF(pdv(1, COMMAND, echoRQ(9))));
    assert.equal((await peer.response()).get(0x0120), 9, 'C-CANCEL has no response');
  });

  for (const maxPduLength of [7, 8, 9, 12, 13, 64, 83]) {
    it(`fits its responses into PDUs of ${maxPduLength} bytes, where the peer takes no more`, async () => {
      const peer = await associateWith(await listen(), { maxPduLength });
      const asked: [Buffer, number][] = [
        [dataTF(pdv(3, COMMAND, storeRQ()), pdv(3, LAST_DATA, Buffer.alloc(10))), 0x8001],
        [dataTF(pdv(1, COMMAND, echoRQ(5))), 0x8030],
        [dataTF(pdv(1, COMMAND, commandSet({ 0x0100: 0x0777, 0x0110: 4, 0x0800: 0x0101 }))), 0x8777],
      ];
      for (const [request, field] of asked) {
        peer.send(request);
        assert.equal(readResponse(await fragments(peer, maxPduLength)).values.get(0x0100), field);
      }
    });
  }

  for (const maxPduLength of [1, 6]) {
    it(`has no association with a peer that takes ${maxPduLength} bytes: nothing could be answered`, async () => {
      const peer = await connect(await listen());
      peer.send(associateRQ({ maxPduLength }));
      await expectAbort(peer, 0, 0);
    });
  }

  it('takes UIDs with padding around them, and those that are almost UIDs', async () => {
    const listener = await listen();
    const peer = await associateWith(listener);
    const uids: [sent: string, taken: string][] = [
      ['1.2.3.', '1.2.3.'],
      ['1.2..3', '1.2..3'],
      ['1.2. 3', '1.2. 3'],
      [' 1.2.3', '1.2.3'],
      ['1.2.3 ', '1.2.3'],
      ['1.2.3\0\0\0', '1.2.3'],
      ['ANON-1.2', 'ANON-1.2'],
    ];
    for (const [sent, taken] of uids) {
      peer.send(dataTF(pdv(3, COMMAND, storeRQ({ 0x1000: sent })), pdv(3, LAST_DATA, Buffer.alloc(10))));
      const response = await peer.response();
      assert.deepEqual([response.get(0x0900), response.get(0x1000)], [0, taken], JSON.stringify(sent));
      assert.equal(listener.stored.at(-1)?.request.sopInstanceUID, taken);
    }
    peer.send(dataTF(pdv(3, COMMAND, storeRQ({ 0x0002: `${CT}.` })), pdv(3, LAST_DATA, Buffer.alloc(10))));
    assert.equal((await peer.response()).get(0x0900), 0, 'a SOP class with a dot at its end');
  });

  it('repeats of a UID that is too long no more than a UID may have', async () => {
    const listener = await listen();
    const peer = await associateWith(listener);
    const uid = `1.${'2'.repeat(60_000)}`;
    peer.send(dataTF(pdv(3, COMMAND, storeRQ({ 0x1000: uid })), pdv(3, LAST_DATA, Buffer.alloc(10))));
    const response = await peer.response();
    assert.deepEqual([response.get(0x0900), response.get(0x1000)], [0x0117, uid.slice(0, 64)]);
    const event = listener.events.at(-1);
    assert.ok(event?.event === 'object-refused' && event.sopInstanceUID.length <= 65);
  });
});

describe('the end of an association', () => {
  it('answers a release and waits for the peer to close (AR-4)', async () => {
    const listener = await listen();
    const peer = await associateWith(listener);
    peer.send(releaseRQ());
    assert.equal((await peer.next())?.type, 0x06);
    assert.equal(listener.events.at(-1)?.event, 'association-released');
  });

  it('closes the connection itself when the peer does not (ARTIM)', async () => {
    const peer = await associateWith(await listen({ limits: { associationTimeoutSeconds: 0.2 } }));
    peer.send(releaseRQ());
    assert.equal((await peer.next())?.type, 0x06);
    await peer.closed;
  });

  it('closes a connection that does not ask for an association (ARTIM)', async () => {
    const listener = await listen({ limits: { associationTimeoutSeconds: 0.2 } });
    const peer = await connect(listener);
    peer.send(associateRQ().subarray(0, 40));
    await peer.closed;
    assert.equal(listener.events.at(-1)?.event, 'connection-refused');
  });

  it('aborts an association that is idle', async () => {
    const listener = await listen({ limits: { idleTimeoutSeconds: 0.2 } });
    const peer = await associateWith(listener);
    await expectAbort(peer, 0, 0);
    const event = listener.events.at(-1);
    assert.ok(event?.event === 'association-aborted' && event.by === 'node');
  });

  it('aborts a PDU that drips byte by byte, as idle', async () => {
    const peer = await associateWith(await listen({ limits: { idleTimeoutSeconds: 0.3 } }));
    const bytes = dataTF(pdv(3, COMMAND, storeRQ()));
    let at = 0;
    const drip = setInterval(() => peer.send(bytes.subarray(at, (at += 1))), 50);
    await expectAbort(peer, 0, 0);
    clearInterval(drip);
  });

  it('aborts an association that sends nothing but empty fragments, as idle', async () => {
    const peer = await associateWith(await listen({ limits: { idleTimeoutSeconds: 0.3 } }));
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
    const empty = setInterval(() => peer.send(dataTF(pdv(3, DATA, Buffer.alloc(0)))), 50);
    await expectAbort(peer, 0, 0);
    clearInterval(empty);
  });

  for (const [how, end] of [
    ['A-ABORT', (peer: RawPeer) => peer.send(abort())],
    ['disconnecting', (peer: RawPeer) => peer.destroy()],
    ['a reset', (peer: RawPeer) => peer.socket.resetAndDestroy()],
  ] as const) {
    it(`drops a half-sent object on ${how}, and serves the next peer`, async () => {
      const listener = await listen();
      const peer = await associateWith(listener);
      peer.send(dataTF(pdv(3, COMMAND, storeRQ())), dataTF(pdv(3, DATA, Buffer.alloc(100))));
      await until(() => listener.begun.length === 1, 'the object');
      end(peer);
      await peer.closed;
      await until(() => listener.listener.openAssociations === 0, 'the end of the association');
      assert.equal(listener.discarded.length, 1);
      assert.equal(listener.stored.length, 0);
      const event = listener.events.at(-1);
      assert.ok(event?.event === 'association-aborted' && event.by === 'peer');
      await associateWith(listener);
    });
  }

  it('tells what a peer asked for that goes because none of it is accepted', async () => {
    const listener = await listen();
    const peer = await RawPeer.connect(listener.port);
    const abstractSyntax = '1.2.840.10008.5.1.4.31';
    peer.send(
      associateRQ({ contexts: [{ id: 1, abstractSyntax, transferSyntaxes: ['1.2.840.10008.1.2'] }] }),
    );
    await peer.next();
    peer.destroy();
    await until(() => listener.events.at(-1)?.event === 'association-aborted', 'the end of the association');
    const event = listener.events.at(-1);
    assert.ok(event?.event === 'association-aborted');
    assert.match(
      event.text,
      /; nothing that it asked for is accepted here: Modality Worklist Information Model/,
    );
  });

  it('stops: frees the port, aborts who is idle, and lets an object under way finish', async () => {
    const listener = await listen();
    const idle = await associateWith(listener);
    const busy = await associateWith(listener);
    busy.send(dataTF(pdv(3, COMMAND, storeRQ())));
    await until(() => listener.begun.length === 1, 'the object');
    const closed = listener.listener.close(2_000);
    await expectAbort(idle, 0, 0);
    busy.send(dataTF(pdv(3, LAST_DATA, Buffer.alloc(10))));
    assert.equal((await busy.response()).get(0x0900), 0);
    await expectAbort(busy, 0, 0);
    await closed;
    await assert.rejects(RawPeer.connect(listener.port), /ECONNREFUSED/);
  });

  it('stops within the grace when an object never ends', async () => {
    const listener = await listen();
    const peer = await associateWith(listener);
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
    await until(() => listener.begun.length === 1, 'the object');
    await listener.listener.close(100);
    assert.equal(listener.discarded.length, 1);
    await expectAbort(peer, 0, 0);
  });
});

describe('what breaks the protocol is aborted with its reason (PS3.8 Table 9-10)', () => {
  const SOURCE_USER = 0;
  const SOURCE_PROVIDER = 2;
  const header = (type: number, length: number): Buffer => {
    const bytes = pdu(type, Buffer.alloc(0));
    bytes.writeUInt32BE(length, 2);
    return bytes;
  };

  const beforeAssociation: [what: string, bytes: Buffer][] = [
    ['P-DATA', dataTF(pdv(1, COMMAND, echoRQ()))],
    ['A-RELEASE-RQ', releaseRQ()],
    ['an unknown PDU type', header(0x42, 4)],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])],
    ['an A-ASSOCIATE-RQ of 4 GiB', header(0x01, 0xffff_ffff)],
    ['an A-ASSOCIATE-RQ that is too short', pdu(0x01, Buffer.alloc(20))],
    ['an item longer than its PDU', associateRQ({ items: [Buffer.from([0x10, 0, 0xff, 0xff])] })],
    ['an even context id', associateRQ({ contexts: [{ id: 2, abstractSyntax: CT, transferSyntaxes: [] }] })],
    ['a context id used twice', associateRQ({ contexts: [...DEFAULT_CONTEXTS, ...DEFAULT_CONTEXTS] })],
  ];
  for (const [what, bytes] of beforeAssociation) {
    it(`Sta2: ${what}`, async () => {
      const listener = await listen();
      const peer = await connect(listener);
      peer.send(bytes);
      await expectAbort(peer, SOURCE_USER, 0);
      await associateWith(listener);
    });
  }

  const onOpenAssociation: [what: string, reason: number, bytes: Buffer][] = [
    ['an unknown PDU type', 1, header(0x08, 4)],
    ['a second A-ASSOCIATE-RQ', 2, associateRQ()],
    ['an A-ASSOCIATE-AC', 2, header(0x02, 100)],
    ['an A-RELEASE-RP', 2, pdu(0x06, Buffer.alloc(4))],
    ['P-DATA longer than announced', 6, header(0x04, 262_145)],
    ['P-DATA of 4 GiB', 6, header(0x04, 0xffff_ffff)],
    ['P-DATA without a PDV', 6, dataTF()],
    ['a PDV longer than its PDU', 6, pdu(0x04, Buffer.from([0, 0, 1, 0, 1, 3, 0, 0]))],
    ['a PDV of length 0', 6, pdu(0x04, Buffer.from([0, 0, 0, 0, 1, 3]))],
    ['a PDV of length 1', 6, pdu(0x04, Buffer.from([0, 0, 0, 1, 1, 3]))],
    ['a rest after the last PDV', 6, pdu(0x04, Buffer.concat([pdv(1, 1, Buffer.alloc(2)), Buffer.alloc(3)]))],
    ['a context that was not accepted', 6, dataTF(pdv(5, COMMAND, echoRQ()))],
    ['an A-RELEASE-RQ of the wrong length', 6, pdu(0x05, Buffer.alloc(5))],
    ['data before a command', 2, dataTF(pdv(3, LAST_DATA, Buffer.alloc(4)))],
    ['a command inside a data set', 2, dataTF(pdv(3, COMMAND, storeRQ()), pdv(3, COMMAND, storeRQ()))],
    [
      'fragments of two contexts mixed',
      2,
      dataTF(pdv(3, COMMAND, storeRQ()), pdv(1, LAST_DATA, Buffer.alloc(4))),
    ],
    [
      'a release in the middle of an object',
      2,
      Buffer.concat([dataTF(pdv(3, COMMAND, storeRQ())), releaseRQ()]),
    ],
    ['a response to nothing', 2, dataTF(pdv(3, COMMAND, storeRQ({ 0x0100: 0x8001 })))],
    ['a command set that is none', 6, dataTF(pdv(3, COMMAND, Buffer.from('this is no command set')))],
    [
      'a command element longer than its set',
      6,
      dataTF(pdv(3, COMMAND, Buffer.from([0, 0, 2, 0, 9, 9, 0, 0]))),
    ],
    [
      'a command set without an end',
      6,
      Buffer.concat(Array.from({ length: 9 }, () => dataTF(pdv(3, 0b01, Buffer.alloc(8_192))))),
    ],
  ];
  for (const [what, reason, bytes] of onOpenAssociation) {
    it(`Sta6: ${what} (reason ${reason})`, async () => {
      const listener = await listen();
      const peer = await associateWith(listener);
      peer.send(bytes);
      await expectAbort(peer, SOURCE_PROVIDER, reason);
      assert.equal(listener.stored.length, 0);
      await associateWith(listener);
    });
  }

  it('Sta13: ignores what still comes, but aborts another A-ASSOCIATE-RQ (AA-6, AA-7)', async () => {
    const peer = await associateWith(await listen());
    peer.send(releaseRQ());
    assert.equal((await peer.next())?.type, 0x06);
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())), releaseRQ());
    peer.send(associateRQ());
    await expectAbort(peer, SOURCE_PROVIDER, 2);
  });

  it('serves 50 of 200 peers that come at once, and rejects the others as transient', async () => {
    const listener = await listen();
    const peers = await Promise.all(Array.from({ length: 200 }, () => connect(listener)));
    peers.forEach((peer) => peer.send(associateRQ()));
    const answers = await Promise.all(peers.map((peer) => peer.next()));
    assert.equal(answers.filter((answer) => answer?.type === 0x02).length, 50);
    const rejected = answers.filter((answer) => answer?.type === 0x03);
    assert.equal(rejected.length, 150);
    for (const answer of rejected) assert.deepEqual([...(answer?.body.subarray(1) ?? [])], [2, 3, 2]);
  });
});
