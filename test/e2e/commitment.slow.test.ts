import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { CommittingScp, reportOf, reportTo } from '../support/peers/commitment';
import { dicomIn, flowNode, sinkNodes, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink, type SunkMessage } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { Scps } from '../support/peers/scps';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const IN = 'commit-in';
const OUT = 'commit-out';
const ARCHIVE = 'ORTHANC';

/** dicom-in → dicom-out → a peer that is to commit, and reports through the same dicom-in. */
function flow(port: number, archivePort: number, sink: MessageSink, mode: string): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'commit' },
    dicomIn(IN, port, [[OUT]], { acknowledge: true, queue: 'disk-synced' }),
    {
      id: 'archive',
      type: 'dicom-peer',
      ...DICOM_PEER.defaults,
      name: 'the archive',
      host: '127.0.0.1',
      port: String(archivePort),
      calledAET: ARCHIVE,
      callingAET: 'US',
      commit: 'require',
      commitThrough: IN,
    },
    flowNode(OUT, 'dicom-out', {
      ...DICOM_OUT.defaults,
      peer: 'archive',
      mode,
      retryFirstSeconds: 1,
      outputFailures: true,
      outputs: 2,
      wires: [['test-out-1'], ['test-out-2']],
    }),
    ...sinkNodes(sink),
  ];
}

interface Sent {
  status?: string;
  committed?: boolean;
}
const sentIn = ({ dicom }: SunkMessage): Sent | undefined => (dicom as { sent?: Sent }).sent;

async function upload(port: number, ...numbers: number[]): Promise<void> {
  const client = await StoreClient.open(port);
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
  }
  await client.release();
}

describe('storage commitment with a real Node-RED', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-commit-'));
  const peers = new Scps();
  const scps: CommittingScp[] = [];
  let nodeRed: NodeRed | undefined;
  let sink: MessageSink;
  let port: number;

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  afterEach(async () => {
    await nodeRed?.stop();
    await peers.stop();
    for (const { scp } of scps.splice(0)) await scp.stop();
  });
  after(async () => {
    await sink.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(archivePort: number, mode: string): Promise<void> {
    sink.clear();
    const connected = sink.nextConnection();
    nodeRed = await startNodeRed({ userDir, flows: flow(port, archivePort, sink, mode) });
    await nodeRed.waitForLine(/listening on/);
    await connected();
  }
  const sunk = (output: number): SunkMessage[] => sink.messages.filter((each) => each.output === output);
  const isEmpty = (id: string): boolean => queuedObjects(join(userDir, 'dicom', id)).length === 0;

  for (const [mode, output] of [
    ['wait', 1],
    ['store-and-forward', 2],
  ] as const)
    it(`${mode}: Orthanc commits on an association of its own`, { skip: needs('orthanc') }, async () => {
      const modality = { AET: 'US', Host: '127.0.0.1', Port: port, AllowStorageCommitment: true };
      const orthanc = await peers.orthanc({ DicomAet: ARCHIVE, DicomModalities: { us: modality } });
      await start(orthanc.port, mode);
      await upload(port, 1, 2, 3);
      await until(() => sunk(output).filter(sentIn).length === 3, 'three outcomes');
      for (const message of sunk(output)) {
        const { status, committed } = sentIn(message) ?? {};
        assert.deepEqual({ status, committed }, { status: '0000', committed: true });
      }
      const instances = (await (await fetch(`${orthanc.http}/instances`)).json()) as unknown[];
      assert.equal(instances.length, 3);
      await until(() => isEmpty(IN) && (mode === 'wait' || isEmpty(OUT)), 'empty queues');
    });

  it('outlives a kill between N-ACTION and report: it is asked about again, and not sent again', async () => {
    const peer = await CommittingScp.listen();
    scps.push(peer);
    await start(peer.scp.port, 'store-and-forward');
    await upload(port, 1, 2);
    await until(() => peer.asked.flatMap(({ instances }) => instances).length === 2, 'it is asked for');
    const before = peer.asked.map(({ transactionUID }) => transactionUID);
    await nodeRed?.kill();

    await start(peer.scp.port, 'store-and-forward');
    const asked = (): typeof peer.asked => peer.asked.slice(before.length);
    await until(() => asked().flatMap(({ instances }) => instances).length === 2, 'it is asked for again');
    assert.equal(peer.stored.length, 2);
    const report = (uid: string): Buffer => {
      const instances = asked().flatMap((each) => each.instances);
      return reportOf(uid, { committed: instances });
    };
    assert.equal(await reportTo(port, ARCHIVE, report(before[0] ?? '')), 0x0110, 'nobody waits for that');
    await assert.rejects(reportTo(port, 'STRANGER', report(asked()[0]?.transactionUID ?? '')), /PDU 7/);
    assert.equal(sunk(2).length, 0);
    for (const { transactionUID } of asked())
      assert.equal(await reportTo(port, ARCHIVE, report(transactionUID)), 0);
    await until(() => sunk(2).length === 2, 'both outcomes');
    assert.ok(sunk(2).every((message) => sentIn(message)?.committed === true));
    await until(() => isEmpty(OUT), 'an empty outbox');
  });
});
