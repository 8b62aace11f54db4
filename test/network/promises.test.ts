import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { Listener } from '../../src/network';
import { encodeCommandPdus } from '../../src/network/pdu';
import {
  associateRQ,
  dataTF,
  echoRQ,
  pdv,
  readResponse,
  storeRQ,
  type AssociateOptions,
} from '../support/pdus';
import { RawPeer } from '../support/raw-peer';
import { testListener, type TestListener, type TestListenerOptions } from '../support/test-listener';
import { until } from '../support/until';

const open: { close?(): unknown; destroy?(): unknown }[] = [];
after(async () => {
  for (const one of open) await (one.destroy?.() ?? one.close?.());
});

async function listen(options?: TestListenerOptions): Promise<TestListener> {
  const listener = await testListener(options);
  open.push(listener);
  return listener;
}

async function associate({ port }: TestListener, options?: AssociateOptions): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  open.push(peer);
  peer.send(associateRQ(options));
  assert.equal((await peer.next())?.type, 0x02, 'A-ASSOCIATE-AC');
  return peer;
}

/** Holds up the thread, as a slow disk or a pause of the machine does. */
function stall(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe('the limit of associations', () => {
  it('counts what is open, although one peer uses the same address and port towards several of ours', async () => {
    const wide = new Listener({ ...optionsOf(await listen()), bindAddress: '0.0.0.0' });
    const { port } = await wide.listen();
    open.push({ close: () => wide.close(0) });
    const answers: number[] = [];
    for (let address = 2; address <= 11; address += 1) {
      // The same local address and port each time; TCP allows it, because the other end differs.
      const socket = await connectFrom(port, `127.0.0.${address}`, 40_123);
      open.push(socket);
      socket.write(associateRQ());
      const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      answers.push(answer.readUInt8(0));
    }
    assert.deepEqual(answers, [2, 2, 2, 2, 2, 3, 3, 3, 3, 3], 'five are accepted');
    assert.equal(wide.openAssociations, 5);
  });
});

/** The options of a listener like those of tests, for five associations. */
function optionsOf({ listener }: TestListener): ConstructorParameters<typeof Listener>[0] {
  const { options } = listener as unknown as { options: ConstructorParameters<typeof Listener>[0] };
  return { ...options, policy: { ...options.policy, maxAssociations: 5 } };
}

function connectFrom(port: number, host: string, localPort: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, localAddress: '127.0.0.1', localPort, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

describe('after the thread was held up for longer than the idle timeout', () => {
  it('an association whose PDUs have come meanwhile is not aborted; one that is silent is', async () => {
    const listener = await listen({ limits: { idleTimeoutSeconds: 1 } });
    const [busy, silent] = [await associate(listener), await associate(listener)];
    busy.send(dataTF(pdv(1, 0b11, echoRQ(9))));
    // The bytes have to be in the system before this thread is held up: another process would send them meanwhile.
    stall(1_300);
    assert.equal((await busy.response()).get(0x0120), 9);
    assert.equal((await silent.next(5_000))?.type, 0x07, 'A-ABORT');
    busy.send(dataTF(pdv(1, 0b11, echoRQ(10))));
    assert.equal((await busy.response()).get(0x0120), 10);
  });

  it('a connection whose A-ASSOCIATE-RQ has come meanwhile is not closed', async () => {
    const listener = await listen({ limits: { associationTimeoutSeconds: 1 } });
    const peer = await RawPeer.connect(listener.port);
    open.push(peer);
    await until(() => listener.listener.connectionCount === 1, 'the connection');
    peer.send(associateRQ());
    stall(1_300);
    assert.equal((await peer.next())?.type, 0x02, 'A-ASSOCIATE-AC');
  });
});

describe('what we send to a peer that takes little at a time', () => {
  for (const maxPduLength of [1, 2, 6, 7, 8, 9, 11, 12, 13, 14, 64, 84]) {
    it(`has no PDU of more than ${maxPduLength} bytes, where that leaves room for a fragment`, async () => {
      const listener = await listen();
      const peer = await associate(listener, { maxPduLength });
      for (const [contextId, command, length] of [
        [1, echoRQ(3), 0],
        [3, storeRQ(), 4],
      ] as const) {
        peer.send(dataTF(pdv(contextId, 0b11, command)));
        if (length > 0) peer.send(dataTF(pdv(contextId, 0b10, Buffer.alloc(length))));
        let whole = Buffer.alloc(0);
        for (let isLast = false; !isLast;) {
          const received = (await peer.next()) ?? assert.fail('the connection has ended');
          assert.ok(received.body.length <= Math.max(maxPduLength, 8), `${received.body.length} bytes`);
          assert.equal(received.body.readUInt32BE(0) % 2, 0, 'fragments have an even length');
          whole = Buffer.concat([whole, received.body.subarray(6)]);
          isLast = received.body.readUInt8(5) === 0b11;
        }
        const { values } = readResponse(encodeCommandPdus(contextId, whole, 0).subarray(6));
        assert.equal(values.get(0x0900), 0);
      }
    });
  }
});

describe('a port that is taken', () => {
  it('leaves nothing behind, however often it is tried', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const warnings: string[] = [];
    const warned = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', warned);
    const listener = new Listener({ ...optionsOf(await listen()), port });
    for (let attempt = 0; attempt < 30; attempt += 1)
      await assert.rejects(listener.listen(), { code: 'EADDRINUSE' });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    await listener.listen();
    open.push({ close: () => listener.close(0) });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    assert.deepEqual(warnings, []);
  });
});

describe('AE titles of ours', () => {
  it('are as many as are set, in any case of letters, and nothing else', async () => {
    const listener = await listen({
      policy: { checkCalledAET: true, ourAETs: ['OUR_SCP', 'OLD_PACS', 'Third'] },
    });
    for (const calledAET of ['OUR_SCP', 'old_pacs', 'THIRD']) {
      const peer = await associate(listener, { calledAET });
      peer.send(dataTF(pdv(3, 0b11, storeRQ())), dataTF(pdv(3, 0b10, Buffer.alloc(2))));
      assert.equal((await peer.response()).get(0x0900), 0);
      assert.equal(listener.stored.at(-1)?.request.association.calledAET, calledAET);
    }
    const stranger = await RawPeer.connect(listener.port);
    open.push(stranger);
    stranger.send(associateRQ({ calledAET: 'OTHER' }));
    assert.equal((await stranger.next())?.type, 0x03, 'A-ASSOCIATE-RJ');
  });
});

describe('the Affected SOP Instance UID of a C-STORE', () => {
  for (const [uid, status] of [
    ['1.2.3.4.5 ', 0],
    [' 1.2.3.4.5', 0],
    ['1.2.3.4.5.', 0],
    ['1.2.3.4.5\0\0\0', 0],
    ['1.2.3.4.5..', 0],
    ['1.2 .3', 0],
    ['.1.2', 0x0117],
    ['1.2/3', 0x0117],
    ['1.2$(x)', 0x0117],
    [`1.${'2'.repeat(64)}`, 0x0117],
    [`1.2${' '.repeat(60_000)}3`, 0x0117],
  ] as const) {
    it(`${JSON.stringify(uid.slice(0, 20))} is answered ${status.toString(16).padStart(4, '0')}`, async () => {
      const peer = await associate(await listen());
      peer.send(dataTF(pdv(3, 0b11, storeRQ({ 0x1000: uid }))), dataTF(pdv(3, 0b10, Buffer.alloc(2))));
      const response = await peer.response();
      assert.equal(response.get(0x0900), status);
    });
  }
});
