import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import { Listener, hostFilter } from '../../../src/network';
import { associateRQ, dataTF, echoRQ, pdv, releaseRQ, storeRQ } from '../../support/connections/pdus';
import { associate, RawPeer } from '../../support/connections/raw-peer';
import { testListener } from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

const open: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
afterEach(closeAll);
after(closeAll);

describe('a listener', () => {
  it('counts what is open, also where peers have one address and port towards several of ours', async () => {
    const listener = await testListener({ bindAddress: '0.0.0.0', policy: { maxAssociations: 5 } });
    open.push(() => listener.close());
    // One pair of ours for all of them: only the address that is called tells the connections apart.
    const own = createServer().listen(0, '127.0.0.1');
    await once(own, 'listening');
    const { port: localPort } = own.address() as AddressInfo;
    await new Promise((resolve) => own.close(resolve));
    const answers: number[] = [];
    const sockets = Array.from({ length: 40 }, (_, index) => {
      const host = `127.0.0.${index + 1}`;
      const socket = connect({ host, port: listener.port, localAddress: '127.0.0.1', localPort });
      open.push(() => socket.destroy());
      socket.on('data', (bytes) => answers.push(bytes.readUInt8(0)));
      socket.write(associateRQ());
      return socket;
    });
    await until(() => answers.length === 40, 'the answers');
    assert.equal(answers.filter((type) => type === 0x02).length, 5, 'accepted');
    assert.equal(listener.listener.openAssociations, 5);
    assert.equal(listener.listener.connectionCount, 40);
    for (const socket of sockets) socket.destroy();
    await until(() => listener.listener.connectionCount === 0, 'all to be gone');
    assert.equal(listener.listener.openAssociations, 0);
  });

  it('drains: accepts nothing more, and aborts what stays open, after the response', async () => {
    let answerNow = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answerNow = resolve));
    const listener = await testListener({ answer: () => answered.then(() => ({ status: 0 })) });
    open.push(() => listener.close());
    const [idle, busy, late, silent] = await Promise.all([
      associate(listener.port),
      associate(listener.port),
      associate(listener.port),
      RawPeer.connect(listener.port),
    ]);
    await until(() => listener.listener.connectionCount === 4, 'the connections');
    const object = [
      dataTF(pdv(3, 0b11, storeRQ())),
      dataTF(pdv(3, 0b10, Buffer.alloc(100))),
      dataTF(pdv(1, 0b11, echoRQ())),
    ];
    listener.listener.drain(500);
    // At once, so that it comes before the time is over.
    late.send(releaseRQ());
    busy.send(...object);
    await silent.closed;
    await assert.rejects(RawPeer.connect(listener.port), { code: 'ECONNREFUSED' });
    assert.equal((await late.next())?.type, 0x06, 'may end by itself');
    await until(() => listener.begun.length === 1, 'an object on an association that is open');
    assert.deepEqual([...((await idle.next())?.body.subarray(2) ?? [])], [0, 0], 'A-ABORT by the user');
    assert.equal(listener.listener.openAssociations, 1, 'an object is never cut off');
    answerNow();
    assert.equal((await busy.response()).get(0x0900), 0, 'the response first');
    assert.equal((await busy.next())?.type, 0x07, 'then A-ABORT');
    await until(() => listener.listener.connectionCount === 0, 'all to be gone');
    assert.equal(listener.stored.length, 1);
    const ends = listener.events.flatMap(({ event }) =>
      /released|aborted|refused/.test(event) ? event : [],
    );
    assert.deepEqual(ends.sort(), ['association-aborted', 'association-aborted', 'association-released']);
  });

  it('closes while it drains, and after it', async () => {
    const listener = await testListener();
    await associate(listener.port);
    listener.listener.drain(60_000);
    await listener.close();
    const drained = await testListener();
    drained.listener.drain(0);
    await until(() => drained.listener.connectionCount === 0, 'nothing');
    await drained.close();
  });

  it('leaves nothing of attempts that failed, however many', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    open.push(() => occupied.close());
    await once(occupied, 'listening');
    const { port } = occupied.address() as AddressInfo;
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    open.push(() => process.off('warning', warned));
    const listener = new Listener({
      port,
      bindAddress: '127.0.0.1',
      allowsHost: hostFilter([]),
      policy: {
        ourAET: 'A',
        checkCalledAET: false,
        callingAETs: 'any',
        maxAssociations: 1,
        acceptUnknownSopClasses: true,
        isStorageSopClass: () => true,
        transferSyntaxes: [],
      },
      limits: {
        associationTimeoutSeconds: 1,
        idleTimeoutSeconds: 1,
        maxPduLength: 16_384,
        maxObjectBytes: 0,
      },
      commitments: { reported: () => Promise.resolve({ status: 0 }) },
      store: { begin: () => ({ refused: { status: 0xa700 } }) },
      report: () => undefined,
    });
    open.push(() => listener.close(100));
    for (let attempt = 0; attempt < 30; attempt += 1) {
      await assert.rejects(listener.listen(), { code: 'EADDRINUSE' });
    }
    await new Promise((resolve) => occupied.close(resolve));
    assert.equal((await listener.listen()).port, port);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(warnings, []);
  });
});
