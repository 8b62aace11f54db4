import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Acceptor } from '../../../src/network/upper-layer/acceptor';
import { encodeAssociateAccept } from '../../../src/network/upper-layer/library-accept';
import { encodeReject } from '../../../src/network/upper-layer/pdu';
import { RequestBudget } from '../../../src/network/upper-layer/request-budget';
import { readAssociateRequest } from '../../../src/network/upper-layer/associate-request';
import { Requestor } from '../../../src/network/upper-layer/requestor';
import type { ProtocolEvent, State } from '../../../src/network/upper-layer/state-table';
import { FakeSocket } from '../../support/connections/fake-socket';
import {
  IMPLICIT,
  VERIFICATION,
  abort,
  associateRQ,
  dataTF,
  echoRQ,
  pdu,
  pdv,
  releaseRQ,
} from '../../support/connections/pdus';
import { STATES, TABLE_9_10 } from './table-9-10';

const CONTEXTS = [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }];
const ANSWERS = CONTEXTS.map((context) => ({ ...context, result: 0, transferSyntax: IMPLICIT }) as const);
const releaseRP = (): Buffer => pdu(0x06, Buffer.alloc(4));
const accept = (): Buffer => encodeAssociateAccept(readAssociateRequest(associateRQ()), ANSWERS, 16_384);

const limits = {
  associationTimeoutSeconds: 30,
  idleTimeoutSeconds: 30,
  maxPduLength: 16_384,
  connectTimeoutSeconds: 30,
};

/** What the machine tells, as one text each. */
function remembering(told: string[]) {
  return {
    requested: () => void told.push('requested'),
    notRequested: () => void told.push('not requested'),
    accepted: () => void told.push('accepted'),
    rejected: ({ result, source, reason }: { result: number; source: number; reason: number }) =>
      void told.push(`rejected ${result}/${source}/${reason}`),
    data: () => void told.push('data'),
    releaseRequested: () => void told.push('release requested'),
    released: () => void told.push('released'),
    aborted: ({ by, source, reason }: { by: string; source: number; reason: number }) =>
      void told.push(`aborted by ${by} ${source}/${reason}`),
    ended: () => undefined,
  };
}

/** A machine on a connection whose other side is the test. */
class Side {
  readonly told: string[] = [];
  readonly socket = new FakeSocket();
  readonly machine: Acceptor | Requestor;

  constructor(
    role: 'acceptor' | 'requestor',
    private readonly times: Partial<typeof limits> = {},
    decide: (machine: Acceptor) => void = (machine) =>
      machine.accept(readAssociateRequest(associateRQ()), ANSWERS),
  ) {
    const socket = this.socket as unknown as Socket;
    const user = remembering(this.told);
    const ours = { ...limits, ...this.times };
    if (role === 'acceptor') {
      const machine = new Acceptor(
        socket,
        {
          ...user,
          requested: () => {
            user.requested();
            decide(machine);
          },
        },
        ours,
        new RequestBudget(),
      );
      this.machine = machine;
    } else {
      const proposal = {
        callingAET: 'US',
        calledAET: 'THEM',
        contexts: CONTEXTS,
        maxPduLength: 16_384,
        implementationClassUID: '1.2.3',
        implementationVersionName: 'TEST',
      };
      this.machine = new Requestor(socket, 'connect', proposal, user, ours, new RequestBudget());
    }
  }

  async receives(...pdus: Buffer[]): Promise<void> {
    this.socket.push(Buffer.concat(pdus));
    await settle();
  }

  async connects(): Promise<void> {
    this.socket.emit('connect');
    await settle();
  }

  /** Types of the PDUs that were sent, an abort with source and reason. */
  get sent(): number[][] {
    const found: number[][] = [];
    let bytes = Buffer.concat(this.socket.sent);
    while (bytes.length > 0) {
      const end = 6 + bytes.readUInt32BE(2);
      found.push(bytes[0] === 0x07 ? [0x07, ...bytes.subarray(8, 10)] : [bytes[0] ?? 0]);
      bytes = bytes.subarray(end);
    }
    return found;
  }

  forget(): void {
    this.told.length = 0;
    this.socket.sent = [];
  }
}

