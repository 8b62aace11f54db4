import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { bufferSource, convert, type DicomChanges, encodeFileMeta, readFileMeta } from '../../src/dicom';
import { peerSettings, type PeerState, type SendOutcome } from '../../src/sender';
import { DICOM_PEER, type DicomPeerSettings } from '../../src/settings';
import { freePort } from '../support/machine/free-port';
import { openFiles } from '../support/machine/open-files';
import { MisbehavingScp, type Behaviour } from '../support/peers/misbehaving-scp';
import { dataSetOf } from '../support/objects/part10';
import { commandSet, dataTF, pdv } from '../support/connections/pdus';
import { QUICK, Sending } from './sending';
import { SAMPLE, SAMPLE_UID } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { workerOf } from '../support/workers/worker-of';

const folder = mkdtempSync(join(tmpdir(), 'dicom-sender-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const IMPLICIT = '1.2.840.10008.1.2';
/** The system may take all of an object that the peer does not read. */
const QUICK_TIMES = { writeTimeoutSeconds: 1, responseTimeoutSeconds: 1 };
const META = readFileMeta(bufferSource(readFileSync(SAMPLE)));
const DATA_SET = dataSetOf(readFileSync(SAMPLE));

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function scp(behaviour: Behaviour = {}): Promise<MisbehavingScp> {
  const listening = await MisbehavingScp.listen(behaviour);
  cleanUps.push(() => listening.stop());
  return listening;
}

function newSending(): Sending {
  const sending = new Sending();
  cleanUps.push(() => sending.stop());
  return sending;
}

async function to(
  behaviour: Behaviour,
  settings: Partial<DicomPeerSettings> = {},
): Promise<[Sending, MisbehavingScp]> {
  const peer = await scp(behaviour);
  const sending = newSending();
  sending.peer('peer', peer.port, settings);
  return [sending, peer];
}

const EXPLICIT = '1.2.840.10008.1.2.1';
/** Of the corpus. */
const COMPRESSED = [
  ['JPEG 2000, lossless', 'mr/pydicom__MR_small_jp2klossless.dcm', 'lossless'],
  ['JPEG Lossless', 'enhanced-ct/dicomParser__CT0012.fragmented_no_bot_jpeg_lossless.57.dcm', 'lossless'],
  ['JPEG Extended, lossy', 'us/pylibjpeg-data__JPEGExtended_3s_1f_u_08_08.dcm', 'lossy'],
] as const;

/** What stands behind the header of the Pixel Data, explicit VR little endian, to the end. */
function pixelsOf(dataSet: Buffer): Buffer {
  const at = dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  return dataSet.subarray(at + 12);
}

describe('an object that is sent', () => {
  it('comes as it is, and its outcome says how it went', async () => {
    const [sending, peer] = await to({});
    const { milliseconds, ...outcome } = await sending.file('peer', SAMPLE, QUICK, SAMPLE_UID);
    assert.deepEqual(outcome, {
      kind: 'sent',
      text: 'success (0000)',
      status: 0,
      instance: { sopClassUID: META.sopClassUID, sopInstanceUID: SAMPLE_UID },
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      attempts: 1,
    });
    assert.ok(milliseconds >= 0);
    assert.equal(peer.objects[0]?.sopInstanceUID, SAMPLE_UID);
    assert.ok(peer.objects[0]?.dataSet.equals(DATA_SET));
  });

  it('goes under the UIDs of its data set, which its outcome names, where its file says others', async () => {
    const [sending, peer] = await to({});
    const { dataSetOffset, ...meta } = META;
    const other = { sopClassUID: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUID: '1.2.3' };
    const path = join(folder, 'other-uids.dcm');
    writeFileSync(
      path,
      Buffer.concat([encodeFileMeta({ ...meta, ...other }), readFileSync(SAMPLE).subarray(dataSetOffset)]),
    );
    const { kind, instance, warnings } = await sending.file('peer', path);
    const sent = { sopClassUID: META.sopClassUID, sopInstanceUID: SAMPLE_UID };
    assert.deepEqual(
      [kind, instance, warnings?.map(({ code }) => code)],
      ['sent', sent, ['not-as-announced']],
    );
    const [{ sopClassUID, sopInstanceUID } = assert.fail()] = peer.objects;
    assert.deepEqual({ sopClassUID, sopInstanceUID }, sent);
  });

  it('is tried again after a status that may change, and three times after one that is not understood', async () => {
    const [sending, peer] = await to({ store: (_, count) => (count < 2 ? 0xa700 : 0) });
    assert.deepEqual(pick(await sending.file('peer')), ['sent', 0, 3]);
    peer.behaviour = { store: () => ({ status: 0xc123, elements: { 0x0902: 'who knows' } }) };
    const failed = await sending.file('peer');
    assert.deepEqual(pick(failed), ['failed', 0xc123, 3]);
    assert.deepEqual([failed.failure, failed.errorComment], ['refused', 'who knows']);
  });

  it('is tried once where the status is for good, and the others go on', async () => {
    const [sending] = await to({ store: (_, count) => (count === 0 ? 0x0122 : 0) });
    const outcomes = await Promise.all([sending.file('peer'), sending.file('peer')]);
    assert.deepEqual(outcomes.map(pick), [
      ['failed', 0x0122, 1],
      ['sent', 0, 1],
    ]);
  });

  for (const answer of ['nothing', 'reset', 'close', 'abort'] as const)
    it(`is sent again where nobody knows what became of it: ${answer}`, async () => {
      const [sending, peer] = await to(
        { store: (_, count) => (count === 0 ? answer : 0) },
        { responseTimeoutSeconds: 1 },
      );
      assert.deepEqual(pick(await sending.file('peer')), ['sent', 0, 2]);
      assert.equal(peer.objects.length, 2);
    });

  it('is sent again where the answer is for another message', async () => {
    const [sending] = await to({
      store: (_, count) => (count === 0 ? { status: 0, elements: { 0x0120: 77 } } : 0),
    });
    assert.deepEqual(pick(await sending.file('peer')), ['sent', 0, 2]);
  });

  it('is sent again where the peer stalls or goes away in the middle', async () => {
    const path = large();
    for (const act of ['reset', 'stall', 'abort'] as const) {
      const [sending, peer] = await to({ midway: { bytes: 100_000, act } }, QUICK_TIMES);
      const sent = sending.file('peer', path);
      await until(() => peer.associateRequests.length > 1, 'another try');
      peer.behaviour = {};
      assert.equal((await sent).kind, 'sent');
    }
  });

  it('fails at once without a presentation context, and nothing of it is sent', async () => {
    const [sending, peer] = await to({ context: () => 3 });
    const outcome = await sending.file('peer');
    assert.deepEqual([outcome.kind, outcome.failure, outcome.attempts], ['failed', 'notAccepted', 0]);
    assert.equal(peer.objects.length, 0);
  });

  it('is given up after its time, with what the peer said last', async () => {
    const [sending] = await to({ store: () => 0xa700 });
    const outcome = await sending.file('peer', SAMPLE, { ...QUICK, giveUpMs: 4_000 });
    assert.deepEqual([outcome.kind, outcome.failure, outcome.status], ['failed', 'unreachable', 0xa700]);
    assert.ok(outcome.attempts > 1);
  });
});

describe('an object with changes', () => {
  const size = DATA_SET.length;
  const changes = (...operations: DicomChanges['operations']): DicomChanges => ({
    version: 1,
    of: { sopInstanceUID: SAMPLE_UID, size },
    operations,
  });
  const NEW_ID = { op: 'set', path: 'PatientID', value: 'NEW' } as const;

  it('is sent as they say, under the UID that it has then', async () => {
    const [sending, peer] = await to({});
    const newUid = { op: 'set', path: 'SOPInstanceUID', value: '1.2.3.4' } as const;
    const outcome = await sending.file('peer', SAMPLE, QUICK, undefined, {
      changes: changes(NEW_ID, newUid),
    });
    assert.deepEqual(pick(outcome), ['sent', 0, 1]);
    const [sent] = peer.objects;
    assert.equal(sent?.sopInstanceUID, '1.2.3.4');
    const { message } = convert(bufferSource(sent?.dataSet ?? Buffer.alloc(0)), {
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      includeCommonFieldsNode: true,
      includeReportNode: false,
      includeTagsNode: false,
      tagsFormat: 'keyword',
    });
    assert.deepEqual(
      [message.CommonFields?.['PatientID'], message.CommonFields?.['SOPInstanceUID']],
      ['NEW', '1.2.3.4'],
    );
  });

  it('is recoded as any other where the peer wants that', async () => {
    const [sending, peer] = await to({
      context: ({ transferSyntaxes }) => (transferSyntaxes.includes(IMPLICIT) ? IMPLICIT : 4),
    });
    const outcome = await sending.file('peer', SAMPLE, QUICK, undefined, { changes: changes(NEW_ID) });
    assert.deepEqual([outcome.kind, outcome.transferSyntaxUID], ['sent', IMPLICIT]);
    assert.ok(peer.objects[0]?.dataSet.includes('NEW '));
  });

  for (const [what, name, sendAs] of COMPRESSED)
    it(`is decompressed as any other where the peer wants that: ${what}`, async () => {
      const path = join(PACKAGE_DIR, 'test', 'corpus', 'good', name);
      const bytes = readFileSync(path);
      const { sopInstanceUID, transferSyntaxUID: from, dataSetOffset } = readFileMeta(bufferSource(bytes));
      const native = {
        context: (offered: { transferSyntaxes: string[] }) =>
          offered.transferSyntaxes.includes(EXPLICIT) ? EXPLICIT : 4,
      };
      const [sending, peer] = await to(native, { sendAs });
      const plain = await sending.file('peer', path);
      const of = { sopInstanceUID, size: bytes.length - dataSetOffset };
      const changed = await sending.file('peer', path, QUICK, undefined, {
        changes: { version: 1, of, operations: [NEW_ID] },
      });
      assert.deepEqual(
        [plain.transferSyntaxUID, changed.transferSyntaxUID],
        [EXPLICIT, EXPLICIT],
        changed.text,
      );
      const [before, after] = peer.objects.map(({ dataSet }) => pixelsOf(dataSet));
      assert.ok(
        before !== undefined && after !== undefined && before.length > 0 && before.equals(after),
        from,
      );
      assert.ok(!peer.objects[0]?.dataSet.includes('NEW ') && peer.objects[1]?.dataSet.includes('NEW '));
    });

  it('that the peer has already as it was has not been sent', async () => {
    const [sending] = await to({ store: () => 0x0111 });
    assert.equal((await sending.file('peer')).kind, 'sent');
    const outcome = await sending.file('peer', SAMPLE, QUICK, undefined, { changes: changes(NEW_ID) });
    assert.deepEqual([outcome.kind, outcome.status, outcome.attempts], ['failed', 0x0111, 1]);
  });

  it('that cannot be applied is not sent, and the text names the operation', async () => {
    const [sending, peer] = await to({});
    const wrong = { op: 'set', path: 'Modality', value: 'no code' } as const;
    const outcome = await sending.file('peer', SAMPLE, QUICK, undefined, { changes: changes(NEW_ID, wrong) });
    assert.deepEqual([outcome.kind, outcome.failure, outcome.attempts], ['failed', 'notChanged', 0]);
    assert.match(outcome.text, /^operations\[1\], Modality: CS /);
    const other = { ...changes(NEW_ID), of: { sopInstanceUID: '1.2.3', size } };
    assert.equal(
      (await sending.file('peer', SAMPLE, QUICK, undefined, { changes: other })).failure,
      'notTheObject',
    );
    assert.equal(peer.objects.length, 0);
  });
});

describe('an object that cannot be read', () => {
  it('is told: no file, no DICOM, another object than the message says', async () => {
    const [sending] = await to({});
    const noDicom = join(folder, 'no-dicom');
    writeFileSync(noDicom, 'x'.repeat(1000));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const outcome of [
      await sending.file('peer', pipe),
      await sending.file('peer', join(folder, 'absent')),
      await sending.file('peer', noDicom),
      await sending.file('peer', folder),
    ])
      assert.deepEqual([outcome.kind, outcome.failure, outcome.attempts], ['failed', 'notRead', 0]);
    const other = await sending.file('peer', SAMPLE, QUICK, '1.2.3');
    assert.deepEqual([other.kind, other.failure, other.attempts], ['failed', 'notTheObject', 0]);
  });

  it('is not sent where a part of it is missing, and the text says so', async () => {
    const [sending, peer] = await to({});
    const file = readFileSync(SAMPLE);
    const path = join(folder, 'cut.dcm');
    for (const length of [
      file.length - 1,
      file.length - DATA_SET.length + 100,
      file.length - DATA_SET.length,
    ]) {
      writeFileSync(path, file.subarray(0, length));
      const { kind, failure, attempts, text } = await sending.file('peer', path);
      assert.deepEqual([kind, failure, attempts], ['failed', 'notRead', 0]);
      assert.match(text, /beyond the end of the data set|no data set/);
    }
    assert.equal(peer.objects.length, 0);
  });

  it('never comes as a part: a file that gets shorter meanwhile', async () => {
    // More than the system takes for a peer that reads nothing.
    const path = large(64_000_000);
    const [sending, peer] = await to({ midway: { bytes: 100_000, act: 'stall' } });
    const sent = sending.file('peer', path);
    await until(() => peer.connections === 1, 'a connection');
    await until(() => sending.states.get('peer')?.sending === 1, 'it is being sent');
    truncateSync(path, 1_000_000);
    peer.behaviour = {};
    peer.goOn();
    assert.equal((await sent).failure, 'notRead');
    assert.equal(peer.objects.length, 0);
  });
});

describe('a peer', () => {
  it('that is down holds up nobody else, is told, and gets what waits when it is back', async () => {
    const port = await freePort();
    const [sending] = await to({});
    sending.peer('down', port);
    const late = [sending.file('down'), sending.file('down')];
    assert.equal((await sending.file('peer')).kind, 'sent');
    await until(() => sending.states.get('down')?.outage !== undefined, 'the outage is told');
    await until(() => sending.states.get('down')?.waiting === 2, 'both wait');
    assert.match(sending.states.get('down')?.outage?.reason ?? '', /connection refused/);
    const back = await MisbehavingScp.listen({}, port);
    cleanUps.push(() => back.stop());
    for (const outcome of await Promise.all(late)) assert.deepEqual(pick(outcome), ['sent', 0, 1]);
    await until(() => sending.states.get('down')?.outage === undefined, 'it is up');
  });

  it('that is down for too long: what waits for it is given up in its own time', async () => {
    const sending = newSending();
    sending.peer('down', await freePort());
    const outcome = await sending.file('down', SAMPLE, { firstMs: 50, lastMs: 60_000, giveUpMs: 300 });
    assert.deepEqual([outcome.failure, outcome.attempts], ['unreachable', 0]);
    assert.match(outcome.text, /given up: connection refused/);
    await until(() => sending.states.get('down')?.waiting === 0, 'nothing waits');
  });

  it('that rejects us for good is a matter of configuration', async () => {
    const [sending] = await to({ associate: Buffer.from([3, 0, 0, 0, 0, 4, 0, 1, 1, 7]) });
    void sending.file('peer');
    await until(() => sending.states.get('peer')?.outage?.isConfiguration === true, 'it is told');
    assert.match(sending.states.get('peer')?.outage?.reason ?? '', /does not know its AE title/);
  });

  it('gets many objects on one association, which is kept for a while, and no more than its limit on each', async () => {
    const [sending, peer] = await to({}, { objectsPerAssociation: 3 });
    await Promise.all(Array.from({ length: 7 }, () => sending.file('peer')));
    assert.equal(peer.associateRequests.length, 3);
    await sending.file('peer');
    assert.equal(peer.associateRequests.length, 3);
  });

  it('gets no more associations than it takes', async () => {
    const [sending, peer] = await to({}, { maxAssociations: 3 });
    await Promise.all(Array.from({ length: 30 }, () => sending.file('peer')));
    assert.ok(peer.associateRequests.length <= 3, String(peer.associateRequests.length));
    assert.equal(peer.objects.length, 30);
  });

  it('that a deploy brings back as it was keeps its association; another port is another peer', async () => {
    const [sending, peer] = await to({}, { lingerSeconds: 30 });
    await sending.file('peer');
    sending.peer('peer', peer.port, { lingerSeconds: 30 });
    await sending.file('peer');
    assert.equal(peer.associateRequests.length, 1);
    const other = await scp();
    sending.peer('peer', other.port);
    await sending.file('peer');
    assert.equal(other.objects.length, 1);
  });

  it('that is not deployed yet gets what is for it when it is', async () => {
    const [sending, peer] = await to({});
    const sent = sending.file('another');
    await sending.file('peer');
    sending.peer('another', peer.port);
    assert.equal((await sent).kind, 'sent');
  });
});

describe('an object for a peer that is not deployed', () => {
  it('is given up in its time', async () => {
    const [sending] = await to({});
    const outcome = await sending.file('another', SAMPLE, { ...QUICK, giveUpMs: 100 });
    assert.deepEqual(pick(outcome), ['failed', undefined, 0]);
    assert.match(outcome.text, /given up: the peer is not deployed/);
  });

  it('has an outcome also where its peer was the last one', async () => {
    const sending = newSending();
    const settings = peerSettings({ ...DICOM_PEER.defaults, host: '127.0.0.1', port: await freePort() });
    let isDown = false;
    const user = { state: ({ outage }: PeerState) => (isDown ||= outage !== undefined) };
    sending.host.addPeer({ id: 'last', name: 'last', settings }, user);
    const outcome = sending.file('last', SAMPLE, { firstMs: 60_000, lastMs: 60_000, giveUpMs: 2_000 });
    await until(() => isDown, 'it is down');
    sending.host.endPeer('last', user);
    assert.match((await outcome).text, /given up: the peer is not deployed/);
  });
});

describe('an object that is next', () => {
  /** A peer that lets the first object wait for its answer, and the second one behind it. */
  async function two(): Promise<{
    sending: Sending;
    peer: MisbehavingScp;
    path: string;
    outcomes: Promise<SendOutcome>[];
    answer: () => void;
  }> {
    const [sending, peer] = await to({ store: () => 'nothing' });
    // So large that it stays open while it waits.
    const path = large(1_000_000);
    const outcomes = [sending.file('peer'), sending.file('peer', path)];
    await until(() => peer.objects.length === 1, 'the first one has come');
    await until(() => openFiles(path) > 0, 'the second one is open');
    const answer = (): void => {
      const [first = assert.fail()] = peer.objects;
      const response = { 0x0100: 0x8001, 0x0120: first.messageId, 0x0800: 0x0101, 0x0900: 0 };
      peer.behaviour = {};
      peer.say(dataTF(pdv(first.contextId, 0b11, commandSet(response))));
    };
    return { sending, peer, path, outcomes, answer };
  }

  it('is open before the answer to the last one comes', async () => {
    const { peer, path, outcomes, answer } = await two();
    rmSync(path);
    answer();
    for (const outcome of await Promise.all(outcomes)) assert.deepEqual(pick(outcome), ['sent', 0, 1]);
    assert.equal(peer.objects.length, 2);
    assert.equal(peer.associateRequests.length, 1);
  });

  it('is not sent when it is cancelled meanwhile', async () => {
    const { sending, peer, outcomes, answer } = await two();
    sending.host.cancel('2');
    await sending.isHeard();
    answer();
    assert.equal((await outcomes[0])?.kind, 'sent');
    await sending.file('peer');
    assert.equal(peer.objects.length, 2, 'the first one, and the one after it');
    const isIdle = (): boolean => {
      const { sending: now = 1, waiting = 1 } = sending.states.get('peer') ?? {};
      return now + waiting === 0;
    };
    await until(isIdle, 'nothing is told to wait any more');
  });

  it('goes to where the peer is by then', async () => {
    const { sending, peer, outcomes, answer } = await two();
    const other = await scp();
    sending.peer('peer', other.port);
    await sending.isHeard();
    answer();
    for (const outcome of await Promise.all(outcomes)) assert.deepEqual(pick(outcome), ['sent', 0, 1]);
    assert.deepEqual([peer.objects.length, other.objects.length], [1, 1]);
  });

  it('is tried again when the association ends meanwhile', async () => {
    const { peer, outcomes } = await two();
    peer.behaviour = {};
    peer.hangUp();
    const [first, second] = await Promise.all(outcomes);
    assert.deepEqual(
      [first && pick(first), second && pick(second)],
      [
        ['sent', 0, 2],
        ['sent', 0, 1],
      ],
    );
  });
});

describe('a worker that ends', () => {
  it('is replaced, and the next one sends what was not settled', async () => {
    const [sending, peer] = await to({ store: () => 'nothing' });
    const sent = sending.file('peer');
    await until(() => peer.objects.length === 1, 'it has come');
    peer.behaviour = {};
    await workerOf(sending.host).terminate();
    assert.equal((await sent).kind, 'sent');
    assert.equal(peer.objects.length, 2);
  });
});

const pick = ({ kind, status, attempts }: SendOutcome): unknown[] => [kind, status, attempts];

/** A file of so many bytes: the sample with padding behind it. */
function large(bytes = 4_000_000): string {
  const path = join(folder, `large-${Math.random()}`);
  const padding = Buffer.alloc(bytes);
  const header = Buffer.from([0xfc, 0xff, 0xfc, 0xff, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(padding.length, 8);
  writeFileSync(path, Buffer.concat([readFileSync(SAMPLE), header, padding]));
  return path;
}
