import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AssociationFacts, CommitmentReport } from '../../src/network';
import { CommitmentReports } from '../../src/receiver/commitment-reports';

const REPORT: CommitmentReport = { transactionUID: '1.2.99', committed: [], failed: [] };
const from = (callingAET: string): AssociationFacts => ({ callingAET }) as AssociationFacts;

describe('reports that wait to be taken in', () => {
  it('are answered as who takes them in says, each by its number', async () => {
    const told: [number, string][] = [];
    const reports = new CommitmentReports((number, title) => told.push([number, title]));
    const answers = [reports.reported(REPORT, from('A')), reports.reported(REPORT, from('B'))];
    assert.deepEqual(told, [
      [1, 'A'],
      [2, 'B'],
    ]);
    reports.answer(2, { status: 0 });
    reports.answer(1, { status: 0x0110 });
    reports.answer(1, { status: 0 });
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [0x0110, 0],
    );
  });

  it('are refused when the receiver stops, so that the peer says them again', async () => {
    const reports = new CommitmentReports(() => undefined);
    const answer = reports.reported(REPORT, from('A'));
    reports.close();
    assert.equal((await answer).status, 0x0110);
    assert.equal((await reports.reported(REPORT, from('A'))).status, 0x0110);
  });

  it('come from the AE titles that were named last, in whatever case', () => {
    const reports = new CommitmentReports(() => undefined);
    assert.equal(reports.isReporter('ARCHIVE'), false);
    reports.setReporters(['Archive']);
    assert.equal(reports.isReporter('aRCHIVE'), true);
    reports.setReporters([]);
    assert.equal(reports.isReporter('ARCHIVE'), false);
  });
});