/** All that follows from what has been pushed: a stream hands it on within a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await nextTurn();
}

/** How a state is entered in which a machine can be found between two turns. */
const ENTER: Readonly<Record<string, { state: State; enter: () => Promise<Side> }>> = {
  'acceptor, Sta2': { state: 'Sta2', enter: () => Promise.resolve(new Side('acceptor')) },
  // A decision that is put off, which no acceptor of ours does.
  'acceptor, Sta3': {
    state: 'Sta3',
    enter: async () => {
      const side = new Side('acceptor', {}, () => undefined);
      await side.receives(associateRQ());
      return side;
    },
  },
  'acceptor, Sta6': { state: 'Sta6', enter: () => opened('acceptor') },
  'acceptor, Sta7': { state: 'Sta7', enter: () => releasing('acceptor') },
  'acceptor, Sta10': { state: 'Sta10', enter: () => colliding('acceptor') },
  'acceptor, Sta13 after a rejection': {
    state: 'Sta13',
    enter: async () => {
      const side = new Side('acceptor', {}, (machine) =>
        machine.reject({ result: 1, source: 1, reason: 7, text: '' }),
      );
      await side.receives(associateRQ());
      return side;
    },
  },
  'acceptor, Sta13 after a release': {
    state: 'Sta13',
    enter: async () => {
      const side = await opened('acceptor');
      await side.receives(releaseRQ());
      return side;
    },
  },
  'acceptor, Sta13 after a release collision': {
    state: 'Sta13',
    enter: async () => {
      const side = await colliding('acceptor');
      await side.receives(releaseRP());
      return side;
    },
  },
  'requestor, Sta5': {
    state: 'Sta5',
    enter: async () => {
      const side = new Side('requestor');
      await side.connects();
      return side;
    },
  },
  'requestor, Sta6': { state: 'Sta6', enter: () => opened('requestor') },
  'requestor, Sta7': { state: 'Sta7', enter: () => releasing('requestor') },
  'requestor, Sta11': { state: 'Sta11', enter: () => colliding('requestor') },
  'requestor, Sta13 after an abort': {
    state: 'Sta13',
    enter: async () => {
      const side = await opened('requestor');
      side.machine.abort('enough');
      return side;
    },
  },
};

async function opened(role: 'acceptor' | 'requestor'): Promise<Side> {
  const side = new Side(role);
  if (role === 'requestor') await side.connects();
  await side.receives(role === 'acceptor' ? associateRQ() : accept());
  assert.equal(side.machine.isOpen, true);
  return side;
}

async function releasing(role: 'acceptor' | 'requestor'): Promise<Side> {
  const side = await opened(role);
  side.machine.release();
  assert.deepEqual(side.sent.at(-1), [0x05]);
  return side;
}

async function colliding(role: 'acceptor' | 'requestor'): Promise<Side> {
  const side = await releasing(role);
  await side.receives(releaseRQ());
  return side;
}

const INCOMING: readonly (readonly [name: string, ProtocolEvent, bytes: () => Buffer, reason: number])[] = [
  ['A-ASSOCIATE-AC', 'A-ASSOCIATE-AC', accept, 2],
  ['A-ASSOCIATE-RJ', 'A-ASSOCIATE-RJ', () => encodeReject({ result: 1, source: 1, reason: 7, text: '' }), 2],
  ['A-ASSOCIATE-RQ', 'A-ASSOCIATE-RQ', () => associateRQ(), 2],
  ['P-DATA-TF', 'P-DATA-TF', () => dataTF(pdv(1, 0b11, echoRQ())), 2],
  ['A-RELEASE-RQ', 'A-RELEASE-RQ', releaseRQ, 2],
  ['A-RELEASE-RP', 'A-RELEASE-RP', releaseRP, 2],
  ['A-ABORT', 'A-ABORT', abort, 0],
  ['an unrecognized PDU', 'invalid PDU', () => pdu(0x42, Buffer.alloc(4)), 1],
  ['a PDU that is too long', 'invalid PDU', () => pdu(0x05, Buffer.alloc(5)), 6],
];

interface Seen {
  sent: number[][];
  told: string[];
  closed: boolean;
}

