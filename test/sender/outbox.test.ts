import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, it } from 'node:test';
import type { LetterFacts } from '../../src/admin-api';
import {
  peerSettings,
  SenderHost,
  type OutboxNote,
  type OutboxState,
  type SendOutcome,
} from '../../src/sender';
import type { OutboxUser } from '../../src/sender/sender-host';
import { DICOM_PEER } from '../../src/settings';
import { freePort } from '../support/machine/free-port';
import { madeStudy } from '../support/objects/made-study';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import { SAMPLE } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const directory = mkdtempSync(join(tmpdir(), 'dicom-outbox-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const failures: Error[] = [];
const host = new SenderHost(
  () => undefined,
  (error) => failures.push(error),
  { outcomes: join(directory, 'outcomes.log') },
);
const scps: MisbehavingScp[] = [];
afterEach(async () => {
  // What is not heard yet would be told of again in the next test.
  await until(() => states.at(-1)?.waiting === 0, 'the outbox is empty');
  await host.stop();
  for (const scp of scps.splice(0)) await scp.stop();
  assert.deepEqual(failures, []);
});

const HOUR_MS = 3_600_000;
const policy = { firstMs: 50, lastMs: 100, giveUpMs: HOUR_MS };
const config = { id: 'out', directory, maxObjects: 10, minFreeBytes: 0 };
const outcomes: SendOutcome[] = [];
const states: OutboxState[] = [];
const letters: { id: string; why: string; facts: LetterFacts }[] = [];
/** Called when the flow is told of an outcome. */
let hears = (): void => undefined;
const notes: OutboxNote[] = [];
const user: OutboxUser = {
  state: (state) => states.push(state),
  outcome: (note, outcome) => {
    notes.push(note);
    outcomes.push(outcome);
    hears();
  },
  leftover: assert.fail,
  peerWanted: assert.fail,
  setAside: (id, why, facts) => letters.push({ id, why, facts }),
};
const open = (giveUpMs = HOUR_MS): void =>
  host.addOutbox({ ...config, policy: { ...policy, giveUpMs } }, user);

it('an object that is requeued has all the time that there was for it again, also after a restart', async () => {
  const port = await freePort();
  const refusing = await MisbehavingScp.listen({ store: () => 0x0122 }, port);
  const settings = { ...DICOM_PEER.defaults, host: '127.0.0.1', port, lingerSeconds: 0 };
  host.addPeer({ id: 'peer', name: 'PACS', settings: peerSettings(settings) }, { state: () => undefined });
  // As if the hour, which it has from then on, were over when it is given up.
  open(24 * HOUR_MS);
  const storedAt = new Date(Date.now() - 2 * HOUR_MS).toISOString();
  host.store(
    {
      id: 'out 1',
      peer: 'peer',
      place: { kind: 'file', path: SAMPLE },
      policy,
      settled: () => undefined,
    },
    'out',
    { sentId: '1', peer: 'peer', storedAt },
  );
  await until(() => letters.length === 1, 'a dead letter');
  await refusing.stop();
  assert.deepEqual([outcomes.length, letters[0]?.facts.peer, letters[0]?.facts.status], [1, 'PACS', '0122']);

  await host.removeOutbox('out');
  open();
  assert.equal((await host.ask('deadLetters', 'out', {})).total, 1);
  assert.equal(await host.ask('requeue', 'out', letters[0]?.id ?? ''), true);
  await host.removeOutbox('out');
  open();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(outcomes.length, 1, 'it is not given up');
  const archive = await MisbehavingScp.listen({}, port);
  scps.push(archive);
  await until(() => outcomes.length === 2, 'it is sent');
  assert.deepEqual([outcomes[1]?.kind, archive.objects.length], ['sent', 1]);
});

for (const [kind, status] of [
  ['sent', 0],
  ['failed', 0x0122],
] as const)
  it(`an object that has ${kind === 'sent' ? 'been sent' : 'failed'} is not sent again where Node-RED ends before that is heard: it is told again`, async () => {
    let answer: number = status;
    const archive = await MisbehavingScp.listen({ store: () => answer });
    scps.push(archive);
    const settings = { ...DICOM_PEER.defaults, host: '127.0.0.1', port: archive.port, lingerSeconds: 0 };
    const begin = (): void => {
      host.addPeer(
        { id: 'peer', name: 'PACS', settings: peerSettings(settings) },
        { state: () => undefined },
      );
      open();
    };
    outcomes.length = letters.length = 0;
    begin();
    let stopped: Promise<void> | undefined;
    hears = () => {
      stopped = host.stop();
    };
    const place = { kind: 'file', path: SAMPLE } as const;
    const note = { sentId: '2', peer: 'peer', storedAt: new Date().toISOString() };
    host.store({ id: 'out 2', peer: 'peer', place, policy, settled: () => undefined }, 'out', note);
    await until(() => stopped !== undefined, 'it is told');
    hears = () => undefined;
    await stopped;
    assert.equal(archive.objects.length, 1);
    // Now it would come to something else.
    answer = status === 0 ? 0x0122 : 0;
    begin();
    await until(() => outcomes.length === 2, 'it is told again');
    assert.deepEqual(outcomes[1], outcomes[0]);
    assert.equal(outcomes[1]?.kind, kind);
    assert.equal(archive.objects.length, 1);
    await until(() => states.at(-1)?.waiting === 0, 'the outbox is empty');
    if (kind === 'sent') return;
    // A person wants it sent once more.
    await until(() => letters.length === 1, 'a dead letter');
    assert.equal(await host.ask('requeue', 'out', letters[0]?.id ?? ''), true);
    await until(() => outcomes.length === 3, 'it is sent');
    assert.deepEqual([outcomes[2]?.kind, archive.objects.length], ['sent', 2]);
  });

it('what becomes of an object while nodes are deployed is told when they are there again', async () => {
  const archive = await MisbehavingScp.listen();
  scps.push(archive);
  const settings = { ...DICOM_PEER.defaults, host: '127.0.0.1', port: archive.port, lingerSeconds: 0 };
  host.addPeer({ id: 'peer', name: 'PACS', settings: peerSettings(settings) }, { state: () => undefined });
  outcomes.length = 0;
  open();
  const settled: SendOutcome[] = [];
  const place = { kind: 'file', path: SAMPLE } as const;
  const sending = { peer: 'peer', place, policy, settled: (outcome: SendOutcome) => settled.push(outcome) };
  host.hold();
  const note = { sentId: '3', peer: 'peer', storedAt: new Date().toISOString() };
  host.store({ ...sending, id: 'out 3' }, 'out', note);
  host.send({ ...sending, id: 'out 4' });
  await until(() => archive.objects.length === 2, 'both are sent');
  await host.ask('deadLetters', 'out', {});
  assert.deepEqual([outcomes.length, settled.length], [0, 0]);
  host.goOn();
  await until(() => outcomes.length === 1 && settled.length === 2, 'all are told');
  assert.deepEqual(
    [...outcomes, ...settled].map(({ kind }) => kind),
    ['sent', 'sent', 'sent'],
  );
});

it('an outbox that is closed while it is being opened leaves its directory to the next one', async () => {
  // Without one, the worker ends with each outbox.
  const settings = peerSettings({ ...DICOM_PEER.defaults, host: '127.0.0.1' });
  host.addPeer({ id: 'peer', name: 'PACS', settings }, { state: () => undefined });
  states.length = 0;
  for (let round = 0; round < 5; round += 1) {
    open();
    await host.removeOutbox('out');
  }
  open();
  assert.equal((await host.ask('deadLetters', 'out', {})).total, 0);
  assert.deepEqual(
    states.filter(({ problem, deadLetters }) => problem !== undefined || deadLetters !== 0),
    [],
  );
});

it('an object that is damaged while nobody looks fails, is told of as any other, and is a dead letter', async () => {
  const folder = join(directory, 'damaged');
  const damaged = { ...config, directory: folder };
  outcomes.length = letters.length = 0;
  host.addOutbox({ ...damaged, policy }, user);
  const [large = ''] = madeStudy(directory, '1.2.3', 1, { pixelBytes: 2_000_000 });
  const stored: SendOutcome[] = [];
  const note = { sentId: 'its id', peer: 'gone', topic: 'study', storedAt: new Date().toISOString() };
  const place = { kind: 'file', path: large } as const;
  host.store({ id: 'out 2', peer: 'gone', place, policy, settled: (each) => stored.push(each) }, 'out', note);
  await until(() => stored.length === 1, 'it is stored');
  await host.removeOutbox('out');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.dcm'));
  truncateSync(join(folder, file), 1_000_000);

  host.addOutbox({ ...damaged, policy }, user);
  await until(() => letters.length === 1, 'a dead letter');
  assert.deepEqual(
    outcomes.map(({ kind, failure }) => [kind, failure]),
    [['failed', 'notRead']],
  );
  assert.deepEqual([notes.at(-1)?.sentId, notes.at(-1)?.topic], ['its id', 'study']);
  assert.match(letters[0]?.why ?? '', /could not be sent: its file has 1000000 bytes/);
});

it('an object that cannot be stored because its file is not there is told of without its path', async () => {
  const stored: SendOutcome[] = [];
  const place = { kind: 'file', path: join(directory, 'Doe^Jane.dcm') } as const;
  const note = { sentId: '3', peer: 'gone', storedAt: new Date().toISOString() };
  host.addOutbox({ ...config, directory: join(directory, 'missing'), policy }, user);
  host.store({ id: 'out 3', peer: 'gone', place, policy, settled: (each) => stored.push(each) }, 'out', note);
  await until(() => stored.length === 1, 'it has failed');
  assert.deepEqual([stored[0]?.failure, stored[0]?.text], ['notRead', 'ENOENT']);
});
