import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandStatus } from '../../../src/network';
import { dataTF, pdv, storeRQ } from '../../support/connections/pdus';
import { associate } from '../../support/connections/raw-peer';
import { testListener } from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

const SIZE = 100_000;

/** A C-STORE of so many equal bytes. */
function object(messageId: number, byte: number): Buffer {
  return Buffer.concat([
    dataTF(pdv(3, 0b11, storeRQ({ 0x0110: messageId }))),
    dataTF(pdv(3, 0b10, Buffer.alloc(SIZE, byte))),
  ]);
}

describe('the memory that all connections are read into', () => {
  it('does not mix them: what came behind an object whose answer takes time is still there when it is given', async () => {
    let isAsked = false;
    let release: (status: CommandStatus) => void = () => undefined;
    const slow = new Promise<CommandStatus>((resolve) => (release = resolve));
    const listener = await testListener({
      answer: ({ bytes }) => {
        if (bytes[0] !== 0xaa) return Promise.resolve({ status: 0 });
        isAsked = true;
        return slow;
      },
    });
    const [first, second] = [await associate(listener.port), await associate(listener.port)];
    first.send(object(1, 0xaa), object(2, 0xac));
    await until(() => isAsked, 'the first object');
    for (const messageId of [1, 2, 3]) {
      second.send(object(messageId, 0xbb));
      assert.equal((await second.response()).get(0x0900), 0);
    }
    release({ status: 0 });
    assert.equal((await first.response()).get(0x0900), 0);
    assert.equal((await first.response()).get(0x0900), 0);
    const bytes = listener.stored.map((stored) => stored.bytes);
    for (const byte of [0xaa, 0xac, 0xbb]) {
      const own = bytes.filter((each) => each[0] === byte);
      assert.ok(own.length > 0 && own.every((each) => each.equals(Buffer.alloc(SIZE, byte))), `${byte}`);
    }
    first.destroy();
    second.destroy();
    await listener.close();
  });

  it(
    'lets the listener count its connections, and close when they have ended',
    { timeout: 30_000 },
    async () => {
      const listener = await testListener();
      const peer = await associate(listener.port);
      assert.equal(listener.listener.connectionCount, 1);
      await listener.listener.close(60_000);
      await peer.closed;
      assert.equal(listener.listener.connectionCount, 0);
    },
  );
});
