import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DICOM_STUDY } from '../../src/settings';
import { DimseClient, MPPS } from '../support/peers/find-client';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { Postgres } from '../support/queues/postgres';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const MEMBERS = 3;
const OBJECTS = 60;
const IDLE_SECONDS = 4;
/** Of all samples. */
const SAMPLE_STUDY = '2.25.101203456789012345678901234567891';
const studyUid = (study: number): string => SAMPLE_STUDY.slice(0, -9) + String(200_000_000 + study);

const STEP = { Modality: 'CT', ScheduledStepAttributesSequence: [{ StudyInstanceUID: studyUid(3) }] };

interface Instance {
  uid: string;
  dataSet: Buffer;
}

function instanceOf(study: number, number: number): Instance {
  const { uid, dataSet } = sampleInstance(study * 1_000 + number);
  dataSet.write(studyUid(study), dataSet.indexOf(SAMPLE_STUDY), 'latin1');
  return { uid, dataSet };
}

interface Fired {
  id: string;
  study: string;
  member: string;
  redelivered: number;
  reason: string;
  uids: string[];
}

interface Member {
  name: string;
  userDir: string;
  port: number;
  nodeRed: NodeRed | undefined;
}

describe('Node-REDs that share a queue, one of which is killed', { skip: needs('postgres') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dicom-cluster-study-'));
  const file = join(folder, 'fired.txt');
  const members: Member[] = [];
  let postgres: Postgres | undefined;
  after(async () => {
    for (const { nodeRed } of members) await nodeRed?.kill();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What has been fired is written down, and acknowledged; a message of the second study only when it comes again. */
  const flows = ({ port }: Member, database: Postgres): FlowNode[] => [
    { id: TAB, type: 'tab', label: 'test' },
    { id: 'queue', type: 'dicom-queue', host: '127.0.0.1', port: database.port, database: 'postgres' },
    dicomIn('receiver', port, [['study'], [], [], ['study']], {
      answerMpps: 'at-once',
      sharedQueue: 'queue',
      acknowledge: true,
      includeTagsNode: false,
      minFreeDiskMB: 0,
    }),
    flowNode('study', 'dicom-study', {
      ...DICOM_STUDY.defaults,
      version: 1,
      idleSeconds: String(IDLE_SECONDS),
      associationEndSeconds: '0',
      wires: [['line']],
    }),
    flowNode('line', 'function', {
      func: `const uids = msg.payload.series.flatMap(({ instances }) => instances.map((each) => each.SOPInstanceUID));
        const redelivered = msg.dicom.redelivered || 0;
        const line = JSON.stringify({ id: msg.dicom.acknowledgeId, study: msg.topic, member: env.get('MEMBER'), redelivered, reason: msg.study.reason, uids });
        const isKept = msg.topic === '${studyUid(2)}' && redelivered === 0;
        return [{ payload: line }, isKept ? null : msg];`,
      outputs: 2,
      wires: [['file'], ['response']],
    }),
    flowNode('file', 'file', {
      filename: file,
      filenameType: 'str',
      appendNewline: true,
      createDir: false,
      overwriteFile: 'false',
      encoding: 'none',
      wires: [[]],
    }),
    flowNode('response', 'dicom-response', { status: '0000', wires: [] }),
  ];

  async function start(member: Member, database: Postgres): Promise<void> {
    const { userDir, name } = member;
    const env = { PGUSER: 'postgres', MEMBER: name };
    member.nodeRed = await startNodeRed({ userDir, flows: flows(member, database), env });
    await member.nodeRed.waitForLine(/listening on/);
  }

  /** As if the time had passed after which its sessions are over. */
  async function kill(member: Member, database: Postgres): Promise<void> {
    await member.nodeRed?.kill();
    member.nodeRed = undefined;
    const path = join(member.userDir, 'dicom', 'receiver', 'shared', 'instance.json');
    const { name } = JSON.parse(readFileSync(path, 'utf8')) as { name: string };
    database.run(`UPDATE dicom.session SET until = clock_timestamp() WHERE instance = '${name}'`);
  }

  /** Each object over another member that lives, until it has been answered with Success, as modalities do. */
  async function sendAll(objects: readonly Instance[]): Promise<void> {
    const clients = new Map<Member, StoreClient>();
    for (const [at, { uid, dataSet }] of objects.entries())
      for (let isStored = false, tries = 0; !isStored; tries += 1) {
        const member = members[(at + tries) % MEMBERS] ?? assert.fail();
        try {
          const client = clients.get(member) ?? (await StoreClient.open(member.port));
          clients.set(member, client);
          isStored = (await client.store(uid, dataSet, 10_000)) === 0;
        } catch (error) {
          // It has been killed.
          if (!(error instanceof Error)) throw error;
          clients.get(member)?.peer.destroy();
          clients.delete(member);
          await wait(50);
        }
      }
    for (const client of clients.values()) await client.release().catch(() => undefined);
  }

  const fired = (): Fired[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Fired);
  const ofStudy = (study: number): Fired[] => fired().filter((each) => each.study === studyUid(study));

  it('say once that a study is complete, with exactly its objects, and again, marked, where the sender was killed', async (test) => {
    const database = (postgres = await Postgres.start());
    writeFileSync(file, '');
    for (let index = 0; index < MEMBERS; index += 1) {
      const userDir = join(folder, String(index));
      mkdirSync(userDir);
      members.push({ name: String(index), userDir, port: await freePort(), nodeRed: undefined });
    }
    await Promise.all(members.map((member) => start(member, database)));
    const [first = [], second = []] = [1, 2].map((study) =>
      Array.from({ length: OBJECTS }, (_, number) => instanceOf(study, number)),
    );

    const sent = sendAll(first);
    await wait(300);
    await kill(members[0] ?? assert.fail(), database);
    await sent;
    await sendAll(second);
    await until(() => ofStudy(1).length > 0 && ofStudy(2).length > 0, 'both messages', 60_000);

    // A modality tells one machine that it begins, and another one what it has made.
    const third = [0, 1, 2].map((number) => instanceOf(3, number));
    const alive = members.filter(({ nodeRed }) => nodeRed !== undefined);
    const [one, other] = await Promise.all(alive.map(({ port }) => DimseClient.open(port, MPPS)));
    one?.create('1.2.9', {
      ...STEP,
      PerformedProcedureStepStatus: 'IN PROGRESS',
      PerformedSeriesSequence: null,
    });
    assert.equal((await one?.next())?.status, 0);
    other?.set('1.2.9', {
      PerformedProcedureStepStatus: 'COMPLETED',
      PerformedSeriesSequence: [
        {
          SeriesInstanceUID: '1.2.3',
          ReferencedImageSequence: third.map(({ uid }) => ({
            ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
            ReferencedSOPInstanceUID: uid,
          })),
        },
      ],
    });
    assert.equal((await other?.next())?.status, 0);
    one?.close();
    other?.close();
    await sendAll(third);
    await until(() => ofStudy(3).length > 0, 'the message of the third', 30_000);

    const [unacknowledged = assert.fail()] = ofStudy(2);
    const sender = members.find(({ name }) => name === unacknowledged.member) ?? assert.fail();
    await kill(sender, database);
    await until(() => ofStudy(2).length > 1, 'the message to come again', 30_000);
    const isEmpty = (): boolean => database.run('SELECT count(*) FROM dicom.object') === '0';
    await until(isEmpty, 'an empty queue', 30_000);
    // A second firing would come now.
    await wait(IDLE_SECONDS * 1_000 + 1_500);

    const all = fired();
    test.diagnostic(
      `fired by ${all.map(({ member, redelivered }) => `${member} (${redelivered})`).join(', ')}`,
    );
    for (const [study, objects] of [first, second, third].entries()) {
      const messages = ofStudy(study + 1);
      assert.equal(new Set(messages.map(({ id }) => id)).size, 1, 'one firing');
      for (const [at, { uids, redelivered }] of messages.entries()) {
        assert.equal(uids.length, objects.length);
        assert.deepEqual(new Set(uids), new Set(objects.map(({ uid }) => uid)));
        assert.equal(redelivered > 0, at > 0, 'what comes again says so');
      }
    }
    assert.deepEqual([ofStudy(1).length, ofStudy(2).length, ofStudy(3).length], [1, 2, 1]);
    assert.deepEqual([ofStudy(1)[0]?.reason, ofStudy(3)[0]?.reason], ['idle', 'expected']);
    assert.notEqual(ofStudy(2)[1]?.member, unacknowledged.member);
  });
});
