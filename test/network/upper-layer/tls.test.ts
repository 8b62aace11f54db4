import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { tlsProblem } from '../../../src/network';
import { Certificates, type Certificate } from '../../support/connections/certificates';
import { holdUp } from '../../support/machine/hold-up';
import { needs } from '../../support/machine/needs';
import { associateRQ } from '../../support/connections/pdus';
import { RawPeer } from '../../support/connections/raw-peer';
import {
  testListener,
  type TestListener,
  type TestListenerOptions,
} from '../../support/connections/test-listener';
import { until } from '../../support/machine/until';

const PASSPHRASE = 'röntgen 1895';

describe('TLS (PS3.15 B.12, BCP 195)', { skip: needs('openssl') }, () => {
  const certificates = new Certificates();
  let ca: Certificate;
  let otherCa: Certificate;
  let server: Certificate;
  let client: Certificate;
  const open: { close?(): Promise<void>; destroy?(): unknown }[] = [];

  before(() => {
    ca = certificates.authority('Clinic CA');
    otherCa = certificates.authority('Other CA');
    server = certificates.issue('server', ca);
    client = certificates.issue('ct01', ca);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await (one.close?.() ?? one.destroy?.());
  });
  after(() => certificates.remove());

  const pem = ({ key, cert }: Certificate): { key: Buffer; cert: Buffer } => ({
    key: readFileSync(key),
    cert: readFileSync(cert),
  });
  const mutual = (): TlsOptions => ({
    ...pem(server),
    ca: readFileSync(ca.cert),
    requestCert: true,
    rejectUnauthorized: true,
  });

  async function listen(tls: TlsOptions, options: TestListenerOptions = {}): Promise<TestListener> {
    const listener = await testListener({ ...options, tls });
    open.push(listener);
    return listener;
  }

  /** Associates over TLS; resolves with the first byte of the answer, or rejects with the reason of the failure. */
  function associate(
    { port }: TestListener,
    options: ConnectionOptions = {},
  ): Promise<{ type: number; socket: TLSSocket }> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(ca.cert), ...options });
      open.push(socket);
      socket.once('secureConnect', () => socket.write(associateRQ()));
      socket.once('data', (bytes: Buffer) => resolve({ type: bytes.readUInt8(0), socket }));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed without an answer')));
    });
  }

  const refusal = async (listener: TestListener): Promise<string> => {
    await until(() => listener.events.some(({ event }) => event === 'connection-refused'), 'the refusal');
    const refused = listener.events.find(({ event }) => event === 'connection-refused');
    assert.ok(refused?.event === 'connection-refused');
    assert.equal(refused.remoteAddress, '127.0.0.1');
    return refused.text;
  };

  it('serves PEM, an encrypted key, a chain and PKCS #12', async () => {
    const between = certificates.intermediate('Department CA', ca);
    const deep = certificates.issue('deep', between);
    const encryptedKey = readFileSync(certificates.encrypted(server, PASSPHRASE));
    const p12 = readFileSync(certificates.p12(server, ca, PASSPHRASE));
    const materials: Record<string, TlsOptions> = {
      pem: pem(server),
      encrypted: { key: encryptedKey, cert: pem(server).cert, passphrase: PASSPHRASE },
      chain: { key: pem(deep).key, cert: Buffer.concat([pem(deep).cert, pem(between).cert]) },
      p12: { pfx: p12, passphrase: PASSPHRASE },
    };
    for (const [what, material] of Object.entries(materials)) {
      assert.equal(tlsProblem(material), undefined, what);
      const { type } = await associate(await listen(material));
      assert.equal(type, 0x02, what);
    }
  });

  it('says what is wrong with material before anything listens', () => {
    const { key, cert } = pem(server);
    const encrypted = readFileSync(certificates.encrypted(server, 'x y z'));
    const pfx = readFileSync(certificates.p12(server, ca, PASSPHRASE));
    const wrong: [what: string, material: TlsOptions, words: RegExp][] = [
      ['a corrupt key', { key: Buffer.from(String(key).replace(/[a-m]/g, 'A')), cert }, /./],
      ['no key at all in the file', { key: cert, cert }, /in a form that cannot be read/],
      ['no PEM', { key, cert: 'no PEM' }, /not in PEM form/],
      ['the key of another certificate', { key: pem(client).key, cert }, /not that of the certificate/],
      ['a wrong passphrase', { pfx, passphrase: 'wrong' }, /passphrase of the P12/],
      ['an encrypted key without its passphrase', { key: encrypted, cert }, /passphrase of the private key/],
      [
        'a wrong passphrase of a key',
        { key: encrypted, cert, passphrase: 'x' },
        /passphrase of the private key/,
      ],
      ['something else as P12', { pfx: cert }, /P12 cannot be read/],
      ['mutual TLS without a CA', { key, cert, requestCert: true }, /no CA/],
    ];
    for (const [what, material, words] of wrong) assert.match(tlsProblem(material) ?? '', words, what);
  });

  it('mutual TLS: takes the right certificate, and tells its subject', async () => {
    const listener = await listen(mutual());
    assert.equal((await associate(listener, pem(client))).type, 0x02);
    const accepted = listener.events[0];
    assert.ok(accepted?.event === 'association-accepted');
    assert.deepEqual(accepted.tls, { authorized: true, subject: 'O=Clinic, CN=ct01' });
  });

  it('claims nothing about a caller whose certificate it did not ask for', async () => {
    const listener = await listen(pem(server));
    await associate(listener, pem(client));
    const accepted = listener.events[0];
    assert.ok(accepted?.event === 'association-accepted');
    assert.deepEqual(accepted.tls, { authorized: false, subject: '' });
  });

  it('mutual TLS: refuses a wrong, an expired, a self-signed and no certificate, and says which', async () => {
    const cases: [what: string, options: () => ConnectionOptions, text: RegExp][] = [
      [
        'of another CA',
        () => pem(certificates.issue('intruder', otherCa)),
        /not from the CA that is configured/,
      ],
      ['expired', () => pem(certificates.issue('old', ca, -1)), /has expired/],
      ['self-signed', () => pem(certificates.authority('nobody')), /self-signed/],
      ['none', () => ({}), /has no certificate/],
    ];
    for (const [what, options, text] of cases) {
      const listener = await listen(mutual());
      await assert.rejects(associate(listener, options()), what);
      assert.match(await refusal(listener), text, what);
      assert.equal(listener.listener.openAssociations, 0);
      assert.equal(
        (await associate(listener, pem(client))).type,
        0x02,
        `${what}, and the next one is served`,
      );
    }
  });

  it('mutual TLS with PKCS #12 trusts the CA inside it and no public one', async () => {
    const pfx = readFileSync(certificates.p12(server, ca, PASSPHRASE));
    const listener = await listen({
      pfx,
      passphrase: PASSPHRASE,
      requestCert: true,
      rejectUnauthorized: true,
    });
    assert.equal((await associate(listener, pem(client))).type, 0x02);
    await assert.rejects(associate(listener, pem(certificates.issue('intruder', otherCa))));
  });

  it('offers nothing below TLS 1.2, and no suite without forward secrecy', async () => {
    const listener = await listen(pem(server));
    const old: ConnectionOptions = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    await assert.rejects(associate(listener, old));
    assert.match(await refusal(listener), /no TLS version of 1\.2 or newer/);
    await assert.rejects(associate(listener, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA256' }));
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { socket } = await associate(listener, { minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
    }
  });

  it('refuses clear text and HTTP on the TLS port, without an answer in DICOM', async () => {
    for (const [bytes, text] of [
      [associateRQ(), /does not speak TLS/],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /speaks HTTP/],
    ] as const) {
      const listener = await listen(pem(server));
      const peer = await RawPeer.connect(listener.port);
      open.push(peer);
      peer.send(bytes);
      await peer.closed;
      assert.match(await refusal(listener), text);
      const refused = listener.events[0];
      assert.ok(refused?.event === 'connection-refused' && refused.remoteAddress === '127.0.0.1');
    }
  });

  it('half-open handshakes block nobody, and end by themselves', async () => {
    const listener = await listen(pem(server), { limits: { associationTimeoutSeconds: 0.5 } });
    const peers = await Promise.all(Array.from({ length: 100 }, () => RawPeer.connect(listener.port)));
    open.push(...peers);
    // The beginning of a ClientHello, and no more.
    peers.forEach((peer) => peer.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0])));
    assert.equal((await associate(listener)).type, 0x02);
    await Promise.all(peers.map(({ closed }) => closed));
    assert.match(await refusal(listener), /took too long/);
  });

  it('a handshake that was held up by us may be finished', async () => {
    const listener = await listen(pem(server), { limits: { associationTimeoutSeconds: 0.3 } });
    const socket = connectTcp(listener.port, '127.0.0.1');
    open.push(socket);
    await until(() => listener.listener.connectionCount === 1, 'the connection');
    const secured = connect({ socket, rejectUnauthorized: false });
    open.push(secured);
    holdUp(900);
    secured.write(associateRQ());
    assert.equal(((await once(secured, 'data')) as [Buffer])[0].readUInt8(0), 0x02);
    assert.deepEqual(
      listener.events.map(({ event }) => event),
      ['association-accepted'],
    );
    assert.equal(listener.listener.openAssociations, 1);
  });

  it('survives resets in the middle of a handshake, and stops with one under way', async () => {
    const listener = await listen(pem(server));
    for (let round = 0; round < 20; round += 1) {
      const peer = await RawPeer.connect(listener.port);
      peer.socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0]), () => peer.socket.resetAndDestroy());
      await peer.closed;
    }
    assert.equal((await associate(listener)).type, 0x02);
    const halfOpen = await RawPeer.connect(listener.port);
    open.push(halfOpen);
    await listener.listener.close(100);
    await halfOpen.closed;
  });
});
