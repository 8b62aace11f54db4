import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import { Listener, hostFilter } from '../../../src/network';
import { associateRQ } from '../../support/pdus';
import { testListener } from '../../support/test-listener';
import { until } from '../../support/until';

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
