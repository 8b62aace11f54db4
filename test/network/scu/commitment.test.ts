import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { COMMITMENT_CONTEXT, type CommitmentReport, readCommitmentReport } from '../../../src/network/dimse';
import { ScuAssociation } from '../../../src/network/scu';
import { COMMITMENT, element, eventReport, reportOf } from '../../support/peers/commitment';
import { MisbehavingScp, type Behaviour } from '../../support/peers/misbehaving-scp';
import { needs } from '../../support/machine/needs';
import { commandSet, CT, dataTF, EXPLICIT, IMPLICIT, pdv } from '../../support/connections/pdus';
import { Scps } from '../../support/peers/scps';
import { until } from '../../support/machine/until';

const CONTEXTS = [
  { id: 1, ...COMMITMENT_CONTEXT },
  { id: 3, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
];
const LIMITS = {
  connectTimeoutSeconds: 5,
  associationTimeoutSeconds: 5,
  responseTimeoutSeconds: 5,
  writeTimeoutSeconds: 5,
  maxPduLength: 16_384,
};
const INSTANCES = [
  { sopClassUID: CT, sopInstanceUID: '1.2.3' },
  { sopClassUID: CT, sopInstanceUID: '1.2.4.5' },
];

const REPORT = reportOf('1.2.99', {
  committed: [{ sopClassUID: CT, sopInstanceUID: '1.2.3' }],
  failed: [{ sopClassUID: CT, sopInstanceUID: '1.2.4.5', reason: 0x0112 }],
});
const READ: CommitmentReport = {
  transactionUID: '1.2.99',
  committed: [{ sopClassUID: CT, sopInstanceUID: '1.2.3' }],
  failed: [{ sopClassUID: CT, sopInstanceUID: '1.2.4.5', reason: 0x0112 }],
};

const scps: MisbehavingScp[] = [];
const peers = new Scps();
afterEach(async () => {
  for (const scp of scps.splice(0)) await scp.stop();
  await peers.stop();
});

interface Called {
  association: ScuAssociation;
  scp: MisbehavingScp;
  reports: CommitmentReport[];
  failures: unknown[];
}

async function open(behaviour: Behaviour, record = (): Promise<void> => Promise.resolve()): Promise<Called> {
  const scp = await MisbehavingScp.listen(behaviour);
  scps.push(scp);
  const reports: CommitmentReport[] = [];
  const failures: unknown[] = [];
  const commitments = {
    reported: (report: CommitmentReport) => {
      reports.push(report);
      return record();
    },
    failed: (error: unknown) => void failures.push(error),
  };
  const target = { host: '127.0.0.1', port: scp.port, callingAET: 'US', calledAET: 'THEM' };
  const opened = await ScuAssociation.open(target, CONTEXTS, LIMITS, { commitments });
  assert.ok(opened.outcome === 'opened');
  return { association: opened.association, scp, reports, failures };
}

const request = (association: ScuAssociation): ReturnType<ScuAssociation['requestCommitment']> =>
  association.requestCommitment({ contextId: 1, transactionUID: '1.2.99', instances: INSTANCES });
const ANSWERED = { outcome: 'answered', status: 0, offendingElements: [] };

describe('storage commitment', () => {
  it('is asked for with N-ACTION on the well-known instance, with all instances', async () => {
    const { association, scp } = await open({});
    assert.deepEqual(await request(association), ANSWERED);
    const [asked] = scp.objects;
    assert.deepEqual(
      [0x0003, 0x0100, 0x1001, 0x1008].map((tag) => asked?.command.get(tag)),
      [COMMITMENT, 0x0130, `${COMMITMENT}.1`, 1],
    );
    const { transactionUID, committed } = readCommitmentReport(asked?.dataSet ?? Buffer.alloc(0), IMPLICIT);
    assert.deepEqual([transactionUID, committed], ['1.2.99', INSTANCES]);
  });

  it('is reported on the same association, and the peer hears that we have it when it is recorded', async () => {
    let recorded = (): void => undefined;
    const { association, scp, reports } = await open(
      {},
      () => new Promise((resolve) => (recorded = resolve)),
    );
    await request(association);
    scp.say(eventReport(REPORT));
    await until(() => reports.length > 0, 'the report');
    assert.deepEqual(reports, [READ]);
    assert.deepEqual(scp.responses, []);
    recorded();
    await until(() => scp.responses.length > 0, 'the response');
    assert.deepEqual(
      [0x0002, 0x0100, 0x0120, 0x0800, 0x0900, 0x1000].map((tag) => scp.responses[0]?.get(tag)),
      [COMMITMENT, 0x8100, 44, 0x0101, 0, `${COMMITMENT}.1`],
    );
    assert.deepEqual(await request(association), ANSWERED, 'the association goes on');
  });

  it('is reported before the response to the request, too', async () => {
    const { association, scp, reports } = await open({ store: () => 'nothing' });
    const outcome = request(association);
    await until(() => scp.objects.length > 0, 'the request');
    scp.say(eventReport(REPORT));
    await until(() => scp.responses.length > 0, 'the response to the report');
    scp.say(
      dataTF(
        pdv(1, 3, commandSet({ 0x0002: COMMITMENT, 0x0100: 0x8130, 0x0120: 1, 0x0800: 0x0101, 0x0900: 0 })),
      ),
    );
    assert.deepEqual(await outcome, ANSWERED);
    assert.deepEqual(reports, [READ]);
  });

  it('is reported in the middle of an object: the response waits for its end', async () => {
    const { association, scp, reports } = await open({});
    async function* slowly(): AsyncGenerator<Buffer> {
      for (let at = 0; at < 10; at += 1) {
        yield Buffer.alloc(100_000, at);
        if (at === 5) scp.say(eventReport(REPORT));
        if (at >= 5) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    const object = { sopClassUID: CT, sopInstanceUID: '1.2.3', contextId: 3, dataSet: slowly() };
    // A fragment of another message among its own would make the SCP of this test throw.
    assert.deepEqual(await association.store(object), ANSWERED);
    assert.equal(scp.objects[0]?.dataSet.length, 1_000_000);
    await until(() => scp.responses.length > 0, 'the response to the report');
    assert.deepEqual(reports, [READ]);
  });

  it('is not ours where the report cannot be recorded or understood, or is about something else', async () => {
    const { association, scp, reports, failures } = await open({}, () =>
      Promise.reject(new Error('disk full')),
    );
    const answers = async (bytes: Buffer): Promise<unknown> => {
      scp.responses.length = 0;
      scp.say(bytes);
      await until(() => scp.responses.length > 0, 'the response');
      return scp.responses[0]?.get(0x0900);
    };
    assert.equal(await answers(eventReport(REPORT)), 0x0110);
    assert.match(String(failures[0]), /disk full/);
    assert.equal(await answers(eventReport(REPORT.subarray(0, -3))), 0x0110);
    assert.equal(failures.length, 2);
    assert.equal(await answers(eventReport(REPORT, { 0x0002: '1.2.840.10008.1.40' })), 0x0118);
    assert.equal(await answers(eventReport(REPORT, { 0x1002: 3 })), 0x0113, 'an event that does not exist');
    assert.equal(reports.length, 1);
    assert.equal(association.isOpen, true);
  });

  it('is read as far as a report says something, and its length is bounded', async () => {
    assert.deepEqual(readCommitmentReport(element(0x1195, '1.2.99'), IMPLICIT), {
      transactionUID: '1.2.99',
      committed: [],
      failed: [],
    });
    assert.throws(() => readCommitmentReport(Buffer.alloc(0), IMPLICIT), /no bytes/);
    const { association, scp } = await open({});
    // Without its last, empty fragment.
    scp.say(eventReport(Buffer.alloc(0)).subarray(0, -12));
    const piece = dataTF(pdv(1, 0, Buffer.alloc(16_000)));
    for (let at = 0; at < 20; at += 1) scp.say(piece);
    assert.match((await association.ended).text, /too long/);
  });

  it('is accepted by Orthanc', { skip: needs('orthanc') }, async () => {
    const { port } = await peers.orthanc({ DicomModalities: { us: ['US', '127.0.0.1', 1] } });
    const target = { host: '127.0.0.1', port, callingAET: 'US', calledAET: 'ORTHANC' };
    const opened = await ScuAssociation.open(target, CONTEXTS, LIMITS);
    assert.ok(opened.outcome === 'opened');
    assert.deepEqual(await request(opened.association), ANSWERED);
    assert.equal((await opened.association.release()).how, 'released');
  });
});