/** What an action looks like (PS3.8 Tables 9-6 to 9-9), with the local user's response where it comes at once. */
function seen(action: string, role: string, reason: number): Seen {
  const ACTIONS: Readonly<Record<string, Seen>> = {
    'AE-3': { sent: [], told: ['accepted'], closed: false },
    'AE-4': { sent: [], told: ['rejected 1/1/7'], closed: true },
    'AE-6': { sent: [[0x02]], told: ['requested'], closed: false },
    'DT-2': { sent: [], told: ['data'], closed: false },
    // AR-4 follows.
    'AR-2': { sent: [[0x06]], told: ['release requested', 'released'], closed: false },
    'AR-3': { sent: [], told: ['released'], closed: true },
    'AR-6': { sent: [], told: ['data'], closed: false },
    // For a requestor AR-9 follows; an acceptor waits for the peer's response.
    'AR-8': { sent: role === 'requestor' ? [[0x06]] : [], told: ['release requested'], closed: false },
    // AR-4 follows.
    'AR-10': { sent: [[0x06]], told: ['released'], closed: false },
    'AA-1': { sent: [[0x07, 0, 0]], told: ['aborted by node 0/0'], closed: false },
    'AA-2': { sent: [], told: [], closed: true },
    'AA-3': { sent: [], told: ['aborted by peer 0/0'], closed: true },
    'AA-6': { sent: [], told: [], closed: false },
    'AA-7': { sent: [[0x07, 2, reason]], told: [], closed: false },
    'AA-8': { sent: [[0x07, 2, reason]], told: [`aborted by node 2/${reason}`], closed: false },
  };
  const found = ACTIONS[action];
  assert.ok(found, `${action} is no answer to a PDU`);
  return found;
}

const cell = (event: ProtocolEvent, state: State): string =>
  TABLE_9_10.find(([name]) => name === event)?.[1][STATES.indexOf(state)] ?? '';

const REQUESTS: readonly (readonly [what: string, ProtocolEvent, ask: (side: Side) => void])[] = [
  ['P-DATA request, a command', 'P-DATA request', ({ machine }) => machine.sendCommand(1, echoRQ())],
  [
    'P-DATA request, PDUs',
    'P-DATA request',
    ({ machine }) => void machine.sendData(dataTF(pdv(1, 0b11, echoRQ()))),
  ],
  ['A-RELEASE request', 'A-RELEASE request', ({ machine }) => machine.release()],
];

for (const [name, { state, enter }] of Object.entries(ENTER)) {
  const [role = ''] = name.split(',');
  describe(`PS3.8 Table 9-10, ${name}`, () => {
    for (const [what, event, bytes, reason] of INCOMING) {
      const action = cell(event, state);
      it(`${what}: ${action}`, async () => {
        const side = await enter();
        side.forget();
        await side.receives(bytes());
        const { told, sent, socket } = side;
        assert.deepEqual({ sent, told, closed: socket.destroyed }, seen(action, role, reason));
        side.machine.close();
      });
    }

    it(`the connection is closed: ${cell('transport closed', state)}`, async () => {
      const side = await enter();
      side.forget();
      side.socket.destroy();
      await settle();
      const isLoss = cell('transport closed', state) === 'AA-4';
      assert.deepEqual(side.told, isLoss ? ['aborted by peer 2/0'] : []);
      assert.deepEqual(side.sent, []);
      assert.equal(side.machine.isOpen, false);
    });

    it(`A-ABORT request: ${cell('A-ABORT request', state)}`, async () => {
      const side = await enter();
      side.forget();
      side.machine.abort('enough');
      const aborts = cell('A-ABORT request', state) === 'AA-1';
      assert.deepEqual(side.sent, aborts ? [[0x07, 0, 0]] : []);
      assert.deepEqual(side.told, aborts ? ['aborted by node 0/0'] : []);
      side.machine.close();
    });

    for (const [what, request, ask] of REQUESTS) {
      const action = cell(request, state);
      it(`${what}: ${action}`, async () => {
        const side = await enter();
        side.forget();
        ask(side);
        const sends = { 'DT-1': [[0x04]], 'AR-1': [[0x05]] }[action] ?? [];
        assert.deepEqual(side.sent, sends);
        side.machine.close();
      });
    }
  });
}

describe('PS3.8 Table 9-10, requestor, Sta4', () => {
  it('a connection that is there: AE-2', async () => {
    const side = new Side('requestor');
    assert.deepEqual(side.sent, []);
    await side.connects();
    assert.deepEqual(side.sent, [[0x01]]);
    side.machine.close();
  });

  it('A-ABORT request: AA-2', async () => {
    const side = new Side('requestor');
    side.machine.abort('enough');
    await side.connects();
    assert.deepEqual(side.sent, [], 'and nothing is sent when the connection is there after all');
    assert.equal(side.socket.destroyed, true);
    assert.deepEqual(side.told, ['aborted by node 0/0']);
  });

  it('a connection that cannot be had: AA-4', async () => {
    const side = new Side('requestor');
    side.socket.destroy(new Error('connect ECONNREFUSED'));
    await settle();
    assert.deepEqual(side.told, ['aborted by peer 2/0']);
  });
});

