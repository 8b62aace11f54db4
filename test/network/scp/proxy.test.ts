import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Certificates, type Certificate } from '../../support/connections/certificates';
import { needs } from '../../support/machine/needs';
import { associateRQ, dataTF, echoRQ, pdv } from '../../support/connections/pdus';
import { proxyV1, proxyV2, proxyV2Raw, PROXY_LOCAL } from '../../support/connections/proxy-headers';
import {
  testListener,
  type TestListener,
  type TestListenerOptions,
} from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

/** Of the loopback interface; whoever calls from here is the proxy. */
const PROXY = '127.0.0.9';
const CALLER = '10.1.2.3';
const open: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
afterEach(closeAll);
after(closeAll);

async function listen(options: TestListenerOptions = {}): Promise<TestListener> {
  const listener = await testListener({ trustedProxies: [PROXY], ...options });
  open.push(() => listener.close());
  return listener;
}

async function call({ port }: TestListener, localAddress = PROXY): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => undefined);
  open.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** The first byte of what comes back; undefined: the connection ended without any. */
function answer(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.readUInt8(0)));
    socket.once('close', () => resolve(undefined));
  });
}

async function callWith(listener: TestListener, bytes: Buffer, from?: string): Promise<number | undefined> {
  const socket = await call(listener, from);
  socket.write(bytes);
  return answer(socket);
}

const refusals = ({ events }: TestListener): { remoteAddress: string; text: string }[] =>
  events.flatMap((event) =>
    event.event === 'connection-refused' ? [{ remoteAddress: event.remoteAddress, text: event.text }] : [],
  );
const accepted = ({ events }: TestListener): string[] =>
  events.flatMap((event) =>
    event.event === 'association-accepted' ? [`${event.remoteAddress} ${event.remotePort}`] : [],
  );

