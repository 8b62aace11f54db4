import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { hostFilter } from '../../../src/network';
import { CT, EXPLICIT, IMPLICIT, associateRQ, item } from '../../support/connections/pdus';
import { RawPeer } from '../../support/connections/raw-peer';
import { testListener, type TestListener } from '../../support/connections/test-listener';

const open: (TestListener | RawPeer)[] = [];
async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) await (one instanceof RawPeer ? one.destroy() : one.close());
}
afterEach(closeAll);
after(closeAll);

/** The user information items of the A-ASSOCIATE-AC to these proposals: type, then value. */
async function answered(
  userItems: Buffer[],
  contexts?: Parameters<typeof associateRQ>[0],
): Promise<[number, Buffer][]> {
  const listener = await testListener();
  const peer = await RawPeer.connect(listener.port);
  open.push(peer, listener);
  peer.send(associateRQ({ userItems, ...contexts }));
  const accepted = await peer.next();
  assert.equal(accepted?.type, 0x02);
  const found: [number, Buffer][] = [];
  const walk = (bytes: Buffer): void => {
    for (let offset = 0; offset < bytes.length;) {
      const [type, end] = [bytes.readUInt8(offset), offset + 4 + bytes.readUInt16BE(offset + 2)];
      assert.ok(end <= bytes.length, 'items fit into what contains them');
      const value = bytes.subarray(offset + 4, end);
      if (type === 0x50) walk(value);
      else if (type > 0x50) found.push([type, value]);
      offset = end;
    }
  };
  walk(accepted.body.subarray(68));
  return found;
}

const types = (items: [number, Buffer][]): number[] => items.map(([type]) => type).sort();
const ALWAYS = [0x51, 0x52, 0x55];
const role = (sopClass: string, scu: number, scp: number): Buffer =>
  item(
    0x54,
    Buffer.concat([Buffer.from([0, sopClass.length]), Buffer.from(sopClass), Buffer.from([scu, scp])]),
  );

describe('user information (PS3.7 Annex D.3.3)', () => {
  it('carries maximum length, implementation class and version, and nothing that was not proposed', async () => {
    assert.deepEqual(types(await answered([])), ALWAYS);
  });

  it('answers an asynchronous operations window with (1,1), and only if it is proposed (D.3.3.3)', async () => {
    for (const proposed of [
      [0, 0, 0, 0],
      [0, 1, 0, 1],
      [0, 16, 0, 16],
    ]) {
      const items = await answered([item(0x53, Buffer.from(proposed))]);
      assert.deepEqual(types(items), [...ALWAYS, 0x53].sort());
      assert.deepEqual([...(items.find(([type]) => type === 0x53)?.[1] ?? [])], [0, 1, 0, 1]);
    }
  });

  it('answers role selection once for a SOP class: SCU as proposed, SCP never (D.3.3.4)', async () => {
    const contexts = [1, 3, 5].map((id) => ({
      id,
      abstractSyntax: CT,
      transferSyntaxes: [EXPLICIT, IMPLICIT],
    }));
    for (const [scu, scp, answer] of [
      [1, 1, [1, 0]],
      [1, 0, [1, 0]],
      [0, 1, [0, 0]],
    ] as const) {
      const items = await answered([role(CT, scu, scp)], { contexts });
      const roles = items.filter(([type]) => type === 0x54);
      assert.equal(roles.length, 1);
      assert.deepEqual([...(roles[0]?.[1].subarray(-2) ?? [])], answer);
    }
  });

  it('gives no role for a SOP class that is not accepted', async () => {
    assert.deepEqual(types(await answered([role('1.2.840.10008.5.1.4.31', 1, 1)])), ALWAYS);
  });

  it('gives no positive response to a user identity, and accepts (D.3.3.7)', async () => {
    const identity = Buffer.concat([
      Buffer.from([2, 1, 0, 5]),
      Buffer.from('alice'),
      Buffer.from([0, 6]),
      Buffer.from('secret'),
    ]);
    assert.deepEqual(types(await answered([item(0x58, identity)])), ALWAYS);
  });

  it('leaves extended and common extended negotiation unanswered, which is "not supported" (D.3.3.5, D.3.3.6)', async () => {
    const uid = Buffer.concat([Buffer.from([0, CT.length]), Buffer.from(CT)]);
    const extended = item(0x56, Buffer.concat([uid, Buffer.from([2, 0, 3, 1, 0, 1])]));
    const common = item(0x57, Buffer.concat([uid, Buffer.from([0, 0, 0, 0])]));
    assert.deepEqual(types(await answered([extended, common])), ALWAYS);
  });
});

describe('allowed hosts', () => {
  it('are addresses and ranges of both families; IPv4 is the same inside IPv6', () => {
    const allows = hostFilter(['10.1.0.0/16', '192.168.7.9', '2001:db8::/32', '::1', '::ffff:172.16.0.1']);
    for (const address of [
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '192.168.7.9',
      '2001:db8:1::5',
      '::1',
      '172.16.0.1',
      'fe80::1%eth0',
    ]) {
      assert.equal(allows(address), address !== 'fe80::1%eth0', address);
    }
    for (const address of ['10.2.0.1', '192.168.7.10', '2001:db9::1', '::ffff:10.2.0.1', '127.0.0.1']) {
      assert.equal(allows(address), false, address);
    }
  });

  it('do not include a peer that was gone before it could be asked for its address', () => {
    assert.equal(hostFilter(['0.0.0.0/0', '::/0'])(''), false);
  });
});
