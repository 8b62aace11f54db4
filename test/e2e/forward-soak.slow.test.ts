import assert from 'node:assert/strict';
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { bufferSource, DicomError, isNative, readFileMeta, recode } from '../../src/dicom';
import { chooseContext, planContexts, ScuAssociation } from '../../src/network';
import { DICOM_OUT, DICOM_PEER, type DicomOutSettings, type DicomPeerSettings } from '../../src/settings';
import { decompress } from '../../src/transcode';
import { decodeFrame } from '../../src/transcode/codecs';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp, type Behaviour, type StoreAnswer } from '../support/peers/misbehaving-scp';
import {
  hashOf,
  MADE_ROOT,
  mixedObjects,
  storageClasses,
  type MixedObject,
} from '../support/objects/mixed-objects';
import { needs } from '../support/machine/needs';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { installRecorder, readRecords } from '../support/node-red/recorder';
import { Scps } from '../support/peers/scps';
import { until } from '../support/machine/until';

/** `npm run soak` sends ten thousand. */
const COUNT = Number(process.env['SOAK_OBJECTS'] ?? 150);
const isLong = COUNT >= 1_000;
const IN = 'soak-in';
/** By the last digit of the SOP Instance UID. */
const BRANCHES: readonly { mode: DicomOutSettings['mode']; peer: PeerName; digits: string }[] = [
  { mode: 'wait', peer: 'storescp', digits: '01' },
  { mode: 'wait', peer: 'orthanc', digits: '2' },
  { mode: 'wait', peer: 'misbehaving', digits: '34' },
  { mode: 'store-and-forward', peer: 'storescp', digits: '56' },
  { mode: 'store-and-forward', peer: 'orthanc', digits: '7' },
  { mode: 'store-and-forward', peer: 'misbehaving', digits: '89' },
];
type PeerName = 'storescp' | 'orthanc' | 'misbehaving';

const branchOf = ({ sopInstanceUID }: MixedObject): (typeof BRANCHES)[number] =>
  BRANCHES.find(({ digits }) => digits.includes(sopInstanceUID.slice(-1))) ?? assert.fail();

/** The misbehaving peer never takes these: C000. */
const isRefused = ({ sopInstanceUID }: { sopInstanceUID: string }): boolean =>
  /[0-4][39]$/.test(sopInstanceUID);

/** What it answers to others, now and then. */
const ANSWERS: readonly StoreAnswer[] = [
  ...[0, 0, 0, 0xb000, 0, 0xa700, 0, 'reset', 0, 'close', 0, 0, 'abort', 0, 0, 'release', 0],
  { status: 0, elements: { 0x0120: 0x7777 } },
  { status: 0, elements: { 0x1000: '1.2.3' } },
] as const;
/** And it does, for a moment. */
const MOODS: readonly Behaviour[] = [
  {},
  {},
  {},
  {},
  { midway: { bytes: 3_000, act: 'reset' } },
  { midway: { bytes: 100_000, act: 'reset' } },
  { midway: { bytes: 2_000, act: 'stall' } },
  { connection: 'close' },
  { associate: 'silent' },
  { associate: 'abort' },
  // Nothing but what everybody has to take, twice as often: it takes a new association.
  { context: ({ transferSyntaxes }) => transferSyntaxes.find((each) => each === '1.2.840.10008.1.2') ?? 4 },
  { context: ({ transferSyntaxes }) => transferSyntaxes.find((each) => each === '1.2.840.10008.1.2') ?? 4 },
  { store: () => 'nothing' },
];

