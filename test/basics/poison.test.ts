import '../support/machine/poisoned';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { POISON } from '../../src/basics';
import { ReadBuffer } from '../../src/network/upper-layer/read-buffer';
import { BlockBuffer } from '../../src/queue/block-buffer';

const isPoisoned = (bytes: Buffer): boolean => bytes.every((byte) => byte === POISON);

describe('what is read after its time is nonsense in every test', () => {
  it('a block that was given back', () => {
    const buffer = new BlockBuffer();
    buffer.append(Buffer.from('an object'));
    const view = buffer.view(0, 9);
    const copy = buffer.copy(0, 9);
    assert.equal(view.toString(), 'an object');
    buffer.clear();
    assert.ok(isPoisoned(view));
    assert.equal(copy.toString(), 'an object', 'memory of its own stays');
  });

  it('the rest of a block that is trimmed', () => {
    const buffer = new BlockBuffer();
    buffer.append(Buffer.alloc(100_000, 1));
    const [first, last] = [...buffer.pieces()];
    buffer.trim();
    assert.ok(first?.every((byte) => byte === 1));
    assert.ok(last !== undefined && isPoisoned(last));
    assert.deepEqual(buffer.copy(0, 100_000), Buffer.alloc(100_000, 1));
    buffer.clear();
  });

  it('all but the first block, where that is kept', () => {
    const buffer = new BlockBuffer();
    buffer.append(Buffer.alloc(150_000, 1));
    const [first, ...others] = [...buffer.pieces()];
    buffer.keepFirst();
    assert.ok(first?.every((byte) => byte === 1));
    assert.ok(others.length === 2 && others.every(isPoisoned));
    buffer.clear();
    assert.ok(first !== undefined && isPoisoned(first));
  });

  it('what a socket has read, once its event is over', async () => {
    const readBuffer = new ReadBuffer();
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    const socket = readBuffer.adopt(accepted);
    client.write('a PDU');
    const read = await new Promise<{ view: Buffer; then: string }>((resolve) =>
      socket.once('data', (view: Buffer) => resolve({ view, then: view.toString() })),
    );
    assert.equal(read.then, 'a PDU');
    assert.ok(isPoisoned(read.view));
    client.destroy();
    socket.destroy();
    server.close();
  });
});