describe('PS3.8 Table 9-10, timers', () => {
  const SECONDS = 0.02;
  const closed = async ({ socket }: Side): Promise<void> => {
    for (let turn = 0; turn < 500 && !socket.destroyed; turn += 1) await wait(10);
    assert.equal(socket.destroyed, true);
  };

  it('ARTIM expires in Sta2: AA-2', async () => {
    const side = new Side('acceptor', { associationTimeoutSeconds: SECONDS });
    await closed(side);
    assert.deepEqual([side.sent, side.told], [[], ['not requested']]);
  });

  it('ARTIM expires in Sta13: AA-2', async () => {
    const side = new Side('acceptor', { associationTimeoutSeconds: SECONDS }, (machine) =>
      machine.reject({ result: 1, source: 1, reason: 7, text: '' }),
    );
    await side.receives(associateRQ());
    side.forget();
    await closed(side);
    assert.deepEqual([side.sent, side.told], [[], []]);
  });

  it('no connection in time is given up, no answer in time aborted', async () => {
    const connecting = new Side('requestor', { connectTimeoutSeconds: SECONDS });
    await closed(connecting);
    assert.deepEqual(connecting.sent, []);
    const asking = new Side('requestor', { associationTimeoutSeconds: SECONDS });
    await asking.connects();
    await closed(asking);
    assert.deepEqual(asking.sent, [[0x01], [0x07, 0, 0]]);
  });
});

describe('what a user of an open association waits for', () => {
  const SECONDS = 0.02;
  const told = async (side: Side): Promise<void> => {
    for (let turn = 0; turn < 500 && side.told.length === 0; turn += 1) await wait(10);
  };

  it('aborts it when it does not come in time', async () => {
    const side = await opened('requestor');
    side.forget();
    side.machine.expect(SECONDS, 'nothing comes');
    await told(side);
    assert.deepEqual([side.sent, side.told], [[[0x07, 0, 0]], ['aborted by node 0/0']]);
    side.machine.close();
  });

  it('is waited for no longer when the user says so', async () => {
    const side = await opened('requestor');
    side.forget();
    side.machine.expect(SECONDS, 'nothing comes');
    side.machine.expectNothing();
    await wait(100);
    assert.deepEqual([side.sent, side.told], [[], []]);
    side.machine.close();
  });

  it('does not touch ARTIM after the end', async () => {
    const side = new Side('requestor', { associationTimeoutSeconds: SECONDS });
    await side.connects();
    await side.receives(accept());
    side.machine.abort('enough');
    side.machine.expect(60, 'nothing comes');
    side.machine.expectNothing();
    for (let turn = 0; turn < 500 && !side.socket.destroyed; turn += 1) await wait(10);
    assert.equal(side.socket.destroyed, true);
  });
});

describe('PS3.8 Table 9-10, states that last no longer than a turn', () => {
  it('Sta8: what comes behind an A-RELEASE-RQ is in Sta13 already: AA-6', async () => {
    const side = await opened('acceptor');
    side.forget();
    await side.receives(releaseRQ(), dataTF(pdv(1, 0b11, echoRQ())), releaseRQ());
    assert.deepEqual([side.sent, side.told], [[[0x06]], ['release requested', 'released']]);
    side.machine.close();
  });

  it('Sta8: rubbish behind an A-RELEASE-RQ is aborted in Sta13 (AA-7), and the association has been released once', async () => {
    const side = await opened('acceptor');
    side.forget();
    await side.receives(releaseRQ(), Buffer.from([0]));
    assert.deepEqual(side.sent, [[0x06], [0x07, 2, 1]]);
    assert.deepEqual(side.told, ['release requested', 'released']);
    side.machine.close();
  });

  it('Sta9: the response to a colliding A-RELEASE-RQ is in Sta11 already: AR-3', async () => {
    const side = await releasing('requestor');
    side.forget();
    await side.receives(releaseRQ(), releaseRP());
    assert.deepEqual([side.sent, side.told], [[[0x06]], ['release requested', 'released']]);
    assert.equal(side.socket.destroyed, true);
  });

  it('Sta12: an acceptor answers a colliding release after the response to its own, and is in Sta13', async () => {
    const side = await colliding('acceptor');
    side.forget();
    await side.receives(releaseRP(), releaseRQ());
    assert.deepEqual([side.sent, side.told], [[[0x06]], ['released']]);
    side.machine.close();
  });
});
