import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Answers } from '../../../src/delivery/answers';
import { holdUp } from '../../support/machine/hold-up';
import { associateRQ, dataTF, echoRQ, pdv, storeRQ } from '../../support/connections/pdus';
import { RawPeer, associate } from '../../support/connections/raw-peer';
import {
  testListener,
  type TestListener,
  type TestListenerOptions,
} from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

const TIMEOUT_SECONDS = 0.3;
const COMMAND = 0b11;

const open: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
afterEach(closeAll);
after(closeAll);

async function listen(options: TestListenerOptions): Promise<TestListener> {
  const listener = await testListener(options);
  open.push(() => listener.close());
  return listener;
}

async function connect({ port, listener }: TestListener): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  open.push(() => peer.destroy());
  await until(() => listener.connectionCount === open.length - 1, 'the connection');
  return peer;
}

async function associated({ port }: TestListener): Promise<RawPeer> {
  const peer = await associate(port);
  open.push(() => peer.destroy());
  return peer;
}

/** Longer than every timeout here. */
const stall = (): void => holdUp(1.5 * TIMEOUT_SECONDS * 1_000);

describe('after the event loop was held up, what came meanwhile is read before a timer ends anything', () => {
  it('idle associations', async () => {
    const listener = await listen({ limits: { idleTimeoutSeconds: TIMEOUT_SECONDS } });
    const peers: RawPeer[] = [];
    for (let number = 0; number < 5; number += 1) {
      peers.push(await associated(listener));
    }
    for (const peer of peers) peer.send(dataTF(pdv(1, COMMAND, echoRQ())));
    stall();
    for (const peer of peers) assert.equal((await peer.response()).get(0x0900), 0);
  });

  it('a long PDU of which a part has come', async () => {
    const listener = await listen({ limits: { idleTimeoutSeconds: TIMEOUT_SECONDS } });
    const peer = await associated(listener);
    const data = dataTF(pdv(3, 0b10, Buffer.alloc(200_000)));
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
    for (let at = 0; at < data.length; at += 50_000) {
      peer.send(data.subarray(at, at + 50_000));
      stall();
    }
    assert.equal((await peer.response()).get(0x0900), 0);
  });

  it('a request for an association (ARTIM)', async () => {
    const listener = await listen({ limits: { associationTimeoutSeconds: TIMEOUT_SECONDS } });
    const peer = await connect(listener);
    peer.send(associateRQ());
    stall();
    assert.equal((await peer.next())?.type, 0x02);
  });

  it('the end of an object, when the listener closes', async () => {
    const listener = await listen({});
    const peer = await associated(listener);
    peer.send(dataTF(pdv(3, COMMAND, storeRQ())));
    await until(() => listener.listener.openAssociations === 1, 'the association');
    await until(() => listener.begun.length === 1, 'the object');
    const closed = listener.listener.close(TIMEOUT_SECONDS * 1_000);
    peer.send(dataTF(pdv(3, 0b10, Buffer.alloc(100))));
    stall();
    assert.equal((await peer.response()).get(0x0900), 0);
    await closed;
  });

  it("a flow's answer", async () => {
    const timedOut: string[] = [];
    const answers = new Answers(TIMEOUT_SECONDS, (id) => timedOut.push(id));
    const { port1, port2 } = new MessageChannel();
    open.push(() => port1.close());
    const ready = once(port2, 'message');
    port1.postMessage('ready');
    await ready;
    port2.on('message', () => void answers.answer('a', { status: 0 }));
    const answer = answers.wait('a');
    port1.postMessage('answer');
    stall();
    assert.deepEqual([await answer, timedOut], [{ status: 0 }, []]);
  });
});

describe('who sends nothing', () => {
  it('is ended also after a delay of ours, which is given back once', async () => {
    const listener = await listen({ limits: { idleTimeoutSeconds: TIMEOUT_SECONDS } });
    const peer = await associated(listener);
    stall();
    assert.equal((await peer.next())?.type, 0x07);
  });
});