describe(
  'Node-RED killed at random while it forwards a mixture of objects',
  { skip: needs('dcmtk', 'orthanc') },
  () => {
    const userDir = mkdtempSync(join(tmpdir(), 'dicom-soak-'));
    const scps = new Scps();
    let nodeRed: NodeRed | undefined;
    let misbehaving: MisbehavingScp | undefined;
    after(async () => {
      await nodeRed?.kill();
      await misbehaving?.stop();
      await scps.stop();
      rmSync(userDir, { recursive: true, force: true });
    });

    it(`every object has a true outcome, and arrives as it was (${COUNT} objects)`, async (test) => {
      installRecorder(userDir);
      const [port, storescp, orthanc] = [
        await freePort(),
        await scps.storescp('--fork', '+B', '--promiscuous', '--accept-all'),
        await scps.orthanc({ UnknownSopClassAccepted: true, DicomThreadsCount: 8 }),
      ];
      const known = [await classesOf(storescp.port), await classesOf(orthanc.port)];
      const objects = mixedObjects(COUNT, (sopClassUID) => known.every((each) => each.has(sopClassUID)));
      /** What it has answered so that it counts as sent. */
      const taken = new Set<string>();
      let isGood = false;
      const store = (object: { sopInstanceUID: string }): StoreAnswer => {
        const { sopInstanceUID: uid } = object;
        if (isRefused(object)) return 0xc000;
        if (taken.has(uid) && Math.random() < 0.3) return 0x0111;
        const answer = isGood ? 0 : (ANSWERS[Math.floor(Math.random() * ANSWERS.length)] ?? 0);
        if (answer === 0 || answer === 0xb000) taken.add(uid);
        return answer;
      };
      misbehaving = await MisbehavingScp.listen({ store });
      const peers: Record<PeerName, number> = {
        storescp: storescp.port,
        orthanc: orthanc.port,
        misbehaving: misbehaving.port,
      };
      const flows = soakFlow(port, peers, userDir);
      const stalled = setInterval(() => {
        if (isGood || misbehaving === undefined) return;
        misbehaving.behaviour = { store, ...MOODS[Math.floor(Math.random() * MOODS.length)] };
        misbehaving.goOn();
      }, 400);

      const start = async (): Promise<void> => {
        nodeRed = await startNodeRed({ userDir, flows });
        await nodeRed.waitForLine(/listening on/);
      };
      const began = performance.now();
      let kills = 0;
      let isFed = false;
      const feeding = feed(objects, port).then(() => (isFed = true));
      // Mostly soon, seldom so late that a gigabyte gets through, too.
      const soon = (): number => 500 + 60_000 * Math.random() ** 4;
      const difficult = objects.filter((each) => branchOf(each).peer === 'misbehaving' && !isRefused(each));
      // Half of what goes there meets its moods, where there is the time for that.
      const least = isLong ? difficult.length / 2 : 1;
      while (!isFed || kills < 3 || taken.size < least) {
        await start();
        await pause(isLong ? soon() : 500 + Math.random() * 3_000);
        await nodeRed?.kill();
        kills += 1;
      }
      await feeding;
      clearInterval(stalled);
      isGood = true;
      misbehaving.behaviour = { store };
      misbehaving.goOn();
      await start();
      const directory = (id: string): string => join(userDir, 'dicom', id);
      const isEmpty = (id: string): boolean =>
        !existsSync(directory(id)) || queuedObjects(directory(id)).length === 0;
      const queues = [IN, ...BRANCHES.filter(({ mode }) => mode !== 'wait').map(outIdOf)];
      await until(() => queues.every(isEmpty), 'empty queues', 120_000 + COUNT * 200);
      await nodeRed?.stop();
      const seconds = Math.round((performance.now() - began) / 1_000);

      const arrived: Record<PeerName, ReadonlyMap<string, Arrival[]>> = {
        storescp: await arrivedInFolder(storescp.folder),
        orthanc: await arrivedInOrthanc(orthanc.http),
        misbehaving: arrivedAt(misbehaving),
      };
      const rows: string[] = [];
      const kinds = new Set(objects.map((each) => `${each.sopClassUID} ${each.transferSyntaxUID}`));
      const syntaxes = new Set(objects.map(({ transferSyntaxUID }) => transferSyntaxUID));
      const total = { recoded: 0, repeated: 0 };
      for (const branch of BRANCHES) {
        const { mode, peer } = branch;
        const mine = objects.filter((object) => branchOf(object) === branch);
        const outcomes = told(userDir, branch);
        const sent = new Set(outcomes.filter(([, error]) => error === '').map(([uid]) => uid));
        const failed = new Map(outcomes.filter(([, error]) => error !== ''));
        const at = arrived[peer];
        const name = `${mode}, ${peer}`;
        for (const uid of sent) {
          assert.ok(at.has(uid), `${name}: ${uid} is said to be sent`);
          if (peer === 'misbehaving') assert.ok(taken.has(uid), `${name}: ${uid} was answered so`);
          assert.ok(!failed.has(uid), `${name}: ${uid} was sent and has failed`);
        }
        let recoded = 0;
        for (const object of mine) {
          const { sopInstanceUID: uid } = object;
          const mayNot = peer === 'misbehaving' && isRefused(object);
          assert.ok(
            sent.has(uid) || failed.has(uid),
            `${name}: ${uid} has no outcome (arrived: ${at.has(uid)})`,
          );
          if (mayNot) assert.ok(!sent.has(uid), `${name}: ${uid} was refused`);
          else if (failed.has(uid))
            assert.ok(await mayFail(object), `${name}: ${uid} has failed: ${failed.get(uid)}`);
          else {
            const comings = at.get(uid) ?? assert.fail(`${name}: ${uid} has not arrived`);
            for (const coming of comings) recoded += (await isAsItWas(object, coming, peer)) ? 0 : 1;
          }
        }
        total.recoded += recoded;
        total.repeated += mine.reduce(
          (sum, { sopInstanceUID }) => sum + (at.get(sopInstanceUID)?.length ?? 1) - 1,
          0,
        );
        rows.push(
          `${name}: ${mine.length} objects, ${sent.size} sent, ${failed.size} failed, ${mine.filter(({ sopInstanceUID }) => at.has(sopInstanceUID)).length} arrived, ${recoded} converted`,
        );
      }
      const bytes = objects.reduce((sum, { size }) => sum + size, 0);
      test.diagnostic(
        `${objects.length} objects, ${Math.round(bytes / 1e6)} MB, ${syntaxes.size} transfer syntaxes, ${kinds.size} kinds, ${kills} kills, ${seconds} s, ${total.repeated} came more than once`,
      );
      for (const row of rows) test.diagnostic(row);
      assert.ok(syntaxes.size >= 10 && kinds.size > 128);
    });
  },
);

