import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandStatus, ObjectStore } from '../../src/network';
import { heldMemory } from '../support/machine/garbage';
import { dataTF, echoRQ, pdu, pdv, storeRQ } from '../support/connections/pdus';
import { RawPeer, associate } from '../support/connections/raw-peer';
import { testListener } from '../support/connections/test-listener';
import { until } from '../support/machine/until';

/** What an association may hold of its peer's bytes, whatever the peer sends: the constant of docs/security.md. */
const BYTES_PER_ASSOCIATION = 512 * 1_024;
const ASSOCIATIONS = 50;
const OFFERED_MB = 20;

describe('memory', () => {
  it(`a store that stalls holds the sender: ${ASSOCIATIONS} associations, each ${OFFERED_MB} MB offered`, async (t) => {
    let stalled: (status: CommandStatus) => void = () => undefined;
    const stall = new Promise<CommandStatus>((resolve) => (stalled = resolve));
    let taken = 0;
    const store: ObjectStore = {
      begin: () => ({
        append(bytes) {
          taken += bytes.length;
          return undefined;
        },
        complete: () => stall,
        discard: () => undefined,
      }),
    };
    const listener = await testListener({ store, policy: { maxAssociations: ASSOCIATIONS + 1 } });
    const peers = await Promise.all(Array.from({ length: ASSOCIATIONS }, () => associate(listener.port)));
    const before = heldMemory();
    // One buffer for all: what the peers hold themselves must not be counted.
    const piece = dataTF(pdv(3, 0, Buffer.alloc(262_138)));
    for (const peer of peers) {
      peer.send(dataTF(pdv(3, 0b11, storeRQ()), pdv(3, 0b10, Buffer.alloc(100))));
      peer.send(dataTF(pdv(3, 0b11, storeRQ())));
      for (let sent = 0; sent < OFFERED_MB * 1e6; sent += piece.length) peer.socket.write(piece);
    }
    await until(() => taken === 100 * ASSOCIATIONS, 'the first objects');
    // Turns enough to read all that is wanted.
    const other = await associate(listener.port);
    for (let turn = 0; turn < 200; turn += 1) {
      other.send(dataTF(pdv(1, 0b11, echoRQ())));
      await other.response();
    }
    other.destroy();
    const perAssociation = (heldMemory() - before) / ASSOCIATIONS;
    t.diagnostic(`${Math.round(perAssociation / 1_024)} KiB for an association, ${taken} bytes taken in all`);
    assert.ok(perAssociation < BYTES_PER_ASSOCIATION, `${perAssociation} bytes`);
    assert.equal(taken, 100 * ASSOCIATIONS, 'and no more is taken');
    peers.forEach((peer) => peer.destroy());
    stalled({ status: 0 });
    await listener.close();
  });

  it('half-sent requests of half a megabyte on 500 connections share their memory', async (t) => {
    const listener = await testListener();
    const large = pdu(0x01, Buffer.alloc(500_000));
    const before = heldMemory();
    const peers = await Promise.all(Array.from({ length: 500 }, () => RawPeer.connect(listener.port)));
    const half = large.subarray(0, 400_000);
    peers.forEach((peer) => peer.socket.write(half));
    const aborted = (): number =>
      listener.events.filter(({ event }) => event === 'association-aborted').length;
    await until(() => aborted() > 400, 'those that have no room');
    const used = heldMemory() - before;
    t.diagnostic(`${aborted()} of 500 aborted; ${(used / 1e6).toFixed(1)} MB held for the others`);
    // Without the budget it would be 200 MB. The peers of this process are in the figure too.
    assert.ok(used < 80e6, `${used} bytes`);
    const normal = await associate(listener.port);
    [...peers, normal].forEach((peer) => peer.destroy());
    await listener.close();
  });
});
