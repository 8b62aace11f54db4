import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beat, diskCalls, lifeIn, lifeMemory, showLifeIn, waitForDisk } from '../../src/basics';
import { realFiles } from '../../src/basics/disk-files';

const memory = lifeMemory();
showLifeIn(memory);

describe('signs of life', () => {
  it('are beats, and whether the thread waits for a disk, however often and however that ends', () => {
    const { beats } = lifeIn(memory);
    beat();
    assert.deepEqual(lifeIn(memory), { beats: beats + 1, waitsForDisk: false });
    const waits = (): boolean => lifeIn(memory).waitsForDisk;
    const files = diskCalls({
      outerSync: () => [waits(), waitForDisk(waits), waits()],
      failSync: () => {
        throw new Error('no disk');
      },
      later: async () => Promise.resolve(waits()),
    });
    assert.deepEqual(files.outerSync(), [true, true, true]);
    const before = lifeIn(memory).beats;
    assert.throws(() => files.failSync(), /no disk/);
    assert.notEqual(lifeIn(memory).beats, before, 'who has waited for a disk goes on');
    assert.equal(waits(), false);
    // It does not hold up the thread.
    const later = files.later();
    return later.then((waited) => assert.equal(waited, false));
  });

  it('are shown by each synchronous call of the queue', () => {
    const seen: boolean[] = [];
    // The system calls back while it is in the call.
    const options = {
      get throwIfNoEntry() {
        seen.push(lifeIn(memory).waitsForDisk);
        return false;
      },
    };
    realFiles.statSync('/none', options as { throwIfNoEntry: false });
    assert.equal(seen[0], true);
  });
});
