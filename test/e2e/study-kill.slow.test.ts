import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DICOM_STUDY } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

/** `npm run soak` runs more. */
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 5);
/** No round begins after so long. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? Infinity);
const IDLE_SECONDS = 3;
const STUDIES_A_ROUND = 3;
const OBJECTS_A_STUDY = 20;
const MANY = 2_000;

/** Of all samples. */
const SAMPLE_STUDY = '2.25.101203456789012345678901234567891';
const studyUid = (number: number): string => SAMPLE_STUDY.slice(0, -9) + String(200_000_000 + number);

function instanceOf(study: number, number: number): { uid: string; dataSet: Buffer } {
  const { uid, dataSet } = sampleInstance(study * 1_000 + number);
  dataSet.write(studyUid(study), dataSet.indexOf(SAMPLE_STUDY), 'latin1');
  return { uid, dataSet };
}

/** What has been fired is written to a file before it is acknowledged. */
function collecting(port: number, file: string): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'test' },
    dicomIn('collecting-in', port, [['study']], {
      acknowledge: true,
      maxInFlight: '1',
      minFreeDiskMB: '0',
      includeTagsNode: false,
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
        msg.payload = JSON.stringify({ id: msg.dicom.acknowledgeId, study: msg.topic, again: msg.dicom.redelivered || 0, ...msg.study, uids });
        return msg;`,
      outputs: 1,
      wires: [['file']],
    }),
    flowNode('file', 'file', {
      filename: file,
      filenameType: 'str',
      appendNewline: true,
      createDir: false,
      overwriteFile: 'false',
      encoding: 'none',
      wires: [['respond']],
    }),
    flowNode('respond', 'dicom-response', { status: '0000', wires: [] }),
  ];
}

interface Fired {
  id: string;
  study: string;
  again: number;
  firing: number;
  objects: number;
  uids: string[];
}

describe('Node-RED killed and deployed while studies come in', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-study-kill-'));
  const file = join(userDir, 'fired.txt');
  let nodeRed: NodeRed | undefined;
  after(async () => {
    await nodeRed?.kill();
    rmSync(userDir, { recursive: true, force: true });
  });

  const fired = (): Fired[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Fired);
  const isEmpty = (): boolean => queuedObjects(join(userDir, 'dicom', 'collecting-in')).length === 0;

  /** Sends what it has until all of it has been answered with Success, as a modality does. */
  async function sendAll(
    port: number,
    objects: { uid: string; dataSet: Buffer }[],
    isEach: boolean,
    pauses = 500,
  ): Promise<void> {
    let client: StoreClient | undefined;
    for (const { uid, dataSet } of objects)
      for (let isStored = false; !isStored;) {
        try {
          client ??= await StoreClient.open(port);
          isStored = (await client.store(uid, dataSet, 10_000)) === 0;
          if (isStored && isEach) {
            await client.release();
            client = undefined;
          }
        } catch {
          // Node-RED has been killed, or does not listen yet.
          client?.peer.destroy();
          client = undefined;
          await wait(50);
        }
        if (Math.random() < 0.1) await wait(Math.random() * pauses);
      }
    await client?.release().catch(() => undefined);
  }

  it(`each quiet period has one firing, of exactly what came (${ROUNDS} rounds)`, async (test) => {
    const port = await freePort();
    const flows = collecting(port, file);
    writeFileSync(file, '');
    nodeRed = await startNodeRed({ userDir, flows });
    /** By study: what each firing has to list. */
    const expected = new Map<string, Set<string>[]>();
    const expect = (study: number, uids: string[]): void => {
      const periods = expected.get(studyUid(study)) ?? [];
      expected.set(studyUid(study), [...periods, new Set(uids)]);
    };
    let [kills, deploys] = [0, 0];
    const disturb = async (): Promise<void> => {
      if (Math.random() < 0.6) {
        await nodeRed?.kill();
        nodeRed = await startNodeRed({ userDir, flows });
        kills += 1;
      } else {
        await nodeRed?.deploy(flows, 'full');
        deploys += 1;
      }
    };
    const isComplete = (): boolean => {
      const ids = new Set(fired().map(({ id }) => id));
      return ids.size >= [...expected.values()].reduce((total, { length }) => total + length, 0);
    };
    const end = performance.now() + MINUTES * 60_000;
    let round = 0;
    for (; round < ROUNDS && performance.now() < end; round += 1) {
      const senders = Array.from({ length: STUDIES_A_ROUND }, (_, index) => {
        const study = round * STUDIES_A_ROUND + index + 1;
        const objects = Array.from({ length: OBJECTS_A_STUDY }, (_each, number) => instanceOf(study, number));
        expect(
          study,
          objects.map(({ uid }) => uid),
        );
        // Some come twice.
        return sendAll(port, [...objects, ...objects.slice(0, 2)], index === 0);
      });
      if (round > 0) {
        // One late object, and one that comes once more.
        const late = [instanceOf(round, OBJECTS_A_STUDY + round), instanceOf(round, 3)];
        expect(
          round,
          late.map(({ uid }) => uid),
        );
        senders.push(sendAll(port, late, true));
      }
      await wait(Math.random() * 1_500);
      await disturb();
      await Promise.all(senders);
      if (Math.random() < 0.7) {
        await wait(Math.random() * (IDLE_SECONDS + 1) * 1_000);
        await disturb();
      }
      await until(isComplete, `the firings of round ${round + 1}`, 60_000);
    }
    await until(isEmpty, 'an empty queue', 60_000);
    // A second firing of a quiet period would come now.
    await wait(IDLE_SECONDS * 1_000 + 1_500);
    await nodeRed?.stop();
    nodeRed = undefined;

    const byId = new Map<string, Fired>();
    let again = 0;
    for (const each of fired()) {
      const before = byId.get(each.id);
      if (before !== undefined) {
        again += 1;
        assert.ok(each.again > 0, 'a message that comes again says so');
        assert.deepEqual([each.uids, each.firing], [before.uids, before.firing]);
      }
      byId.set(each.id, each);
    }
    const got = new Map<string, Set<string>[]>();
    for (const { study, firing, uids } of byId.values()) {
      assert.equal(new Set(uids).size, uids.length);
      const periods = got.get(study) ?? [];
      periods[firing - 1] = new Set(uids);
      got.set(study, periods);
    }
    const disturbed = `${round} rounds, ${kills} kills, ${deploys} deploys`;
    test.diagnostic(
      `${disturbed}: ${byId.size} firings of ${got.size} studies, ${again} messages sent again`,
    );
    assert.deepEqual(got, expected);
  });

  it(`a study of ${MANY} objects passes a queue that has one in flight`, async (test) => {
    const port = await freePort();
    writeFileSync(file, '');
    nodeRed = await startNodeRed({ userDir, flows: collecting(port, file) });
    const began = performance.now();
    const objects = Array.from({ length: MANY }, (_, number) => instanceOf(800, number));
    await Promise.all([
      sendAll(port, objects.slice(0, MANY / 2), false, 0),
      sendAll(port, objects.slice(MANY / 2), false, 0),
    ]);
    const sent = performance.now() - began;
    await until(() => fired().length > 0, 'the firing', 120_000);
    const [only] = fired();
    test.diagnostic(
      `sent in ${Math.round(sent)} ms, fired after ${Math.round(performance.now() - began)} ms`,
    );
    assert.deepEqual(new Set(only?.uids), new Set(objects.map(({ uid }) => uid)));
    assert.equal(only?.objects, MANY);
    await until(isEmpty, 'an empty queue', 60_000);
    await wait(IDLE_SECONDS * 1_000 + 1_000);
    assert.equal(fired().length, 1);
  });
});
