import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { abort, associateRQ, dataTF, echoRQ, pdu, pdv, releaseRQ } from '../../support/connections/pdus';
import { RawPeer, associate } from '../../support/connections/raw-peer';
import { testListener, type TestListener } from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

/**
 * PS3.8 Table 9-10, every row of an acceptor in every state it can be found in. Sta3 and Sta8 do not last: the decision
 * about an A-ASSOCIATE-RQ, and the answer to an A-RELEASE-RQ, are made in the turn in which the request arrives, so
 * nothing can come in between. Sta4, 5, 7 and 9 to 12 need requests that this software does not make.
 */
const INCOMING = {
  'A-ASSOCIATE-AC': pdu(0x02, Buffer.alloc(68)),
  'A-ASSOCIATE-RJ': pdu(0x03, Buffer.from([0, 1, 1, 1])),
  'A-ASSOCIATE-RQ': associateRQ(),
  'P-DATA-TF': dataTF(pdv(1, 0b11, echoRQ(5))),
  'A-RELEASE-RQ': releaseRQ(),
  'A-RELEASE-RP': pdu(0x06, Buffer.alloc(4)),
  'A-ABORT': abort(),
  'unrecognized PDU': pdu(0x42, Buffer.alloc(4)),
  'invalid PDU': pdu(0x05, Buffer.alloc(5)),
} as const;
type Incoming = keyof typeof INCOMING;

/** What an action of Tables 9-6 to 9-9 looks like from outside: the PDU sent, then whether the transport closes. */
const ACTIONS = {
  'AE-6': { sends: [0x02], closes: false },
  'DT-2': { sends: [0x04], closes: false },
  /** With AR-4, the response, at once. */
  'AR-2': { sends: [0x06], closes: false },
  'AA-1': { sends: [0x07, 0, 0], closes: false },
  'AA-2': { sends: [], closes: true },
  'AA-3': { sends: [], closes: true },
  'AA-6': { sends: [], closes: false },
  'AA-7 unrecognized': { sends: [0x07, 2, 1], closes: false },
  'AA-7 unexpected': { sends: [0x07, 2, 2], closes: false },
  'AA-7 invalid': { sends: [0x07, 2, 6], closes: false },
  'AA-8 unrecognized': { sends: [0x07, 2, 1], closes: false },
  'AA-8 unexpected': { sends: [0x07, 2, 2], closes: false },
  'AA-8 invalid': { sends: [0x07, 2, 6], closes: false },
} as const;
type Action = keyof typeof ACTIONS;

const STA13: Record<Incoming, Action> = {
  'A-ASSOCIATE-AC': 'AA-6',
  'A-ASSOCIATE-RJ': 'AA-6',
  'A-ASSOCIATE-RQ': 'AA-7 unexpected',
  'P-DATA-TF': 'AA-6',
  'A-RELEASE-RQ': 'AA-6',
  'A-RELEASE-RP': 'AA-6',
  'A-ABORT': 'AA-2',
  'unrecognized PDU': 'AA-7 unrecognized',
  'invalid PDU': 'AA-7 invalid',
};

interface StateRows {
  enter: (peer: RawPeer) => Promise<void>;
  rows: Record<Incoming, Action>;
}

const expectPdu = async (peer: RawPeer, type: number): Promise<void> =>
  assert.equal((await peer.next())?.type, type);