describe('a listener behind a proxy that is trusted', () => {
  it('knows callers by their own address, in both versions, and what came with the header is not lost', async () => {
    const listener = await listen();
    for (const header of [proxyV1(CALLER), proxyV2(CALLER), proxyV2(CALLER, 40_000, Buffer.alloc(300))]) {
      assert.equal(await callWith(listener, Buffer.concat([header, associateRQ()])), 0x02);
    }
    assert.deepEqual(accepted(listener), Array(3).fill(`${CALLER} 40000`));
  });

  it('reads a header and a request in pieces, wherever they are split', async () => {
    const listener = await listen({ policy: { maxAssociations: 500 } });
    for (const header of [proxyV1(CALLER), proxyV2(CALLER)]) {
      const stream = Buffer.concat([header, associateRQ()]);
      const answers = Array.from({ length: header.length + 20 }, async (_, at) => {
        const socket = await call(listener);
        const answered = answer(socket);
        socket.write(stream.subarray(0, at + 1));
        await wait(5);
        socket.write(stream.subarray(at + 1));
        return answered;
      });
      assert.deepEqual(new Set(await Promise.all(answers)), new Set([0x02]));
    }
    const slow = await call(listener);
    const answered = answer(slow);
    for (const byte of Buffer.concat([proxyV2(CALLER), associateRQ()])) {
      slow.write(Buffer.from([byte]));
      await wait(1);
    }
    assert.equal(await answered, 0x02);
    assert.deepEqual(new Set(accepted(listener)), new Set([`${CALLER} 40000`]));
  });

  it('takes everything that follows a header at once', async () => {
    const listener = await listen();
    const socket = await call(listener);
    const types: number[] = [];
    socket.on('data', (bytes) => types.push(bytes.readUInt8(0)));
    const echo = dataTF(pdv(1, 3, echoRQ()));
    socket.write(Buffer.concat([proxyV1(CALLER), associateRQ(), echo, echo, echo]));
    await until(() => types.length > 0, 'answers');
    assert.equal(types[0], 0x02);
    await until(() => listener.listener.openAssociations === 1, 'the association');
    socket.write(echo);
    await until(() => types.includes(0x04), 'an echo');
  });

  it('applies allowed hosts to the caller, not to the proxy', async () => {
    const listener = await listen({ allowedHosts: [CALLER] });
    assert.equal(await callWith(listener, Buffer.concat([proxyV2(CALLER), associateRQ()])), 0x02);
    assert.equal(await callWith(listener, Buffer.concat([proxyV2('10.9.9.9'), associateRQ()])), undefined);
    assert.equal(await callWith(listener, proxyV1('10.9.9.8')), undefined);
    assert.deepEqual(refusals(listener), [
      { remoteAddress: '10.9.9.9', text: 'the address is not in the list of allowed hosts: add it there' },
      { remoteAddress: '10.9.9.8', text: 'the address is not in the list of allowed hosts: add it there' },
    ]);
  });

  it('requires the header from a proxy', async () => {
    const listener = await listen();
    assert.equal(await callWith(listener, associateRQ()), undefined);
    assert.equal(await callWith(listener, Buffer.from('PROXY UNKNOWN\r\n')), undefined);
    assert.equal(await callWith(listener, proxyV2Raw(0x21, 0, Buffer.alloc(0))), undefined);
    const [none, unknown, unspecified] = refusals(listener);
    assert.match(none?.text ?? '', /does not begin with one/);
    assert.match(unknown?.text ?? '', /who the caller is \(UNKNOWN\)/);
    assert.match(unspecified?.text ?? '', /who the caller is/);
    assert.equal(none?.remoteAddress, PROXY);
  });

  it('refuses a header from everybody else: nobody can say who he is', async () => {
    const listener = await listen({ allowedHosts: [CALLER, '127.0.0.1'] });
    for (const header of [proxyV1(CALLER), proxyV2(CALLER), PROXY_LOCAL]) {
      const stream = Buffer.concat([header, associateRQ()]);
      assert.equal(await callWith(listener, stream, '127.0.0.1'), 0x07, 'A-ABORT');
    }
    const texts = listener.events.map((event) => {
      assert.equal('remoteAddress' in event && event.remoteAddress, '127.0.0.1');
      return 'text' in event ? event.text : '';
    });
    assert.equal(texts.length, 3);
    for (const text of texts)
      assert.match(text, /PROXY protocol header of a proxy that is not among the trusted/);
    assert.equal(await callWith(listener, associateRQ(), '127.0.0.1'), 0x02, 'without one');
  });

  it('takes one header: a second one, from the caller, is none', async () => {
    const listener = await listen();
    const forged = Buffer.concat([proxyV2(CALLER), proxyV2('10.0.0.1'), associateRQ()]);
    assert.equal(await callWith(listener, forged), 0x07);
    assert.deepEqual(accepted(listener), []);
  });

  it('gives the header as long as an association may take to begin', async () => {
    const listener = await listen({ limits: { associationTimeoutSeconds: 1 } });
    const started = performance.now();
    assert.equal(await callWith(listener, proxyV2(CALLER).subarray(0, 20)), undefined);
    assert.ok(performance.now() - started >= 900);
    assert.match(refusals(listener)[0]?.text ?? '', /no PROXY protocol header within 1 s/);
    assert.equal(await callWith(listener, proxyV2(CALLER)), undefined);
    assert.deepEqual(refusals(listener)[1], {
      remoteAddress: CALLER,
      text: 'no A-ASSOCIATE-RQ within 1 s',
    });
    assert.equal(listener.listener.connectionCount, 0);
  });

  it('says nothing of health checks, and closes those that stay', async () => {
    const listener = await listen({ limits: { associationTimeoutSeconds: 1 }, allowedHosts: [CALLER] });
    const checks = [PROXY_LOCAL, proxyV2Raw(0x20, 0x11, Buffer.alloc(12)), proxyV1(PROXY), proxyV2(PROXY)];
    for (const check of checks) {
      const socket = await call(listener);
      socket.write(check);
      await until(() => listener.listener.connectionCount === 1, 'the check');
      socket.destroy();
      await until(() => listener.listener.connectionCount === 0, 'its end');
      assert.equal(await callWith(listener, check), undefined, 'closed when idle');
    }
    (await call(listener)).resetAndDestroy();
    await until(() => listener.listener.connectionCount === 0, 'the end of a check without a header');
    assert.deepEqual(listener.events, []);
  });

  it('says nothing of connections that are reset before it has looked at them', async () => {
    const listener = await listen({ allowedHosts: [CALLER] });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => call(listener)));
    for (const socket of sockets) {
      socket.write(PROXY_LOCAL);
      socket.resetAndDestroy();
    }
    const again = Array.from({ length: 50 }, () => {
      const socket = connect({ port: listener.port, host: '127.0.0.1', localAddress: PROXY });
      socket.on('error', () => undefined);
      socket.once('connect', () => socket.resetAndDestroy());
      return once(socket, 'close');
    });
    await Promise.all(again);
    await until(() => listener.listener.connectionCount === 0, 'all to be gone');
    assert.deepEqual(listener.events, []);
  });

  it('serves the proxy itself, as far as it is an allowed host', async () => {
    const listener = await listen();
    const socket = await call(listener);
    socket.write(PROXY_LOCAL);
    await wait(50);
    socket.write(associateRQ());
    assert.equal(await answer(socket), 0x02);
    assert.deepEqual(accepted(listener), [`${PROXY} ${socket.localPort}`]);
    const strict = await listen({ allowedHosts: [CALLER] });
    assert.equal(await callWith(strict, Buffer.concat([PROXY_LOCAL, associateRQ()])), undefined);
    assert.equal(refusals(strict)[0]?.remoteAddress, PROXY);
  });

  it('survives proxies that reset and end at any point', async () => {
    const listener = await listen();
    for (const header of [proxyV1(CALLER), proxyV2(CALLER), PROXY_LOCAL]) {
      for (const length of [0, 1, 8, header.length - 1, header.length]) {
        for (const end of ['end', 'resetAndDestroy'] as const) {
          const socket = await call(listener);
          socket.write(header.subarray(0, length));
          await wait(2);
          socket[end]();
        }
      }
    }
    await until(() => listener.listener.connectionCount === 0, 'all to be gone');
    assert.deepEqual(listener.events, []);
  });

  it('makes room where there are too many connections, and names the caller that had to go', async () => {
    const listener = await listen({ policy: { maxAssociations: 1 } });
    const sockets = [];
    for (let index = 0; index < 1_026; index += 1) {
      const socket = await call(listener);
      socket.write(proxyV2(CALLER, 10_000 + index));
      sockets.push(socket);
    }
    await until(() => refusals(listener).length === 1, 'an eviction');
    assert.equal(refusals(listener)[0]?.remoteAddress, CALLER);
  });
});

