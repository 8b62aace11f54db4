import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { type OpenOutcome, ScuAssociation, type ScuTls } from '../../../src/network/scu';
import { Certificates, type Certificate } from '../../support/connections/certificates';
import { answeredContext, associateAC } from '../../support/peers/misbehaving-scp';
import { needs } from '../../support/machine/needs';
import { CT, EXPLICIT } from '../../support/connections/pdus';

const LIMITS = {
  connectTimeoutSeconds: 5,
  associationTimeoutSeconds: 5,
  responseTimeoutSeconds: 5,
  writeTimeoutSeconds: 5,
  maxPduLength: 16_384,
};
const CONTEXTS = [{ id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }];

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Accepts every association over TLS. */
async function listen(server: Server): Promise<number> {
  server.on('secureConnection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(associateAC({ answers: [answeredContext(1, EXPLICIT)] })));
  });
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('TLS of an association that we ask for', { skip: needs('openssl') }, () => {
  const certificates = new Certificates();
  let [authority, good, expired, ours] = [] as Certificate[];
  before(() => {
    authority = certificates.authority('Clinic CA');
    good = certificates.issue('archive', authority);
    expired = certificates.issue('old archive', authority, -1);
    ours = certificates.issue('sender', authority);
  });
  after(() => certificates.remove());

  const read = (path = ''): Buffer => readFileSync(path);
  const material = (of: Certificate | undefined): { key: Buffer; cert: Buffer } => ({
    key: read(of?.key),
    cert: read(of?.cert),
  });
  const serving = (options: TlsOptions): Promise<number> => listen(createServer(options));

  async function open(port: number, tls: ScuTls): Promise<OpenOutcome> {
    const target = { host: '127.0.0.1', port, callingAET: 'US', calledAET: 'THEM', tls };
    const opened = await ScuAssociation.open(target, CONTEXTS, LIMITS);
    if (opened.outcome === 'opened') opened.association.abort('that is all');
    return opened;
  }

  it('is there with a certificate of the CA for the host, or for the name that is set', async () => {
    const port = await serving(material(good));
    const ca = read(authority?.cert);
    assert.equal((await open(port, { ca })).outcome, 'opened');
    assert.equal((await open(port, { ca, serverName: 'localhost' })).outcome, 'opened');
    assert.equal((await open(port, { rejectUnauthorized: false })).outcome, 'opened');
  });

  it('shows a certificate of ours: PEM, or PKCS #12 with its passphrase', async () => {
    const ca = read(authority?.cert);
    const port = await serving({ ...material(good), ca, requestCert: true, rejectUnauthorized: true });
    assert.ok(ours && authority);
    assert.equal((await open(port, { ca, ...material(ours) })).outcome, 'opened');
    const pfx = read(certificates.p12(ours, authority, 'secret'));
    assert.equal((await open(port, { ca, pfx, passphrase: 'secret' })).outcome, 'opened');
    const wrong = await open(port, { ca, pfx, passphrase: 'wrong' });
    assert.equal(wrong.outcome, 'failed');
    const none = await open(port, { ca });
    assert.ok(none.outcome === 'failed');
    assert.match(none.text, /the peer wants a certificate of ours/);
  });

  for (const [what, server, tls, code, words] of [
    ['expired', () => material(expired), {}, 'CERT_HAS_EXPIRED', /has expired/],
    [
      'for another name',
      () => material(good),
      { serverName: 'pacs.example' },
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /another name/,
    ],
    [
      'self-signed',
      () => material(authority),
      { ca: undefined },
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      /self-signed/,
    ],
    [
      'of an unknown CA',
      () => material(good),
      { ca: undefined },
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      /from the CA/,
    ],
  ] as const) {
    it(`is not there: the peer's certificate is ${what}`, async () => {
      const port = await serving(server());
      const opened = await open(port, { ca: read(authority?.cert), ...tls });
      assert.ok(opened.outcome === 'failed', opened.outcome);
      assert.equal(opened.code, code);
      assert.match(opened.text, words);
    });
  }

  it('is not there: the peer speaks clear text, or an old TLS only', async () => {
    const clear = await listen(createTcpServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n')));
    const opened = await open(clear, {});
    assert.ok(opened.outcome === 'failed');
    assert.match(opened.text, /does not speak TLS/);
    const old = await serving({
      ...material(good),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const refused = await open(old, { ca: read(authority?.cert) });
    assert.ok(refused.outcome === 'failed');
    assert.match(refused.text, /TLS/);
  });

  it('is not there: our own key cannot be used', async () => {
    const opened = await open(1, { key: 'no key', cert: 'no certificate' });
    assert.equal(opened.outcome, 'failed');
  });
});
