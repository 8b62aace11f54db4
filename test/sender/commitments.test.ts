import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import type { RetryPolicy, SendOutcome } from '../../src/sender';
import type { DicomPeerSettings } from '../../src/settings';
import { CommittingScp, type AskedFor, type Referenced } from '../support/peers/commitment';
import type { Behaviour, StoreAnswer } from '../support/peers/misbehaving-scp';
import { CT } from '../support/connections/pdus';
import { QUICK, Sending } from './sending';
import { SAMPLE, sampleInstance, SAMPLE_UID } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { workerOf } from '../support/workers/worker-of';

const folder = mkdtempSync(join(tmpdir(), 'dicom-commitments-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Without a second request for want of a report. */
const PATIENT: RetryPolicy = { ...QUICK, lastMs: 60_000 };

type Answer = (asked: AskedFor, count: number) => StoreAnswer;

async function to(
  answer?: Answer,
  settings: Partial<DicomPeerSettings> = {},
  behaviour: Behaviour = {},
  policy = PATIENT,
): Promise<[Sending, CommittingScp]> {
  const peer = await CommittingScp.listen(answer, behaviour);
  cleanUps.push(() => peer.scp.stop());
  const sending = new Sending(policy);
  cleanUps.push(() => sending.stop());
  sending.peer('peer', peer.scp.port, { commit: 'require', ...settings });
  return [sending, peer];
}

/** A file of the sample with another instance UID. */
function instance(number: number): string {
  const { uid } = sampleInstance(number);
  const path = join(folder, `${number}.dcm`);
  const bytes = readFileSync(SAMPLE).toString('latin1').replaceAll(SAMPLE_UID, uid);
  writeFileSync(path, bytes, 'latin1');
  return path;
}

const facts = ({ kind, failure, status, committed }: SendOutcome): unknown[] => [
  kind,
  failure,
  status,
  committed,
];
const SENT = ['sent', undefined, 0, true];
/** Whether a promise has been resolved by now. */
const isSettled = (outcome: Promise<SendOutcome>): Promise<boolean> =>
  Promise.race([outcome.then(() => true), new Promise<false>((no) => setTimeout(() => no(false), 50))]);
const asking = (peer: CommittingScp, count = 1): Promise<void> =>
  until(() => peer.asked.length >= count, `request ${count}`);
const askedOf = (peer: CommittingScp, at = 0): AskedFor => peer.asked[at] ?? assert.fail('not asked');

describe('an object that is to be committed to', () => {
  it('is sent when the peer says so, and not before', async () => {
    const [sending, peer] = await to();
    const sent = sending.file('peer');
    await asking(peer);
    const asked = askedOf(peer);
    assert.match(asked.transactionUID, /^2\.25\.[1-9][0-9]*$/);
    assert.deepEqual(asked.instances, [{ sopClassUID: CT, sopInstanceUID: SAMPLE_UID }]);
    assert.equal(await isSettled(sent), false);
    assert.equal(sending.states.get('peer')?.waiting, 1);
    peer.report(asked, { committed: asked.instances });
    const { milliseconds, ...outcome } = await sent;
    assert.ok(milliseconds > 0);
    assert.deepEqual(outcome, {
      kind: 'sent',
      text: 'success (0000)',
      status: 0,
      instance: { sopClassUID: CT, sopInstanceUID: SAMPLE_UID },
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      attempts: 1,
      committed: true,
    });
    await until(() => peer.scp.responses.length === 1, 'the report is acknowledged');
    assert.equal(peer.scp.responses[0]?.get(0x0900), 0);
  });

  it('is asked about with those that are stored beside it, 100 at most at a time', async () => {
    const [sending, peer] = await to();
    const outcomes = Promise.all(Array.from({ length: 130 }, (_, at) => sending.file('peer', instance(at))));
    const count = (): number => peer.asked.reduce((sum, { instances }) => sum + instances.length, 0);
    await until(() => count() === 130, 'requests for all');
    const counts = peer.asked.map(({ instances }) => instances.length);
    assert.ok(Math.max(...counts) <= 100 && counts.length < 20, String(counts));
    for (const [at, asked] of peer.asked.entries()) {
      peer.report(asked, { committed: asked.instances });
      await until(() => peer.scp.responses.length > at, 'the response');
    }
    assert.ok((await outcomes).every(({ committed }) => committed));
    assert.equal(peer.scp.associateRequests.length, 1, 'all on one association');
  });

  it('is not sent where the peer reports a failure for it; the others are', async () => {
    const [sending, peer] = await to();
    const outcomes = [1, 2, 3].map((number) => sending.file('peer', instance(number)));
    await asking(peer);
    const [one, two, three] = askedOf(peer).instances as [Referenced, Referenced, Referenced];
    peer.report(askedOf(peer), { committed: [one, three], failed: [{ ...two, reason: 0x0112 }] });
    const all = await Promise.all(outcomes);
    assert.deepEqual(all.map(facts), [SENT, ['failed', 'notCommitted', 0x0112, undefined], SENT]);
    assert.match(all[1]?.text ?? '', /no such object \(0112\)/);
  });

  it('is not sent where a report says both, nothing of it, or a reason that is no failure', async () => {
    const [sending, peer] = await to();
    const outcomes = [1, 2, 3, 4].map((number) => sending.file('peer', instance(number)));
    await asking(peer);
    const [one, two, , four] = askedOf(peer).instances;
    assert.ok(one && two && four);
    peer.report(askedOf(peer), {
      committed: [one, four],
      failed: [
        { ...one, reason: 0x0110 },
        { ...two, reason: 0 },
      ],
    });
    const settled = await Promise.all(outcomes);
    assert.match(settled[1]?.text ?? '', /it gives no reason/);
    assert.deepEqual(settled.map(facts), [
      ['failed', 'notCommitted', 0x0110, undefined],
      ['failed', 'notCommitted', undefined, undefined],
      ['failed', 'notCommitted', undefined, undefined],
      SENT,
    ]);
  });

  it('has failed when its time is over, and a late report finds nobody', async () => {
    // Three seconds, in which it is asked.
    const [sending, peer] = await to(undefined, { commitTimeoutMinutes: 0.05, lingerSeconds: 30 });
    const outcome = await sending.file('peer');
    assert.deepEqual(facts(outcome), ['failed', 'notCommitted', undefined, undefined]);
    assert.match(outcome.text, /not committed to the storage of the object in time/);
    peer.report(askedOf(peer), { committed: askedOf(peer).instances });
    await until(() => peer.scp.responses.length === 1, 'the response');
    assert.equal(peer.scp.responses[0]?.get(0x0900), 0x0110);
    await until(() => sending.refusedReports.length === 1, 'it is told of');
    assert.deepEqual(sending.refusedReports, ['peer: no request of its transaction UID is open']);
  });

  it('has failed with what the peer did wrong, where it answers the request wrongly', async () => {
    const wrong = { status: 0, elements: { 0x0120: 999 } };
    const [sending] = await to(() => wrong, { commitTimeoutMinutes: 0.01 });
    const outcome = await sending.file('peer');
    assert.deepEqual(facts(outcome), ['failed', 'notCommitted', undefined, undefined]);
    assert.match(outcome.text, /a response to another message id/);
  });

  it('keeps neither its association nor a place among what waits when its time is over', async () => {
    const [sending, peer] = await to(undefined, { commitTimeoutMinutes: 0.01, lingerSeconds: 0 });
    assert.deepEqual(facts(await sending.file('peer')), ['failed', 'notCommitted', undefined, undefined]);
    await until(() => peer.scp.connections === 0, 'the association ends');
    await until(() => sending.states.get('peer')?.waiting === 0, 'nothing waits');
  });

  it('is not even stored where the peer does not offer storage commitment', async () => {
    const [sending, peer] = await to(
      undefined,
      {},
      {
        context: ({ abstractSyntax, transferSyntaxes: [first = ''] }) => (abstractSyntax === CT ? first : 3),
      },
    );
    const outcome = await sending.file('peer');
    assert.deepEqual(facts(outcome), ['failed', 'notAccepted', undefined, undefined]);
    assert.match(outcome.text, /does not offer Storage Commitment/);
    assert.equal(peer.stored.length, 0);
  });

  it('is asked about again after a status that may change, and not after others', async () => {
    const [sending, peer] = await to((_, count) => (count === 0 ? 0x0110 : 0));
    const sent = sending.file('peer');
    await asking(peer, 2);
    assert.notEqual(askedOf(peer).transactionUID, askedOf(peer, 1).transactionUID);
    peer.report(askedOf(peer, 1), { committed: askedOf(peer, 1).instances });
    assert.deepEqual(facts(await sent), SENT);
    const [refused] = await to(() => 0x0122);
    assert.deepEqual(facts(await refused.file('peer')), ['failed', 'notCommitted', 0x0122, undefined]);
  });

  it('is asked about again where the association ends, and a report on either request counts', async () => {
    const [sending, peer] = await to((_, count) => (count === 0 ? 'close' : 0));
    const sent = sending.file('peer');
    await asking(peer, 2);
    assert.equal(peer.stored.length, 1, 'it is stored once');
    peer.report(askedOf(peer), {
      failed: askedOf(peer).instances.map((each) => ({ ...each, reason: 0x0112 })),
    });
    assert.equal(await isSettled(sent), false, 'the other request may be answered otherwise');
    peer.report(askedOf(peer, 1), { committed: askedOf(peer, 1).instances });
    assert.deepEqual(facts(await sent), SENT);
  });

  it('is asked about again where the peer goes away before it has reported', async () => {
    const [sending, peer] = await to();
    const sent = sending.file('peer');
    await asking(peer);
    peer.scp.hangUp();
    await asking(peer, 2);
    peer.report(askedOf(peer), { committed: askedOf(peer).instances });
    assert.deepEqual(facts(await sent), SENT);
  });

  it('is asked about again where no report comes for long, and a report that is no news is acknowledged', async () => {
    const [sending, peer] = await to(undefined, { lingerSeconds: 30 }, {}, { ...QUICK, lastMs: 300 });
    const sent = sending.file('peer');
    await asking(peer, 2);
    const statuses: unknown[] = [];
    for (const at of [1, 0]) {
      peer.report(askedOf(peer, at), { committed: askedOf(peer, at).instances });
      await until(() => peer.scp.responses.length > statuses.length, 'the response');
      statuses.push(peer.scp.responses.at(-1)?.get(0x0900));
    }
    assert.deepEqual(statuses, [0, 0]);
    assert.deepEqual(facts(await sent), SENT);
    assert.equal(peer.stored.length, 1);
  });

  it('keeps its association until the report, and lets it go after it', async () => {
    const [sending, peer] = await to(undefined, { lingerSeconds: 0 });
    const sent = sending.file('peer');
    await asking(peer);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(peer.scp.connections, 1);
    peer.report(askedOf(peer), { committed: askedOf(peer).instances });
    await sent;
    await until(() => peer.scp.connections === 0, 'the association ends');
  });
});

describe('what comes in through a dicom-in', () => {
  const through = { commitThrough: 'in', lingerSeconds: 0 };

  it('is taken for the peer that was asked, and for no other', async () => {
    const [sending, peer] = await to(undefined, through);
    const other = await CommittingScp.listen();
    cleanUps.push(() => other.scp.stop());
    sending.peer('other', other.scp.port, { commit: 'require', ...through });
    const sent = sending.file('peer');
    await asking(peer);
    await until(() => peer.scp.connections === 0, 'the association is not kept');
    const { transactionUID, instances } = askedOf(peer);
    const report = { transactionUID, committed: instances, failed: [] };
    assert.equal(await sending.host.ask('report', ['other'], report), false);
    assert.equal(await sending.host.ask('report', ['gone'], report), false);
    assert.equal(await sending.host.ask('report', ['peer'], { ...report, transactionUID: '1.2' }), false);
    assert.equal(await isSettled(sent), false);
    assert.equal(await sending.host.ask('report', ['peer'], report), true);
    assert.deepEqual(facts(await sent), SENT);
    assert.equal(await sending.host.ask('report', ['peer'], report), false, 'it has been taken');
    assert.equal(peer.asked.length, 1);
  });
});

describe('an object that waits for its commitment, when a deploy takes its node down', () => {
  it('is not sent again when it comes again, whether the peer has spoken meanwhile or not', async () => {
    const [sending, peer] = await to(undefined, { lingerSeconds: 30 });
    for (const speaksFirst of [true, false]) {
      const id = `object ${speaksFirst}`;
      const count = peer.asked.length + 1;
      void sending.file('peer', SAMPLE, PATIENT, undefined, { id });
      await asking(peer, count);
      sending.host.cancel(id);
      // Answered by the worker after that. A report that came before it would be heard by the sending that is cancelled.
      await assert.rejects(sending.host.ask('deadLetters', 'absent', {}), /no such outbox/);
      const asked = askedOf(peer, count - 1);
      const say = (): void => peer.report(asked, { committed: asked.instances });
      if (speaksFirst) {
        say();
        await until(() => peer.scp.responses.length === 1, 'the report is taken in');
      }
      const again = sending.file('peer', SAMPLE, PATIENT, undefined, { id });
      if (!speaksFirst) {
        assert.equal(await isSettled(again), false);
        say();
      }
      assert.deepEqual(facts(await again), SENT);
      assert.equal(peer.stored.length, count);
    }
  });

  it('is asked about, and not sent again, by a peer with other settings; by one elsewhere it is sent', async () => {
    const [sending, peer] = await to();
    const sent = sending.file('peer');
    await asking(peer);
    sending.peer('peer', peer.scp.port, { commit: 'require', commitTimeoutMinutes: 5 });
    await asking(peer, 2);
    assert.equal(peer.stored.length, 1);
    const elsewhere = await CommittingScp.listen();
    cleanUps.push(() => elsewhere.scp.stop());
    sending.peer('peer', elsewhere.scp.port, { commit: 'require' });
    await asking(elsewhere);
    assert.equal(elsewhere.stored.length, 1);
    elsewhere.report(askedOf(elsewhere), { committed: askedOf(elsewhere).instances });
    assert.deepEqual(facts(await sent), SENT);
  });

  it('is sent again by the worker that follows one that ended', async () => {
    const [sending, peer] = await to();
    const sent = sending.file('peer');
    await asking(peer);
    await workerOf(sending.host).terminate();
    await asking(peer, 2);
    assert.equal(peer.stored.length, 2);
    peer.report(askedOf(peer, 1), { committed: askedOf(peer, 1).instances });
    assert.deepEqual(facts(await sent), SENT);
  });
});
