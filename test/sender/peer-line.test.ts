import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { peerSettings } from '../../src/sender';
import { PeerLine } from '../../src/sender/peer-line';
import type { SendJob } from '../../src/sender/send-job';
import { DICOM_PEER } from '../../src/settings';
import { openFile, whole } from '../../src/object';
import { MisbehavingScp } from '../support/misbehaving-scp';
import { SAMPLE } from '../support/store-client';
import { until } from '../support/until';

const POLICY = { firstMs: 10, lastMs: 10, giveUpMs: 600_000 };

function job(id: string): SendJob {
  return {
    id,
    policy: POLICY,
    facts: {},
    isChanged: false,
    open: async () => whole(await openFile(SAMPLE)),
    settled: () => assert.fail('it was settled'),
  };
}

function lineTo(port: number): PeerLine {
  const settings = peerSettings({ ...DICOM_PEER.defaults, host: '127.0.0.1', port });
  return new PeerLine(
    { id: 'peer', name: 'peer', settings },
    { decode: () => assert.fail('nothing is decoded') },
    { changed: () => undefined, orphaned: () => undefined, reportRefused: () => undefined },
  );
}

describe('a line to a peer that is down', { timeout: 60_000 }, () => {
  it('sets no timer for what waits while the peer is being tried', async () => {
    const scp = await MisbehavingScp.listen({ connection: 'reset' });
    const line = lineTo(scp.port);
    for (const id of ['1', '2', '3']) line.submit(job(id));
    await until(() => line.state.outage !== undefined, 'it is down');
    scp.behaviour = { connection: 'silent' };
    await until(() => line.state.sending === 1 && scp.connections === 1, 'it is being tried');
    // The one of its try has passed.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const timers = mock.method(globalThis, 'setTimeout');
    await new Promise((resolve) => setImmediate(resolve));
    for (let at = 0; at < 20; at += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const count = timers.mock.callCount();
    timers.mock.restore();
    assert.ok(count < 30, `${count} timers, 20 of which are the test's`);
    line.withdraw();
    line.abort('the test is over');
    await line.close();
    await scp.stop();
  });

  it('tries it again, whichever look at the clock the pause ends at', async () => {
    const scp = await MisbehavingScp.listen({ connection: 'reset' });
    mock.method(Math, 'random', () => 0);
    for (let looksBefore = 0; looksBefore < 6; looksBefore += 1) {
      const began = performance.now();
      let looks = 0;
      let hasPassed = false;
      const clock = mock.method(performance, 'now', () => {
        if (!hasPassed) return began;
        looks += 1;
        return began + POLICY.firstMs + (looks > looksBefore ? 1 : -0.1);
      });
      const line = lineTo(scp.port);
      line.submit(job('1'));
      await until(() => line.state.outage !== undefined, 'it is down');
      const nextTry = line.state.outage?.nextTry;
      hasPassed = true;
      await until(
        () => line.state.outage?.nextTry !== nextTry,
        `another try, with ${looksBefore} looks`,
        30_000,
      );
      clock.mock.restore();
      line.withdraw();
      await line.close();
    }
    mock.restoreAll();
    await scp.stop();
  });
});
