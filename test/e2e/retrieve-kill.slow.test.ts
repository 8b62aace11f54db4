import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DICOM_PEER, DICOM_RETRIEVE } from '../../src/settings';
import { TAB, flowNode } from '../support/node-red/flows';
import { slice } from '../support/objects/made-study';
import { MisbehavingScp, type StoredObject } from '../support/peers/misbehaving-scp';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { commandSet, dataTF, pdv } from '../support/connections/pdus';
import { queuedObjects } from '../support/queues/queue-folder';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { until } from '../support/machine/until';

const ROUNDS = 3;
const OBJECTS = 2_000;
const CT = '1.2.840.10008.5.1.4.1.1.2';
const GET = 0x0010;
const [COMMAND, DATA] = [0b11, 0b10];

/** All objects of a study, one behind the other, and no end. */
function objects(asked: StoredObject, study: string): Buffer {
  const all = Array.from({ length: OBJECTS }, (_, at) => {
    const command = commandSet({
      0x0002: CT,
      0x0100: 0x0001,
      0x0110: at + 1,
      0x0700: 0,
      0x0800: 0,
      0x1000: `${study}.1.${at + 1}`,
    });
    return dataTF(pdv(5, COMMAND, command), pdv(5, DATA, slice(study, at + 1)));
  });
  assert.equal(asked.contextId, 1);
  return Buffer.concat(all);
}

describe('Node-RED killed during a C-GET', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'retrieve-kill-'));
  const seen = join(userDir, 'seen.txt');
  let nodeRed: NodeRed | undefined;
  let scp: MisbehavingScp | undefined;
  after(async () => {
    await nodeRed?.kill();
    await scp?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it(`loses nothing that was answered 0000 (${ROUNDS} rounds)`, async (test) => {
    installRecorder(userDir);
    writeFileSync(seen, '');
    let study = '';
    const peer = await MisbehavingScp.listen({
      store: (asked) => (asked.command.get(0x0100) === GET ? objects(asked, study) : 0),
    });
    scp = peer;
    const flows = (isAsked: boolean): FlowNode[] => [
      { id: TAB, type: 'tab', label: 'test' },
      { id: 'peer', type: 'dicom-peer', ...DICOM_PEER.defaults, host: '127.0.0.1', port: String(peer.port) },
      ...(isAsked
        ? [
            flowNode('start', 'inject', {
              props: [
                {
                  p: 'payload',
                  v: JSON.stringify({ StudyInstanceUID: study, SOPClassesInStudy: CT }),
                  vt: 'json',
                },
              ],
              once: true,
              onceDelay: 0.1,
              repeat: '',
              wires: [['retrieve']],
            }),
          ]
        : []),
      flowNode('retrieve', 'dicom-retrieve', {
        ...DICOM_RETRIEVE.defaults,
        ...{ peer: 'peer', method: 'get', output: 'buffer' },
        wires: [[], ['recorder']],
      }),
      flowNode('recorder', 'recorder', { file: seen, wires: [[]] }),
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      study = `1.2.3.${round}`;
      const before = peer.responses.length;
      nodeRed = await startNodeRed({ userDir, flows: flows(true) });
      await until(() => peer.responses.length > before + 50, 'objects');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      await nodeRed.kill();
    }
    const answered = peer.responses
      .filter((response) => response.get(0x0900) === 0 && String(response.get(0x1000)).includes('.1.'))
      .map((response) => String(response.get(0x1000)));
    nodeRed = await startNodeRed({ userDir, flows: flows(false) });
    const folder = join(userDir, 'dicom', 'retrieve');
    await until(() => queuedObjects(folder).length === 0, 'an empty queue', 60_000);
    await nodeRed.stop();
    const delivered = new Set(readRecords(seen).map(({ uid }) => uid));
    test.diagnostic(`answered ${answered.length}, delivered ${delivered.size}`);
    assert.ok(answered.length > ROUNDS * 50);
    assert.deepEqual(
      answered.filter((uid) => !delivered.has(uid)),
      [],
    );
  });
});