const LIMITS = {
  connectTimeoutSeconds: 5,
  associationTimeoutSeconds: 10,
  responseTimeoutSeconds: 30,
  writeTimeoutSeconds: 30,
  maxPduLength: 16_384,
};

/** The SOP classes that a peer takes: some do not know old ones. */
async function classesOf(port: number): Promise<ReadonlySet<string>> {
  const classes = new Set<string>();
  const target = { host: '127.0.0.1', port, callingAET: 'SOAK', calledAET: 'ANY-SCP' };
  const transferSyntaxUID = '1.2.840.10008.1.2';
  let left = storageClasses().map((sopClassUID) => ({ sopClassUID, transferSyntaxUID, alternatives: [] }));
  while (left.length > 0) {
    const { contexts, rest } = planContexts(left);
    const opened = await ScuAssociation.open(target, contexts, LIMITS);
    if (opened.outcome !== 'opened') assert.fail(JSON.stringify(opened));
    const { association } = opened;
    for (const { abstractSyntax } of association.contexts.values()) classes.add(abstractSyntax);
    await association.release();
    left = rest;
  }
  return classes;
}

/** Gives all objects to dicom-in, again and again, until each was answered Success. */
async function feed(objects: readonly MixedObject[], port: number): Promise<void> {
  const target = { host: '127.0.0.1', port, callingAET: 'SOAK', calledAET: 'NODE_RED' };
  let left = [...objects];
  while (left.length > 0) {
    const batch = left.slice(0, 200).map((object) => ({ ...object, alternatives: [] }));
    const { contexts, rest } = planContexts(batch);
    const opened = await ScuAssociation.open(target, contexts, LIMITS);
    if (opened.outcome !== 'opened') {
      await pause(200);
      continue;
    }
    const { association } = opened;
    const done = new Set<string>();
    for (const object of batch.filter((each) => !rest.includes(each))) {
      const { sopClassUID, sopInstanceUID } = object;
      const { contextId } =
        chooseContext(association.contexts, object) ?? assert.fail(object.transferSyntaxUID);
      const outcome = await association.store({
        sopClassUID,
        sopInstanceUID,
        contextId,
        dataSet: object.dataSet(),
      });
      if (outcome.outcome !== 'answered') break;
      if (outcome.status === 0) done.add(sopInstanceUID);
    }
    left = left.filter(({ sopInstanceUID }) => !done.has(sopInstanceUID));
    await (association.isOpen ? association.release() : association.ended);
  }
}

/** An object that came to a peer. */
interface Arrival {
  transferSyntaxUID: string;
  hash: string;
}

async function arrivedInFolder(folder: string): Promise<Map<string, Arrival[]>> {
  const arrived = new Map<string, Arrival[]>();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const file = await open(path);
    const head = Buffer.alloc(4_096);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    await file.close();
    const { sopInstanceUID, transferSyntaxUID, dataSetOffset } = readFileMeta(
      bufferSource(head.subarray(0, bytesRead)),
    );
    const hash = createHash('sha256');
    for await (const bytes of createReadStream(path, { start: dataSetOffset })) hash.update(bytes as Buffer);
    arrived.set(sopInstanceUID, [{ transferSyntaxUID, hash: hash.digest('hex') }]);
  }
  return arrived;
}

async function arrivedInOrthanc(http: string): Promise<Map<string, Arrival[]>> {
  const arrived = new Map<string, Arrival[]>();
  const ids = (await (await fetch(`${http}/instances`)).json()) as string[];
  for (const id of ids) {
    const file = Buffer.from(await (await fetch(`${http}/instances/${id}/file`)).arrayBuffer());
    const { sopInstanceUID, transferSyntaxUID, dataSetOffset } = readFileMeta(bufferSource(file));
    arrived.set(sopInstanceUID, [{ transferSyntaxUID, hash: hashOf([file.subarray(dataSetOffset)]) }]);
  }
  return arrived;
}

