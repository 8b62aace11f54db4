import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/machine/until';
import { filesIn, sampleFile, watchesForFile } from '../support/workers/watched-folder';

const { start } = watchesForFile('take-over');

describe('what a watcher has claimed that is gone', () => {
  it('is taken over by another one after a minute, and is marked as redelivered', async () => {
    const first = start({ after: 'delete', acknowledge: true, maxInFlight: 2 });
    for (let number = 1; number <= 3; number += 1) first.put(`${number}.dcm`, sampleFile(number).bytes);
    await until(() => first.delivered.length === 2, 'two');
    // What is in flight stays claimed: only its owner, or its absence, says what becomes of it.
    await first.stop();
    const began = performance.now();
    const other = start({ after: 'delete' }, { folder: first.folder, nodeId: 'other' });
    await until(() => other.delivered.length === 3, 'all', 100_000);
    assert.ok(performance.now() - began > 55_000, 'its owner may have been coming back');
    const redelivered = other.delivered.filter(({ message }) => message.dicom.redelivered > 0);
    assert.deepEqual(
      redelivered.map(({ message }) => message.dicom.sopInstanceUID).sort(),
      first.uids().sort(),
    );
    await other.stop();
    await until(() => filesIn(first.folder).length === 0, 'that they are deleted');
  });
});
