import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { adminAuth, authorization } from '../support/node-red/admin-user';
import { Certificates, type Certificate } from '../support/connections/certificates';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { associateRQ } from '../support/connections/pdus';
import { proxyV1, proxyV2 } from '../support/connections/proxy-headers';
import { associate, RawPeer } from '../support/connections/raw-peer';
import { Scps } from '../support/peers/scps';
import { run } from '../support/machine/run';
import { SAMPLE } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { withNodeRed } from '../support/node-red/with-node-red';

/** HAProxy calls from here, and senders from 127.0.0.1. */
const PROXY = '127.0.0.9';
const NODE = 'test-dicom-in';
const HAPROXY = '/usr/sbin/haproxy';

/** The configuration in the documentation. */
function documented(): string {
  const page = readFileSync(join(PACKAGE_DIR, 'docs', 'scaling.md'), 'utf8');
  return /```haproxy\n([^`]+)```/.exec(page)?.[1] ?? assert.fail('a configuration in docs/scaling.md');
}

/** Replaces what has to be there. */
function replaced(text: string, changes: readonly [from: string, to: string][]): string {
  return changes.reduce((changed, [from, to]) => {
    assert.ok(changed.includes(from), `${from} in the documented configuration`);
    return changed.replaceAll(from, to);
  }, text);
}

describe('behind HAProxy', { skip: needs('haproxy', 'dcmtk', 'openssl') }, () => {
  const certificates = new Certificates();
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const scps = new Scps();
  const nodeReds: { nodeRed: NodeRed; port: number; sink: MessageSink }[] = [];
  let ca: Certificate;
  let server: Certificate;

  before(async () => {
    ca = certificates.authority('Clinic CA');
    server = certificates.issue('localhost', ca);
    for (let index = 0; index < 2; index += 1) {
      const [nodeRed, sink, port] = await Promise.all([
        startNodeRed({ flows: [] }),
        MessageSink.open(),
        freePort(),
      ]);
      nodeReds.push({ nodeRed, sink, port });
    }
  });
  beforeEach(() => nodeReds.forEach(({ sink }) => sink.clear()));
  after(async () => {
    await scps.stop();
    for (const { nodeRed, sink } of nodeReds) await Promise.all([nodeRed.stop(), sink.close()]);
    certificates.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const [one, two] = [0, 1].map((index) => () => nodeReds[index] ?? assert.fail('a Node-RED')) as [
    () => (typeof nodeReds)[number],
    () => (typeof nodeReds)[number],
  ];

  async function deploy(settings: Record<string, unknown> = {}, more: FlowNode[] = []): Promise<void> {
    for (const { nodeRed, port, sink } of nodeReds) {
      const from = nodeRed.lines.length;
      const all = { trustedProxies: PROXY, allowedHosts: '127.0.0.1', emitEvents: true, ...settings };
      await nodeRed.deploy([...receiverFlow(port, sink, all), ...more]);
      await nodeRed.waitForLine(/listening on/, { from });
      await sink.connected();
    }
  }

  /** Starts HAProxy with the documented configuration, for our Node-REDs. Returns its port, and where its statistics are. */
  async function haproxy(changes: [string, string][] = []): Promise<{ port: number; stats: string }> {
    const statsPort = await freePort();
    const stats = `listen stats\n    mode http\n    bind 127.0.0.1:${statsPort}\n    stats enable\n    stats uri /\n`;
    const config = join(folder, `haproxy-${statsPort}.cfg`);
    const port = await scps.start(HAPROXY, (dicomPort) => {
      const ours = replaced(documented(), [
        ['bind :11112', `bind 127.0.0.1:${dicomPort}`],
        ['a1b2c3d4e5f60718', NODE],
        ['10.0.0.11:11112 check port 1880', `127.0.0.1:${one().port} check port ${one().nodeRed.adminPort}`],
        ['10.0.0.12:11112 check port 1880', `127.0.0.1:${two().port} check port ${two().nodeRed.adminPort}`],
        ['inter 2s', 'inter 300ms'],
        ['    balance leastconn\n', `    balance leastconn\n    source ${PROXY}\n`],
      ]);
      writeFileSync(config, `${replaced(ours, changes)}\n${stats}`);
      return ['-db', '-f', config];
    });
    return { port, stats: `http://127.0.0.1:${statsPort}/;csv` };
  }

  /** Status and last check of the servers, by name, as HAProxy sees them. */
  async function servers(stats: string): Promise<Record<string, { status: string; check: string }>> {
    const [head = '', ...lines] = (await (await fetch(stats)).text()).split('\n');
    const names = head.replace('# ', '').split(',');
    const rows = lines.map((line) => {
      const cells = line.split(',');
      return (name: string): string => cells[names.indexOf(name)] ?? '';
    });
    const ours = rows.filter((cell) => cell('pxname') === 'node-reds' && cell('svname') !== 'BACKEND');
    return Object.fromEntries(
      ours.map((cell) => [cell('svname'), { status: cell('status'), check: cell('check_status') }]),
    );
  }
  const untilServers = (stats: string, expected: string, what: string): Promise<void> =>
    until(async () => {
      const { one: first, two: second } = await servers(stats);
      return `${first?.status} ${first?.check} ${second?.status} ${second?.check}` === expected;
    }, what);

  const storescu = (port: number, ...options: string[]): ReturnType<typeof run> =>
    run('storescu', [...options, '-aet', 'CT01', '127.0.0.1', String(port), SAMPLE]);
  const objects = (sink: MessageSink): number => sink.messages.filter(({ output }) => output === 1).length;
  const health = async ({ nodeRed }: (typeof nodeReds)[number], node = NODE): Promise<string> => {
    const response = await fetch(`${nodeRed.url}/dicom-in/${node}/health`);
    return `${response.status} ${await response.text()}`;
  };
  /** Events that tell of something that was turned away. */
  const refused = (): unknown[] =>
    nodeReds.flatMap(({ sink }) =>
      sink.messages.filter(
        ({ output, topic }) => output === 2 && /refused|aborted|rejected/.test(topic ?? ''),
      ),
    );

  it('divides associations, with the address of the sender; drained, one takes no more and no sender notices', async () => {
    await deploy();
    const { port, stats } = await haproxy();
    await untilServers(stats, 'UP L7OK UP L7OK', 'both to be healthy');
    for (let round = 0; round < 4; round += 1) assert.equal((await storescu(port)).code, 0);
    await until(() => objects(one().sink) + objects(two().sink) === 4, 'the objects');
    assert.deepEqual([objects(one().sink), objects(two().sink)], [2, 2]);
    for (const { sink } of nodeReds) {
      const message = await sink.find(({ output }) => output === 1, 'an object');
      assert.equal(message.dicom?.remoteAddress, '127.0.0.1');
    }

    const drained = await fetch(`${one().nodeRed.url}/dicom-in/${NODE}/drain?seconds=1`, { method: 'POST' });
    assert.deepEqual(await drained.json(), { openAssociations: 0, abortedAfterSeconds: 1 });
    assert.equal(await health(one()), '503 ');
    // HAProxy may not know yet.
    for (let round = 0; round < 4; round += 1) assert.equal((await storescu(port)).code, 0);
    await untilServers(stats, 'DOWN L7STS UP L7OK', 'the drained one to be out');
    for (let round = 0; round < 2; round += 1) assert.equal((await storescu(port)).code, 0);
    await until(() => objects(two().sink) === 8, 'the objects at the other');
    assert.equal(objects(one().sink), 2);
    assert.deepEqual(refused(), []);

    await deploy();
    assert.equal(await health(one()), '200 ');
    await untilServers(stats, 'UP L7OK UP L7OK', 'it to be back');
    await scps.stop();
  });

  it('drained, it lets associations end for a time, and says so', async () => {
    await deploy({ trustedProxies: '' });
    const { nodeRed, port } = one();
    const stats = async (): Promise<{
      draining?: true;
      listening: boolean;
      counters: Record<string, number>;
    }> => (await (await fetch(`${nodeRed.url}/dicom-in/${NODE}/stats`)).json()) as never;
    const drain = (query: string): Promise<Response> =>
      fetch(`${nodeRed.url}/dicom-in/${NODE}/drain${query}`, { method: 'POST' });
    for (const wrong of ['?seconds=-1', '?seconds=x', '?seconds=86401', '?seconds=1&seconds=2']) {
      assert.equal((await drain(wrong)).status, 400, wrong);
    }
    assert.equal(await health(one()), '200 ', 'nothing was drained by that');
    const peer = await associate(port);
    assert.deepEqual(await (await drain('?seconds=2')).json(), {
      openAssociations: 1,
      abortedAfterSeconds: 2,
    });
    const { draining, listening } = await stats();
    assert.deepEqual([draining, listening], [true, false]);
    await assert.rejects(RawPeer.connect(port), /ECONNREFUSED/);
    assert.equal((await peer.next())?.type, 0x07, 'aborted after its time');
    await until(async () => (await stats()).counters['openAssociations'] === 0, 'the end of the association');
    const { sink } = one();
    const event = await sink.find(({ topic }) => topic === 'draining', 'the event');
    assert.equal((event.payload as { openAssociations: number }).openAssociations, 1);
  });

  it('says of nodes that do not exist what it says of others', async () => {
    assert.equal(await health(two(), 'nobody'), '503 ');
    assert.equal(await health(two(), '__proto__'), '503 ');
  });

  it('takes version 1, and checks by the DICOM port, of which nobody hears', async () => {
    await deploy();
    const { port, stats } = await haproxy([
      ['send-proxy-v2', 'send-proxy'],
      [`    option httpchk GET /dicom-in/${NODE}/health\n`, ''],
      [` port ${one().nodeRed.adminPort}`, ''],
      [` port ${two().nodeRed.adminPort}`, ''],
    ]);
    await untilServers(stats, 'UP L4OK UP L4OK', 'both to be healthy');
    assert.equal((await storescu(port)).code, 0);
    const version2 = await haproxy([
      [`    option httpchk GET /dicom-in/${NODE}/health\n`, ''],
      [` port ${one().nodeRed.adminPort}`, ''],
      [` port ${two().nodeRed.adminPort}`, ''],
    ]);
    await untilServers(version2.stats, 'UP L4OK UP L4OK', 'both to be healthy');
    assert.equal((await storescu(version2.port)).code, 0);
    const addresses = (): unknown[] =>
      nodeReds.flatMap(({ sink }) =>
        sink.messages.flatMap(({ output, dicom }) => (output === 1 ? dicom?.remoteAddress : [])),
      );
    await until(() => addresses().length >= 2, 'both objects');
    // Some checks, of which nobody is to hear.
    await wait(1_500);
    assert.deepEqual(addresses(), ['127.0.0.1', '127.0.0.1']);
    assert.deepEqual(refused(), []);
    await scps.stop();
  });

  it('refuses a stranger that forges a header, and HAProxy without one', async () => {
    await deploy({ allowedHosts: '10.1.2.3, 127.0.0.1' });
    for (const header of [proxyV1('10.1.2.3'), proxyV2('10.1.2.3')]) {
      const stranger = await RawPeer.connect(one().port);
      stranger.send(header, associateRQ());
      assert.equal((await stranger.next())?.type, 0x07, 'A-ABORT');
      stranger.destroy();
    }
    await one().nodeRed.waitForLine(
      /127\.0\.0\.1 .*PROXY protocol header of a proxy that is not among the trusted/,
    );
    const { port } = await haproxy([['send-proxy-v2 ', '']]);
    assert.notEqual((await storescu(port)).code, 0);
    // HAProxy chooses which one.
    const told = /connection from 127\.0\.0\.9 refused: no PROXY protocol header/;
    await until(
      () => nodeReds.some(({ nodeRed: { lines } }) => lines.some((line) => told.test(line))),
      'one of them to refuse it',
    );
    await scps.stop();
  });

  it('passes TLS through', async () => {
    const { cert, key } = server;
    const tls: FlowNode = {
      id: 'test-tls',
      type: 'tls-config',
      cert,
      key,
      ca: ca.cert,
      verifyservercert: true,
    };
    await deploy({ tls: 'test-tls' }, [tls]);
    const { port, stats } = await haproxy();
    await untilServers(stats, 'UP L7OK UP L7OK', 'both to be healthy');
    // The first connection through HAProxy, by which it was seen to run, had no handshake.
    nodeReds.forEach(({ sink }) => sink.clear());
    const sent = await storescu(port, '--anonymous-tls', '+cf', ca.cert);
    assert.equal(sent.code, 0, sent.output);
    await until(() => objects(one().sink) + objects(two().sink) === 1, 'the object');
    assert.deepEqual(refused(), []);
    await scps.stop();
  });

  it('lets everybody ask for its health, and nobody without the permission drain it', async () => {
    const settings = { adminAuth: adminAuth({ reader: 'dicom-in.read', writer: 'dicom-in.write' }) };
    const port = await freePort();
    await withNodeRed({ settings, flows: receiverFlow(port, one().sink) }, async (nodeRed) => {
      await nodeRed.waitForLine(/listening on/);
      const at = `${nodeRed.url}/dicom-in/${NODE}`;
      const drain = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${at}/drain`, { method: 'POST', headers })).status;
      const getHealth = async (): Promise<number> => (await fetch(`${at}/health`)).status;
      assert.equal(await getHealth(), 200);
      assert.equal(await drain({}), 401);
      assert.equal(await drain(await authorization(nodeRed.url, 'reader', 'dicom-in.read')), 401);
      assert.equal(await getHealth(), 200);
      assert.equal(await drain(await authorization(nodeRed.url, 'writer', 'dicom-in.write')), 200);
      assert.equal(await getHealth(), 503);
    });
  });
});