const STATES: Record<string, StateRows> = {
  'Sta2 (awaiting A-ASSOCIATE-RQ)': {
    enter: () => Promise.resolve(),
    rows: {
      'A-ASSOCIATE-AC': 'AA-1',
      'A-ASSOCIATE-RJ': 'AA-1',
      'A-ASSOCIATE-RQ': 'AE-6',
      'P-DATA-TF': 'AA-1',
      'A-RELEASE-RQ': 'AA-1',
      'A-RELEASE-RP': 'AA-1',
      'A-ABORT': 'AA-2',
      'unrecognized PDU': 'AA-1',
      'invalid PDU': 'AA-1',
    },
  },
  'Sta6 (association established)': {
    enter: async (peer) => {
      peer.send(associateRQ());
      await expectPdu(peer, 0x02);
    },
    rows: {
      'A-ASSOCIATE-AC': 'AA-8 unexpected',
      'A-ASSOCIATE-RJ': 'AA-8 unexpected',
      'A-ASSOCIATE-RQ': 'AA-8 unexpected',
      'P-DATA-TF': 'DT-2',
      'A-RELEASE-RQ': 'AR-2',
      'A-RELEASE-RP': 'AA-8 unexpected',
      'A-ABORT': 'AA-3',
      'unrecognized PDU': 'AA-8 unrecognized',
      'invalid PDU': 'AA-8 invalid',
    },
  },
  'Sta13 (awaiting close) after A-RELEASE-RP': {
    enter: async (peer) => {
      peer.send(associateRQ());
      await expectPdu(peer, 0x02);
      peer.send(releaseRQ());
      await expectPdu(peer, 0x06);
    },
    rows: STA13,
  },
  'Sta13 (awaiting close) after A-ASSOCIATE-RJ': {
    enter: async (peer) => {
      peer.send(associateRQ({ protocolVersion: 2 }));
      await expectPdu(peer, 0x03);
    },
    rows: STA13,
  },
};

const ARTIM_SECONDS = 0.3;

const open: (TestListener | RawPeer)[] = [];
async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) await (one instanceof RawPeer ? one.destroy() : one.close());
}
afterEach(closeAll);
after(closeAll);

async function start(): Promise<{ listener: TestListener; peer: RawPeer }> {
  const listener = await testListener({ limits: { associationTimeoutSeconds: ARTIM_SECONDS } });
  const peer = await RawPeer.connect(listener.port);
  open.push(peer, listener);
  return { listener, peer };
}

/** Others are served; once they have been, so has what came before. */
async function serveOthers({ port }: TestListener): Promise<void> {
  for (let other = 0; other < 2; other += 1) open.push(await associate(port));
}

/** Reads what comes: an abort's source and reason are part of what it is. */
async function sent(peer: RawPeer): Promise<number[]> {
  const received = await peer.next(2_000);
  if (received === undefined) return [];
  return received.type === 0x07 ? [0x07, ...received.body.subarray(2)] : [received.type];
}

for (const [state, { enter, rows }] of Object.entries(STATES)) {
  describe(`PS3.8 Table 9-10, ${state}`, () => {
    for (const [incoming, action] of Object.entries(rows) as [Incoming, Action][]) {
      it(`${incoming}: ${action}`, async () => {
        const { listener, peer } = await start();
        await enter(peer);
        peer.send(INCOMING[incoming]);
        const { sends, closes } = ACTIONS[action];
        if (sends.length > 0) assert.deepEqual(await sent(peer), sends);
        if (closes) await peer.closed;
        await serveOthers(listener);
        assert.equal(peer.socket.destroyed, closes, 'the transport connection is closed');
        if (sends.length === 0) assert.equal(peer.waitingPdus, 0, 'nothing is sent');
      });
    }

    it('the transport connection is closed by the peer: AA-4, AA-5 or AR-5', async () => {
      const { listener, peer } = await start();
      await enter(peer);
      peer.destroy();
      await until(() => listener.listener.connectionCount === 0, 'the connection to be forgotten');
      assert.equal(listener.listener.openAssociations, 0);
    });

    if (!state.startsWith('Sta6')) {
      it('ARTIM expires: AA-2', async () => {
        const started = performance.now();
        const { peer } = await start();
        await enter(peer);
        await peer.closed;
        assert.ok(performance.now() - started >= ARTIM_SECONDS * 1000, 'and not before');
        assert.equal(peer.waitingPdus, 0, 'nothing is sent');
      });
    }
  });
}

describe('PS3.8 Table 9-10, Sta8 lasts no longer than its turn', () => {
  it('what comes in the same segment as an A-RELEASE-RQ is in Sta13 already: AA-6', async () => {
    const { peer } = await start();
    peer.send(associateRQ());
    await expectPdu(peer, 0x02);
    peer.send(releaseRQ(), INCOMING['P-DATA-TF'], releaseRQ());
    await expectPdu(peer, 0x06);
    await peer.closed;
    assert.equal(peer.waitingPdus, 0);
  });
});
