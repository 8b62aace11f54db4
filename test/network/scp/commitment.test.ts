import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  COMMITMENT,
  element,
  eventReport,
  reporter,
  reportOf,
  reportTo,
  role,
  type Referenced,
} from '../../support/peers/commitment';
import { itemsOf } from '../../support/peers/misbehaving-scp';
import { commandSet, CT, dataTF, EXPLICIT, IMPLICIT, JPEG, pdv } from '../../support/connections/pdus';
import type { RawPeer } from '../../support/connections/raw-peer';
import {
  testListener,
  type TestListener,
  type TestListenerOptions,
} from '../../support/connections/test-listener';

const ONE: Referenced = { sopClassUID: CT, sopInstanceUID: '1.2.3' };
const OTHER: Referenced = { sopClassUID: CT, sopInstanceUID: '1.2.4.5' };
const REPORT = reportOf('1.2.99', { committed: [ONE], failed: [{ ...OTHER, reason: 0x0112 }] });
const DEFLATED = '1.2.840.10008.1.2.1.99';

const listeners: TestListener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

async function listening(options: TestListenerOptions = {}): Promise<TestListener> {
  const listener = await testListener({
    ...options,
    policy: { mayReportCommitment: (callingAET) => callingAET === 'ARCHIVE', ...options.policy },
  });
  listeners.push(listener);
  return listener;
}

/** Result of the only context, and the role that is answered: SCU, SCP. */
async function negotiated(peer: RawPeer): Promise<{ result: number | undefined; roles: number[][] }> {
  const accept = await peer.next();
  assert.equal(accept?.type, 2);
  const items = [...itemsOf(accept?.body.subarray(68) ?? Buffer.alloc(0))];
  const user = items.find(({ type }) => type === 0x50)?.value ?? Buffer.alloc(0);
  const roles = [...itemsOf(user)].filter(({ type }) => type === 0x54);
  return {
    result: items.find(({ type }) => type === 0x21)?.value[2],
    roles: roles.map(({ value }) => [...value.subarray(-2)]),
  };
}

describe('reports on storage commitment that come on an association of the peer', () => {
  it('are taken from who may report, as the SCP that it says it is (PS3.7 D.3.3.4)', async () => {
    const { port } = await listening();
    for (const [title, userItems, expected] of [
      ['ARCHIVE', [role(COMMITMENT, 0, 1)], { result: 0, roles: [[0, 1]] }],
      ['ARCHIVE', [role(COMMITMENT, 1, 1)], { result: 0, roles: [[0, 1]] }],
      ['ARCHIVE', [role(COMMITMENT, 1, 0)], { result: 3, roles: [] }],
      ['ARCHIVE', [role(CT, 0, 1)], { result: 3, roles: [] }],
      ['ARCHIVE', [], { result: 3, roles: [] }],
      ['STRANGER', [role(COMMITMENT, 0, 1)], { result: 3, roles: [] }],
    ] as const) {
      const peer = await reporter(port, title, { userItems: [...userItems] });
      assert.deepEqual(await negotiated(peer), expected);
      peer.destroy();
    }
  });

  it('are taken in plain transfer syntaxes only, whatever objects may come in', async () => {
    const { port } = await listening({ policy: { transferSyntaxes: [JPEG] } });
    for (const [syntax, result] of [
      [IMPLICIT, 0],
      [EXPLICIT, 0],
      [DEFLATED, 4],
      [JPEG, 4],
    ] as const) {
      const peer = await reporter(port, 'ARCHIVE', { syntax });
      assert.equal((await negotiated(peer)).result, result, syntax);
      peer.destroy();
    }
  });

  it('go to who waits for them, and are answered as that says', async () => {
    const listener = await listening({
      answerReport: ({ transactionUID }) => ({ status: transactionUID === '1.2.99' ? 0 : 0x0110 }),
    });
    assert.equal(await reportTo(listener.port, 'ARCHIVE', REPORT), 0);
    assert.deepEqual(listener.reports, [
      {
        callingAET: 'ARCHIVE',
        report: { transactionUID: '1.2.99', committed: [ONE], failed: [{ ...OTHER, reason: 0x0112 }] },
      },
    ]);
    assert.equal(await reportTo(listener.port, 'ARCHIVE', reportOf('1.2.98', {})), 0x0110);
  });

  it('are all that is performed there: N-ACTION is refused, C-STORE too, and the association lives', async () => {
    const { port } = await listening();
    const peer = await reporter(port, 'ARCHIVE');
    await negotiated(peer);
    const status = async (...parts: Buffer[]): Promise<unknown> => {
      peer.send(...parts);
      return (await peer.response()).get(0x0900);
    };
    const action = { 0x0003: COMMITMENT, 0x0100: 0x0130, 0x0110: 5, 0x0800: 0, 0x1001: `${COMMITMENT}.1` };
    assert.equal(await status(dataTF(pdv(1, 3, commandSet(action))), dataTF(pdv(1, 2, REPORT))), 0x0211);
    const store = { 0x0002: CT, 0x0100: 1, 0x0110: 6, 0x0800: 0, 0x1000: '1.2.3' };
    assert.equal(await status(dataTF(pdv(1, 3, commandSet(store))), dataTF(pdv(1, 2, REPORT))), 0x0122);
    assert.equal(await status(eventReport(REPORT, { 0x0002: '1.2.840.10008.1.40' })), 0x0118);
    assert.equal(await status(eventReport(REPORT)), 0);
    peer.destroy();
  });

  it('are bounded: by bytes, by objects, and where they cannot be understood', async () => {
    const { port, reports } = await listening();
    const peer = await reporter(port, 'ARCHIVE');
    await negotiated(peer);
    const status = async (dataSet: Buffer): Promise<unknown> => {
      peer.send(eventReport(dataSet));
      return (await peer.response()).get(0x0900);
    };
    const many = (count: number): Buffer =>
      reportOf('1.2.99', { committed: Array.from({ length: count }, () => ONE) });
    assert.equal(await status(many(1_000)), 0);
    assert.equal(await status(many(1_001)), 0x0110);
    assert.equal(await status(element(0x1195, Buffer.alloc(262_144, '1'))), 0x0213);
    assert.equal(await status(REPORT.subarray(0, -3)), 0x0110);
    assert.equal(await status(element(0x1199, Buffer.alloc(200_000, element(0xe000, '', 0xfffe)))), 0x0110);
    assert.equal(await status(REPORT), 0);
    assert.equal(reports.length, 2);
    peer.destroy();
  });

  it('are refused where the peer has only a context for objects', async () => {
    const { port, reports } = await listening();
    const peer = await reporter(port, 'ARCHIVE', { userItems: [] });
    await negotiated(peer);
    peer.send(eventReport(REPORT));
    assert.equal((await peer.next())?.type, 7, 'its context was not accepted');
    assert.deepEqual(reports, []);
    peer.destroy();
  });
});