describe('a listener behind a proxy, with TLS', { skip: needs('openssl') }, () => {
  const certificates = new Certificates();
  let server: Certificate;
  before(() => {
    server = certificates.issue('server', certificates.authority('Clinic CA'));
  });
  after(() => certificates.remove());

  const listenTls = (options: TestListenerOptions = {}): Promise<TestListener> =>
    listen({ tls: { key: readFileSync(server.key), cert: readFileSync(server.cert) }, ...options });

  /** The caller's TLS bytes go to the proxy's connection after the header, split as a test wants. */
  async function associateTls(
    listener: TestListener,
    write: (socket: Socket, hello: Buffer) => unknown,
  ): Promise<number | undefined> {
    const socket = await call(listener);
    const { Duplex } = await import('node:stream');
    let isFirst = true;
    const through = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        if (isFirst) write(socket, bytes);
        else socket.write(bytes);
        isFirst = false;
        done();
      },
    });
    socket.on('data', (bytes) => through.push(bytes));
    socket.on('close', () => through.push(null));
    const secure = connectTls({ socket: through, rejectUnauthorized: false });
    secure.on('error', () => undefined);
    secure.once('secureConnect', () => secure.write(associateRQ()));
    return answer(secure);
  }

  it('takes the header from before the handshake', async () => {
    const listener = await listenTls({ allowedHosts: [CALLER] });
    for (const header of [proxyV1(CALLER), proxyV2(CALLER)]) {
      const together = (socket: Socket, hello: Buffer): unknown =>
        socket.write(Buffer.concat([header, hello]));
      assert.equal(await associateTls(listener, together), 0x02, 'header and hello in one packet');
      const apart = async (socket: Socket, hello: Buffer): Promise<void> => {
        socket.write(header);
        await wait(20);
        socket.write(hello);
      };
      assert.equal(await associateTls(listener, apart), 0x02, 'apart');
      const inHello = async (socket: Socket, hello: Buffer): Promise<void> => {
        const stream = Buffer.concat([header, hello]);
        for (const [at, length] of [
          [0, 10],
          [10, header.length],
          [header.length + 10, stream.length],
        ] as const) {
          socket.write(stream.subarray(at, at + length));
          await wait(5);
        }
      };
      assert.equal(await associateTls(listener, inHello), 0x02, 'in pieces');
    }
    assert.deepEqual(accepted(listener), Array(6).fill(`${CALLER} 40000`));
  });

  it('names the caller where the handshake fails, and nobody where a check looks in', async () => {
    const listener = await listenTls({ limits: { associationTimeoutSeconds: 1 } });
    assert.equal(await callWith(listener, PROXY_LOCAL), undefined);
    assert.deepEqual(listener.events, []);
    await callWith(listener, Buffer.concat([proxyV2(CALLER), associateRQ()]));
    await until(() => refusals(listener).length === 1, 'the refusal');
    assert.equal(refusals(listener)[0]?.remoteAddress, CALLER);
    assert.match(refusals(listener)[0]?.text ?? '', /does not speak TLS/);
    assert.equal(await callWith(listener, proxyV2(CALLER)), undefined);
    assert.deepEqual(refusals(listener)[1], {
      remoteAddress: CALLER,
      text: 'TLS handshake failed: the handshake took too long',
    });
  });

  it('serves a check that speaks TLS', async () => {
    const listener = await listenTls();
    const apart = async (socket: Socket, hello: Buffer): Promise<void> => {
      socket.write(PROXY_LOCAL);
      await wait(20);
      socket.write(hello);
    };
    assert.equal(await associateTls(listener, apart), 0x02);
  });
});
