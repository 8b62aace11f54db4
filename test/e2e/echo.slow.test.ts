import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { EchoOutcome, PeerEcho, SelfEcho } from '../../src/admin-api';
import { sendEcho } from '../../src/network';
import { adminAuth, authorization } from '../support/node-red/admin-user';
import { Certificates, type Certificate } from '../support/connections/certificates';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { nodeRedForSuite, withNodeRed } from '../support/node-red/with-node-red';

describe('the test echo', () => {
  const certificates = new Certificates();
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(async () => {
    await sink.close();
    certificates.remove();
  });

  async function deploy(settings: Record<string, unknown>, tls: FlowNode[] = []): Promise<void> {
    const from = nodeRed.lines.length;
    await nodeRed.deploy([...receiverFlow(port, sink, settings), ...tls]);
    await nodeRed.waitForLine(/listening on/, { from });
  }
  async function echo(): Promise<SelfEcho> {
    const response = await fetch(`${nodeRed.url}/dicom-in/test-dicom-in/echo`, { method: 'POST' });
    assert.equal(response.status, 200);
    return (await response.json()) as SelfEcho;
  }
  /** The outcome without the time it took. */
  const brief = (found: SelfEcho): Record<string, unknown> => {
    const { outcome, callingAET, calledAET, certificate, hostNotAllowed } = found;
    return { outcome, callingAET, calledAET, certificate, hostNotAllowed };
  };

  it('is answered, whatever interface the node listens on', async () => {
    for (const bindAddress of ['', '0.0.0.0', '127.0.0.1']) {
      await deploy({ bindAddress });
      const found = await echo();
      assert.deepEqual(brief(found), {
        outcome: 'answered',
        callingAET: 'ECHO_TEST',
        calledAET: 'HL7SOUP_SCP',
        certificate: 'notNeeded',
        hostNotAllowed: false,
      });
      assert(found.outcome === 'answered' && found.milliseconds < 5_000);
    }
  });

  it('calls by a name that is let in', async () => {
    await deploy({ acceptedCallingAETs: 'CT01, MR01', checkCalledAET: true, ourAET: 'ARCHIVE' });
    const { outcome, callingAET, calledAET } = await echo();
    assert.deepEqual([outcome, callingAET, calledAET], ['answered', 'CT01', 'ARCHIVE']);
  });

  it('is rejected where nobody is let in, and says why', async () => {
    await deploy({ acceptedCallingAETs: '' });
    const found = await echo();
    assert.equal(found.outcome, 'rejected');
    assert(found.outcome === 'rejected');
    assert.deepEqual([found.result, found.source, found.reason], [1, 1, 3]);
  });

  it('is shut out where this machine is not among the allowed hosts', async () => {
    await deploy({ allowedHosts: '10.1.0.0/16' });
    const { outcome, hostNotAllowed } = await echo();
    assert.equal(hostNotAllowed, true);
    assert.notEqual(outcome, 'answered');
  });

  it('begins with a PROXY protocol header where its own address is trusted, and else with none', async () => {
    for (const [bindAddress, trustedProxies] of [
      ['', '127.0.0.1'],
      ['localhost', '127.0.0.0/8, ::1'],
      ['127.0.0.1', '10.1.2.3'],
    ]) {
      await deploy({ bindAddress, trustedProxies });
      assert.equal((await echo()).outcome, 'answered', trustedProxies);
    }
    await deploy({ trustedProxies: '127.0.0.1', allowedHosts: '10.1.0.0/16' });
    const { outcome, hostNotAllowed } = await echo();
    assert.deepEqual([outcome, hostNotAllowed], ['closed', true]);
  });

  it('finds nothing where the port is taken, and nobody to ask where settings are wrong', async () => {
    await nodeRed.deploy([]);
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      await nodeRed.deploy(receiverFlow(port, sink));
      assert.equal((await echo()).outcome, 'closed', 'the other program is no DICOM node');
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
    await nodeRed.deploy(receiverFlow(port, sink, { ourAET: 'MUCH_TOO_LONG_FOR_DICOM' }));
    assert.equal((await echo()).outcome, 'notListening');
  });

  it(
    'goes over TLS, with the certificate of the node where one is asked for',
    { skip: needs('openssl') },
    async () => {
      const ca = certificates.authority('Clinic CA');
      const server = certificates.issue('localhost', ca);
      await deploy({ tls: 'test-tls' }, [tlsConfig(server, ca)]);
      assert.deepEqual(
        [(await echo()).outcome, (await echo()).tls],
        ['answered', true],
        'although nobody has signed the certificate that Node.js would trust',
      );
      await deploy({ tls: 'test-tls', trustedProxies: '127.0.0.1' }, [tlsConfig(server, ca)]);
      assert.equal((await echo()).outcome, 'answered', 'with a PROXY protocol header before TLS');
      await deploy({ tls: 'test-tls', requireClientCertificate: true }, [tlsConfig(server, ca)]);
      const own = await echo();
      assert.deepEqual([own.outcome, own.certificate], ['answered', 'own']);
      const stranger = certificates.authority('Other CA');
      await deploy({ tls: 'test-tls', requireClientCertificate: true }, [tlsConfig(server, stranger)]);
      const refused = await echo();
      assert.equal(refused.certificate, 'own');
      assert(['failed', 'closed'].includes(refused.outcome), JSON.stringify(refused));
    },
  );
});

