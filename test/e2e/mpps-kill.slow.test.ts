import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DimseClient, MPPS } from '../support/peers/find-client';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { startNodeRed, type NodeRed } from '../support/node-red/node-red';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { until } from '../support/machine/until';

const ROUNDS = 3;
const MODALITIES = 4;
/** Answered before the kill: otherwise a round on a busy machine means nothing. */
const LEAST_A_ROUND = 20;
const IN_PROGRESS = {
  PerformedProcedureStepStatus: 'IN PROGRESS',
  Modality: 'CT',
  ScheduledStepAttributesSequence: [{ StudyInstanceUID: '1.2.3' }],
  PerformedSeriesSequence: null,
};
const COMPLETED = { PerformedProcedureStepStatus: 'COMPLETED' };

describe('Node-RED killed during N-SETs', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'mpps-kill-'));
  const seen = join(userDir, 'seen.txt');
  let nodeRed: NodeRed | undefined;
  after(async () => {
    await nodeRed?.kill();
    rmSync(userDir, { recursive: true, force: true });
  });

  it(`has what was answered 0000 after the restart, and tells the flow (${ROUNDS} rounds)`, async (test) => {
    installRecorder(userDir);
    writeFileSync(seen, '');
    const port = await freePort();
    const flows = [
      { id: TAB, type: 'tab', label: 'test' },
      dicomIn('steps', port, [[], [], [], ['recorder']], { answerMpps: 'at-once' }),
      flowNode('recorder', 'recorder', { file: seen, wires: [[]] }),
    ];
    const start = async (): Promise<NodeRed> => {
      const started = await startNodeRed({ userDir, flows });
      await started.waitForLine(/listening on/);
      return started;
    };
    /** What was answered 0000 last, by UID. */
    const answered = new Map<string, 'created' | 'completed'>();
    const examine = async (prefix: string): Promise<void> => {
      const client = await DimseClient.open(port, MPPS);
      for (let number = 1; ; number += 1) {
        const uid = `${prefix}.${number}`;
        client.create(uid, IN_PROGRESS);
        assert.equal((await client.next()).status, 0);
        answered.set(uid, 'created');
        client.set(uid, COMPLETED);
        assert.equal((await client.next()).status, 0);
        answered.set(uid, 'completed');
      }
    };
    for (let round = 1; round <= ROUNDS; round += 1) {
      nodeRed = await start();
      const enough = answered.size + LEAST_A_ROUND;
      // Their connections will break off: that is the point.
      const modalities = Promise.allSettled(
        Array.from({ length: MODALITIES }, (_, at) => examine(`1.2.9.${round}.${at + 1}`)),
      );
      await until(() => answered.size >= enough, `${LEAST_A_ROUND} steps`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      await nodeRed.kill();
      await modalities;
    }
    nodeRed = await start();
    const client = await DimseClient.open(port, MPPS);
    let open = 0;
    for (const [uid, last] of answered) {
      client.set(uid, COMPLETED);
      const { status } = await client.next();
      // Of a step that was created, the N-SET may have been kept, and not answered any more.
      if (status === 0) open += 1;
      assert.ok(
        status === 0x0110 || (last === 'created' && status === 0),
        `${uid} ${last}: ${status.toString(16)}`,
      );
    }
    client.close();
    const told = (): Set<string> => new Set(readRecords(seen).map(({ uid }) => uid));
    await until(() => [...answered.keys()].every((uid) => told().has(uid)), 'the messages');
    await nodeRed.stop();
    test.diagnostic(`${answered.size} steps answered, ${open} of them in progress at a kill`);
  });
});
