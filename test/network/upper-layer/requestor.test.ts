import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import type { AssociateAccept } from '../../../src/network/upper-layer/associate-accept';
import { RequestBudget } from '../../../src/network/upper-layer/request-budget';
import { Requestor } from '../../../src/network/upper-layer/requestor';
import { freePort } from '../../support/machine/free-port';
import { needs } from '../../support/machine/needs';
import { CT, EXPLICIT, IMPLICIT, VERIFICATION, echoRQ } from '../../support/connections/pdus';
import { Scps } from '../../support/peers/scps';
import { until } from '../../support/machine/until';

const CONTEXTS = [
  { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  { id: 3, abstractSyntax: CT, transferSyntaxes: [EXPLICIT, IMPLICIT] },
  { id: 5, abstractSyntax: '1.2.3.4.5', transferSyntaxes: [IMPLICIT] },
];

const scps = new Scps();
const end = (): Promise<void> => scps.stop();
afterEach(end);
after(end);

const storescp = async (): Promise<number> => (await scps.storescp()).port;
const dcmqrscp = async (): Promise<number> => (await scps.dcmqrscp()).port;

interface Call {
  requestor: Requestor;
  told: string[];
  /** Message control headers of the fragments that came: command, last. */
  fragments: boolean[][];
  answer: AssociateAccept | undefined;
}

function call(port: number, calledAET: string): Call {
  const found: Omit<Call, 'requestor'> = { told: [], fragments: [], answer: undefined };
  const { told } = found;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const user = {
    accepted: (accept: AssociateAccept) => {
      found.answer = accept;
      told.push('accepted');
    },
    rejected: ({ result, source, reason }: { result: number; source: number; reason: number }) =>
      void told.push(`rejected ${result}/${source}/${reason}`),
    data: ({ isCommand, isLast }: { isCommand: boolean; isLast: boolean }) =>
      void found.fragments.push([isCommand, isLast]),
    releaseRequested: () => undefined,
    released: () => void told.push('released'),
    aborted: ({ by, text }: { by: string; text: string }) => void told.push(`aborted by ${by}: ${text}`),
    ended: () => undefined,
  };
  const proposal = {
    callingAET: 'REQUESTOR',
    calledAET,
    contexts: CONTEXTS,
    maxPduLength: 16_384,
    implementationClassUID: '1.2.3',
    implementationVersionName: 'TEST',
  };
  const limits = {
    connectTimeoutSeconds: 10,
    associationTimeoutSeconds: 10,
    idleTimeoutSeconds: 10,
    maxPduLength: 16_384,
  };
  const requestor = new Requestor(socket, 'connect', proposal, user, limits, new RequestBudget());
  return Object.assign(found, { requestor });
}

describe('a requestor', { skip: needs('dcmtk') }, () => {
  for (const [name, start, calledAET] of [
    ['storescp', storescp, 'ANY-SCP'],
    ['dcmqrscp', dcmqrscp, 'ARCHIVE'],
  ] as const) {
    it(`associates with ${name}, sends C-ECHO, and releases`, async () => {
      const called = call(await start(), calledAET);
      await until(() => called.told.length > 0, 'an answer');
      assert.deepEqual(called.told, ['accepted']);
      // In whatever order: dcmqrscp answers Verification last of those that it accepts.
      const results = called.answer?.contexts.map(({ id, result }) => [id, result] as const) ?? [];
      assert.deepEqual(Object.fromEntries(results), { 1: 0, 3: 0, 5: 3 });
      called.requestor.sendCommand(1, echoRQ());
      await until(() => called.fragments.length > 0, 'a C-ECHO-RSP');
      assert.deepEqual(called.fragments, [[true, true]]);
      called.requestor.release();
      await until(() => called.told.length > 1, 'the end');
      assert.deepEqual(called.told, ['accepted', 'released']);
      assert.equal(called.requestor.isOpen, false);
    });
  }

  it('hears of a rejection with its numbers', async () => {
    const called = call(await dcmqrscp(), 'NOBODY');
    await until(() => called.told.length > 0, 'an answer');
    assert.deepEqual(called.told, ['rejected 1/1/7']);
  });

  it('aborts, and may do so before it is connected', async () => {
    const port = await storescp();
    const early = call(port, 'ANY-SCP');
    early.requestor.abort('enough');
    const called = call(port, 'ANY-SCP');
    await until(() => called.told.length > 0, 'an answer');
    called.requestor.abort('enough');
    assert.deepEqual(called.told, ['accepted', 'aborted by node: enough']);
    assert.deepEqual(early.told, ['aborted by node: enough']);
    called.requestor.close();
  });

  it('hears that nobody listens', async () => {
    const called = call(await freePort(), 'ANY-SCP');
    await until(() => called.told.length > 0, 'the failure');
    assert.match(called.told.join(), /^aborted by peer: .*ECONNREFUSED/);
  });
});