function tlsConfig({ cert, key }: Certificate, ca: Certificate): FlowNode {
  return {
    id: 'test-tls',
    type: 'tls-config',
    cert,
    key,
    ca: ca.cert,
    certType: 'files',
    verifyservercert: true,
  };
}

describe('sendEcho', () => {
  const target = { host: '127.0.0.1', callingAET: 'A', calledAET: 'B', timeoutMs: 30_000 };

  /** Listens with what the peer does with a connection. */
  async function against(
    act: Parameters<typeof createServer>[1],
    timeoutMs = target.timeoutMs,
  ): Promise<EchoOutcome> {
    const server: Server = createServer(act);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const outcome = await sendEcho({ ...target, port, timeoutMs });
    server.close();
    return outcome;
  }

  it('ends in time with a peer that says nothing, rubbish, or half a PDU', async () => {
    const silent = await against((socket) => socket.on('error', () => socket.destroy()), 700);
    assert.equal(silent.outcome, 'timedOut');
    const rubbish = await against((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    assert(['failed', 'closed'].includes(rubbish.outcome), JSON.stringify(rubbish));
    const half = await against((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(Buffer.from([2, 0, 0, 0, 0, 200, 0]));
    }, 700);
    assert.equal(half.outcome, 'timedOut');
  });

  it('tells of a connection that a peer resets as of one that was closed', async () => {
    const atOnce = await against((socket) => socket.resetAndDestroy());
    assert.deepEqual(atOnce, { outcome: 'closed' });
    const later = await against((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.resetAndDestroy());
    });
    assert.deepEqual(later, { outcome: 'closed' });
  });

  it('tells of an abort as of a connection that was closed, and of a port where nothing listens', async () => {
    const aborted = await against((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(Buffer.from([7, 0, 0, 0, 0, 4, 0, 0, 0, 0])));
    });
    assert.equal(aborted.outcome, 'closed');
    const nobody = await sendEcho({ ...target, port: await freePort() });
    assert.equal(nobody.outcome === 'failed' && nobody.code, 'ECONNREFUSED');
  });
});

it('the test echo of a peer has environment variables only for who may deploy flows', async () => {
  const users = { tester: 'dicom-peer.write', integrator: '*' };
  const settings = { adminAuth: adminAuth(users) };
  await withNodeRed({ flows: [], settings, env: { CALLED: 'ARCHIVE7' } }, async ({ url }) => {
    const port = String(await freePort());
    const echo = async (username: keyof typeof users, calledAET: string): Promise<Response> =>
      fetch(`${url}/dicom-peer/echo`, {
        method: 'POST',
        headers: {
          ...(await authorization(url, username, users[username])),
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ id: 'peer', settings: { host: '127.0.0.1', port, calledAET } }),
      });
    assert.equal((await echo('tester', '${CALLED}')).status, 401);
    assert.equal((await echo('tester', 'ARCHIVE')).status, 200);
    const answer = (await (await echo('integrator', '${CALLED}')).json()) as PeerEcho;
    assert.deepEqual([answer.outcome, 'calledAET' in answer && answer.calledAET], ['failed', 'ARCHIVE7']);
  });
});
