import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GroupSync } from '../../../src/queue/log/group-sync';
import { nextTurn } from '../../support/queues/disk-queue';

/** A disk that syncs when it is told to. */
class SlowDisk {
  began = 0;
  running = 0;
  most = 0;
  private settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  readonly group = new GroupSync(async () => {
    this.began += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    try {
      await new Promise<void>((resolve, reject) => (this.settle = { resolve, reject }));
    } finally {
      this.running -= 1;
    }
  });

  async finish(error?: Error): Promise<void> {
    if (error === undefined) this.settle?.resolve();
    else this.settle?.reject(error);
    await nextTurn();
  }
}

describe('GroupSync', () => {
  it('syncs once for all who come while a sync is running, and only after it', async () => {
    const disk = new SlowDisk();
    const order: string[] = [];
    const first = disk.group.done().then(() => order.push('first'));
    const others = [1, 2, 3].map((number) => disk.group.done().then(() => order.push(`other ${number}`)));
    await disk.finish();
    assert.deepEqual(order, ['first']);
    assert.equal(disk.began, 2);
    await disk.finish();
    await Promise.all([first, ...others]);
    assert.deepEqual(order, ['first', 'other 1', 'other 2', 'other 3']);
    assert.equal(disk.began, 2);
  });

  it('never runs two syncs at once, whoever comes while one hands over to the next', async () => {
    const disk = new SlowDisk();
    const waiting: Promise<void>[] = [];
    const comeAgain = (times: number): void => {
      if (times === 0) return;
      const done = disk.group.done();
      waiting.push(done);
      void done.then(() => comeAgain(times - 1));
      queueMicrotask(() => waiting.push(disk.group.done()));
    };
    comeAgain(5);
    comeAgain(5);
    for (let turn = 0; turn < 20; turn += 1) await disk.finish();
    await Promise.all(waiting);
    assert.equal(disk.most, 1);
  });

  it('fails for those who wait for the next sync, too, and for ever', async () => {
    const disk = new SlowDisk();
    const waiting = [disk.group.done(), disk.group.done()];
    const outcomes = Promise.allSettled(waiting);
    await disk.finish(new Error('EIO'));
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(disk.group.done(), /EIO/);
    assert.equal(disk.began, 1);
  });

  it('fails for ever also where nobody else waited', async () => {
    const disk = new SlowDisk();
    const failed = assert.rejects(disk.group.done(), /EIO/);
    await disk.finish(new Error('EIO'));
    await failed;
    await assert.rejects(disk.group.done(), /EIO/);
    assert.equal(disk.began, 1);
  });

  it('is idle when the last sync for anybody is over', async () => {
    const disk = new SlowDisk();
    let idle = 0;
    disk.group.whenIdle(() => (idle += 1));
    assert.equal(idle, 1);
    const waiting = [disk.group.done(), disk.group.done()];
    disk.group.whenIdle(() => (idle += 1));
    await disk.finish();
    assert.equal(idle, 1, 'the second is running');
    await disk.finish();
    await Promise.all(waiting);
    assert.equal(idle, 2);
  });
});
