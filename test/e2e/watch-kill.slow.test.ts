import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DICOM_WATCH } from '../../src/settings';
import { TAB, flowNode } from '../support/node-red/flows';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { until } from '../support/machine/until';
import { filesIn, sampleFile } from '../support/workers/watched-folder';

/** `npm run soak` runs more. */
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 4);
const FILES_A_ROUND = 150;
/** Some of which the flow fails. */
const FAILS_EACH = 10;

function killFlow(file: string, settings: Record<string, unknown>): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'test' },
    flowNode('watch', 'dicom-watch', {
      ...DICOM_WATCH.defaults,
      stableSeconds: '1',
      minFreeDiskMB: '0',
      acknowledge: true,
      ...settings,
      wires: [['recorder']],
    }),
    flowNode('recorder', 'recorder', { file, wires: [['status']] }),
    flowNode('status', 'function', {
      func: `if (Number(msg.dicom.sopInstanceUID.slice(-8)) % ${FAILS_EACH} === 0) msg.statusCode = 'C000'; setTimeout(() => node.send(msg), 100 + Math.random() * 300);`,
      outputs: 1,
      wires: [['respond']],
    }),
    flowNode('respond', 'dicom-response', { status: '0000', wires: [] }),
  ];
}

describe('Node-RED killed while files arrive', () => {
  const root = mkdtempSync(join(tmpdir(), 'dicom-watch-kill-'));
  let nodeRed: NodeRed | undefined;
  after(async () => {
    await nodeRed?.kill();
    rmSync(root, { recursive: true, force: true });
  });

  for (const what of ['move', 'delete', 'keep'] as const) {
    it(`${what}: each file is delivered, in one place, and not twice unmarked (${ROUNDS} rounds)`, async (test) => {
      const userDir = join(root, what, 'user');
      const [directory, moveTo, errorDirectory] = ['incoming', 'sent', 'errors'].map((name) =>
        join(root, what, name),
      ) as [string, string, string];
      for (const path of [userDir, directory]) mkdirSync(path, { recursive: true });
      installRecorder(userDir);
      const seen = join(root, what, 'seen.txt');
      writeFileSync(seen, '');
      const flows = killFlow(seen, { directory, moveTo, errorDirectory, after: what });
      const put = new Set<string>();
      const putOne = (number: number): void => {
        const { uid, bytes } = sampleFile(number);
        const name = `${number}.dcm`;
        // Half of them come by a rename, as careful programs do.
        const path = join(directory, number % 2 === 0 ? name : `.${name}`);
        writeFileSync(path, bytes);
        if (number % 2 === 1) renameSync(path, join(directory, name));
        put.add(uid);
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        nodeRed = await startNodeRed({ userDir, flows });
        await nodeRed.waitForLine(/watching /);
        const end = performance.now() + 1_500 + Math.random() * 2_500;
        for (let number = 1; number <= FILES_A_ROUND; number += 1) {
          putOne(round * 1_000 + number);
          if (number % 5 === 0) await wait(5);
        }
        await wait(Math.max(0, end - performance.now()));
        await nodeRed.kill();
      }
      nodeRed = await startNodeRed({ userDir, flows });
      await until(
        () => {
          const uids = new Set(readRecords(seen).map(({ uid }) => uid));
          return uids.size >= put.size;
        },
        'all to be delivered',
        60_000,
      );
      const fails = [...put].filter((uid) => Number(uid.slice(-8)) % FAILS_EACH === 0).length;
      const letters = (): string[] => filesIn(errorDirectory).filter((name) => name.endsWith('.dcm'));
      await until(() => letters().length >= fails, 'the dead letters');
      if (what !== 'keep')
        await until(() => filesIn(directory).length === 0, 'that nothing is left in the folder');
      await nodeRed.stop();

      const records = readRecords(seen);
      const again = new Set<string>();
      for (const { uid, redelivered } of records) {
        if (again.has(uid)) assert.ok(redelivered > 0, `${uid} came again unmarked`);
        again.add(uid);
      }
      const done = what === 'move' ? filesIn(moveTo).length : what === 'keep' ? filesIn(directory).length : 0;
      test.diagnostic(
        `${what}: ${put.size} files, ${records.length} messages, ${letters().length} dead letters, ${done} put away`,
      );
      assert.deepEqual(
        [...put].filter((uid) => !again.has(uid)),
        [],
      );
      if (what === 'move') assert.equal(done, put.size - fails);
      if (what === 'keep') assert.equal(done, put.size);
      if (what !== 'keep') assert.equal(letters().length, fails, 'one object, one place');
    });
  }
});