function arrivedAt({ objects }: MisbehavingScp): Map<string, Arrival[]> {
  const arrived = new Map<string, Arrival[]>();
  for (const object of objects) {
    const comings = arrived.get(object.sopInstanceUID) ?? [];
    comings.push({ transferSyntaxUID: object.transferSyntaxUID, hash: hashOf([object.dataSet]) });
    arrived.set(object.sopInstanceUID, comings);
  }
  return arrived;
}

/** True: byte for byte. False: as our own conversion has it, which others have been compared with elsewhere. Else it fails. */
async function isAsItWas(object: MixedObject, arrival: Arrival, peer: PeerName): Promise<boolean> {
  const { transferSyntaxUID: from, sopInstanceUID } = object;
  const { transferSyntaxUID: to, hash } = arrival;
  if (from === to) {
    // Orthanc writes data sets anew, and lengths in its own way.
    if (peer !== 'orthanc' || sopInstanceUID.startsWith(MADE_ROOT))
      assert.equal(hash, hashOf(object.dataSet()), sopInstanceUID);
    return true;
  }
  assert.equal(hash, await convertedHash(object, to), `${sopInstanceUID} from ${from} to ${to}`);
  return false;
}

async function convertedHash(object: MixedObject, to: string): Promise<string> {
  const { transferSyntaxUID: from } = object;
  const source = bufferSource(Buffer.concat([...object.dataSet()]));
  const recoding = isNative(from)
    ? recode(source, { from, to, offset: 0 })
    : decompress(source, { from, to, offset: 0, lossy: false, decoder: { decode: decodeFrame } });
  const hash = createHash('sha256');
  for await (const bytes of recoding.blocks()) hash.update(bytes);
  return hash.digest('hex');
}

/** The peer may not take its transfer syntax, and it cannot be converted into one that everybody takes. */
async function mayFail(object: MixedObject): Promise<boolean> {
  try {
    await convertedHash(object, '1.2.840.10008.1.2');
    return false;
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    return true;
  }
}

const outIdOf = ({ mode, peer }: (typeof BRANCHES)[number]): string => `out-${mode}-${peer}`;
const toldFile = (userDir: string, branch: (typeof BRANCHES)[number]): string =>
  join(userDir, `${outIdOf(branch)}-told.txt`);

/** What a flow has been told of the objects of a branch, by UID: '' where they were sent, else the reason. */
function told(userDir: string, branch: (typeof BRANCHES)[number]): [uid: string, error: string][] {
  const file = toldFile(userDir, branch);
  return existsSync(file) ? readRecords(file).map(({ uid, error }) => [uid, error]) : [];
}

function soakFlow(port: number, peers: Record<PeerName, number>, userDir: string): FlowNode[] {
  const impatient: Partial<DicomPeerSettings> = {
    host: '127.0.0.1',
    sendAs: 'lossless',
    connectTimeoutSeconds: 5,
    associationTimeoutSeconds: 2,
    responseTimeoutSeconds: 3,
    writeTimeoutSeconds: 3,
    maxAssociations: 2,
  };
  return [
    { id: TAB, type: 'tab', label: 'soak' },
    dicomIn(IN, port, [['switch']], {
      queue: 'disk-synced',
      acknowledge: true,
      includeTagsNode: false,
      maxQueued: 100_000,
      maxInFlight: 64,
      maxDeliveries: 1_000,
      maxCrashes: 1_000,
    }),
    flowNode('switch', 'switch', {
      property: 'dicom.sopInstanceUID',
      propertyType: 'msg',
      rules: BRANCHES.map(({ digits }) => ({ t: 'regex', v: `[${digits}]$`, vt: 'str', case: false })),
      checkall: 'false',
      outputs: BRANCHES.length,
      wires: BRANCHES.map((branch) => [outIdOf(branch)]),
    }),
    ...Object.entries(peers).map(([name, peerPort]) => ({
      ...DICOM_PEER.defaults,
      ...impatient,
      ...(name !== 'misbehaving' && { responseTimeoutSeconds: 60, writeTimeoutSeconds: 30 }),
      id: `peer-${name}`,
      type: 'dicom-peer',
      name,
      port: String(peerPort),
    })),
    ...BRANCHES.flatMap((branch) => {
      const id = outIdOf(branch);
      const recorder = `${id}-told`;
      return [
        flowNode(id, 'dicom-out', {
          ...DICOM_OUT.defaults,
          peer: `peer-${branch.peer}`,
          mode: branch.mode,
          retryFirstSeconds: 1,
          retryLastSeconds: 2,
          giveUpAfterMinutes: '0',
          maxQueued: 100_000,
          outputFailures: true,
          outputs: 2,
          wires: branch.mode === 'wait' ? [[recorder], [recorder]] : [[], [recorder]],
        }),
        flowNode(recorder, 'recorder', { file: toldFile(userDir, branch), wires: [] }),
      ];
    }),
  ];
}
