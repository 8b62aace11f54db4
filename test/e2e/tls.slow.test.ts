import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Certificates, type Certificate } from '../support/connections/certificates';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { type DeployType, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { RawPeer } from '../support/connections/raw-peer';
import { run, type Ran } from '../support/machine/run';
import { SAMPLE } from '../support/peers/store-client';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const PASSPHRASE = 'secret of the p12';

/** Node-RED 5 added PKCS #12 to its tls-config node. */
function hasP12(): boolean {
  const root = resolve(process.env['NODE_RED_DIR'] ?? PACKAGE_DIR);
  const file = join(root, 'node_modules', '@node-red', 'nodes', 'core', 'network', '05-tls.js');
  return existsSync(file) && readFileSync(file, 'utf8').includes('p12');
}

describe('TLS with DCMTK and a real Node-RED', { skip: needs('dcmtk', 'openssl') }, () => {
  const certificates = new Certificates();
  let ca: Certificate;
  let server: Certificate;
  let client: Certificate;
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    ca = certificates.authority('Clinic CA');
    server = certificates.issue('localhost', ca);
    client = certificates.issue('ct01', ca);
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  beforeEach(() => sink.clear());
  after(async () => {
    await sink.close();
    certificates.remove();
  });

  /** A core tls-config node, as its dialog writes it. */
  const tlsConfig = (properties: Record<string, unknown>): FlowNode => ({
    id: 'test-tls',
    type: 'tls-config',
    name: '',
    cert: '',
    key: '',
    ca: '',
    p12: '',
    certType: 'files',
    certname: '',
    keyname: '',
    caname: '',
    servername: '',
    verifyservercert: true,
    alpnprotocol: '',
    ...properties,
  });
  const files = (): Record<string, unknown> => ({ cert: server.cert, key: server.key, ca: ca.cert });

  async function deploy(
    tls: Record<string, unknown>,
    settings: Record<string, unknown> = {},
    type?: DeployType,
  ): Promise<number> {
    const from = nodeRed.lines.length;
    const receiver = receiverFlow(port, sink, { tls: 'test-tls', emitEvents: true, ...settings });
    await nodeRed.deploy([...receiver, tlsConfig(tls)], type);
    return from;
  }
  async function deployListening(
    tls: Record<string, unknown>,
    settings?: Record<string, unknown>,
  ): Promise<number> {
    const connected = sink.nextConnection();
    const from = await deploy(tls, settings);
    await nodeRed.waitForLine(/listening on/, { from });
    await connected();
    return from;
  }
  const storescu = (...args: string[]): Promise<Ran> =>
    run('storescu', [...args, '-aet', 'CT01', '127.0.0.1', String(port), SAMPLE]);
  const withCertificate = ({ key, cert }: Certificate): Promise<Ran> =>
    storescu('+tls', key, cert, '+cf', ca.cert);

  it('anonymous senders: storescu --anonymous-tls', async () => {
    await deployListening(files());
    const sent = await storescu('--anonymous-tls', '+cf', ca.cert);
    assert.equal(sent.code, 0, sent.output);
    const message = await sink.find(({ output }) => output === 1);
    assert.deepEqual(message.dicom.tls, { authorized: false, subject: '' });
    const plain = await storescu();
    assert.notEqual(plain.code, 0, 'clear text is not served on a TLS port');
  });

  it('mutual TLS: the right certificate is in msg.dicom.tls, every other one is refused in words', async () => {
    const from = await deployListening(files(), { requireClientCertificate: true });
    const right = await withCertificate(client);
    assert.equal(right.code, 0, right.output);
    const message = await sink.find(({ output }) => output === 1);
    assert.deepEqual(message.dicom.tls, { authorized: true, subject: 'O=Clinic, CN=ct01' });

    const stranger = certificates.issue('stranger', certificates.authority('Other CA'));
    assert.notEqual((await withCertificate(stranger)).code, 0);
    await nodeRed.waitForLine(
      /from 127\.0\.0\.1 refused: TLS handshake failed: .* not from the CA that is configured/,
      {
        from,
      },
    );
    assert.notEqual((await withCertificate(certificates.issue('old', ca, -1))).code, 0);
    await nodeRed.waitForLine(/from 127\.0\.0\.1 refused: TLS handshake failed: .* has expired/, { from });
    assert.notEqual((await storescu('--anonymous-tls', '+cf', ca.cert)).code, 0);
    await nodeRed.waitForLine(/refused: TLS handshake failed: the peer has no certificate/, { from });
    await sink.find(({ topic }) => topic === 'connection-refused', 'the event');
    assert.equal(sink.messages.filter(({ output }) => output === 1).length, 1);
  });

  it('PEM pasted into the dialog, its key encrypted', async () => {
    const credentials = {
      certdata: readFileSync(server.cert, 'utf8'),
      keydata: readFileSync(certificates.encrypted(server, PASSPHRASE), 'utf8'),
      cadata: readFileSync(ca.cert, 'utf8'),
      passphrase: PASSPHRASE,
    };
    await deployListening({ credentials });
    assert.equal((await storescu('--anonymous-tls', '+cf', ca.cert)).code, 0);
  });

  it(
    'PKCS #12 with a passphrase, also for mutual TLS',
    { skip: !hasP12() && 'needs Node-RED 5' },
    async () => {
      const p12 = certificates.p12(server, ca, PASSPHRASE);
      const credentials = { passphrase: PASSPHRASE };
      await deployListening({ certType: 'pfx', p12, credentials }, { requireClientCertificate: true });
      assert.equal((await withCertificate(client)).code, 0);
      assert.notEqual((await storescu('--anonymous-tls', '+cf', ca.cert)).code, 0);
    },
  );

  it('never listens when the material is unusable: red, with a code for Catch, and no crash loop', async () => {
    const corrupt = certificates.path('corrupt.key');
    writeFileSync(corrupt, readFileSync(server.key, 'utf8').replace(/[a-m]/g, 'A'));
    const unusable: [tls: Record<string, unknown>, settings: Record<string, unknown>, reason: RegExp][] = [
      [{ ...files(), key: corrupt }, {}, /not valid \(.+\), so this node does not listen/],
      [{ ...files(), key: client.key }, {}, /private key is not that of the certificate/],
      [{ ...files(), key: certificates.path('absent.key') }, {}, /not valid \(/],
      // Another id, for Node-RED remembers the credentials of one that had some.
      [{ id: 'empty-tls' }, { tls: 'empty-tls' }, /no certificate and private key/],
      [{ ...files(), ca: '' }, { requireClientCertificate: true }, /no CA certificate/],
    ];
    for (const [tls, settings, reason] of unusable) {
      // Without the node first, so that the sink is connected when it comes.
      const connected = sink.nextConnection();
      await nodeRed.deploy(receiverFlow(port, sink).filter(({ type }) => type !== 'dicom-in'));
      await connected();
      sink.clear();
      const from = await deploy(tls, settings, 'nodes');
      const caught = await sink.find(({ output }) => output === 3, 'the caught error');
      const { error } = caught as unknown as { error: { code: string; message: string } };
      assert.equal(error.code, 'DICOM_TLS_MISSING');
      assert.match(error.message, reason);
      await assert.rejects(RawPeer.connect(port), /ECONNREFUSED/);
      assert.ok(!nodeRed.lines.slice(from).some((line) => /ended unexpectedly/.test(line)));
    }
  });
});
