import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { peerSettings } from '../../src/sender';
import { PeerLine } from '../../src/sender/peer-line';
import type { RetryPolicy, SendJob } from '../../src/sender/send-job';
import { DICOM_PEER, type DicomPeerSettings } from '../../src/settings';
import { openFile, whole } from '../../src/object';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import { SAMPLE } from '../support/peers/store-client';
import { until } from '../support/machine/until';

/** @param opened called with each try */
function job(id: string, policy: RetryPolicy, opened: () => void = () => undefined): SendJob {
  return {
    id,
    policy,
    facts: {},
    isChanged: false,
    isStored: false,
    open: async () => {
      opened();
      return whole(await openFile(SAMPLE));
    },
    settled: () => assert.fail('it was settled'),
  };
}

function lineTo(port: number, more: Partial<DicomPeerSettings> = {}): PeerLine {
  const settings = peerSettings({ ...DICOM_PEER.defaults, host: '127.0.0.1', port, ...more });
  return new PeerLine(
    { id: 'peer', name: 'peer', settings },
    { decode: () => assert.fail('nothing is decoded') },
    { changed: () => undefined, orphaned: () => undefined, reportRefused: () => undefined },
  );
}

describe('a line to a peer that is down', { timeout: 60_000 }, () => {
  let scp: MisbehavingScp;
  let line: PeerLine;
  beforeEach(async () => {
    scp = await MisbehavingScp.listen({ connection: 'reset' });
    line = lineTo(scp.port);
  });
  afterEach(async () => {
    line.withdraw();
    line.abort('the test is over');
    await line.close();
    await scp.stop();
  });

  it('tries again and again', async () => {
    let tries = 0;
    const policy = { firstMs: 1, lastMs: 2, giveUpMs: 600_000 };
    line.submit(job('1', policy, () => (tries += 1)));
    await until(() => tries >= 300, 'the 300th try');
  });

  it('sets no timer for what waits while the peer is being tried', async () => {
    const policy = { firstMs: 10, lastMs: 10, giveUpMs: 600_000 };
    for (const id of ['1', '2', '3']) line.submit(job(id, policy));
    await until(() => line.state.outage !== undefined, 'it is down');
    scp.behaviour = { connection: 'silent' };
    await until(() => line.state.sending === 1 && scp.connections === 1, 'it is being tried');
    // The one of its try has passed.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const timers = mock.method(globalThis, 'setTimeout');
    for (let at = 0; at < 20; at += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const count = timers.mock.callCount();
    timers.mock.restore();
    assert.ok(count < 30, `${count} timers, 20 of which are the test's`);
  });

  it('tries it again, whichever look at the clock the pause ends at', async () => {
    const policy = { firstMs: 10, lastMs: 10, giveUpMs: 600_000 };
    mock.method(Math, 'random', () => 0);
    for (let looksBefore = 0; looksBefore < 6; looksBefore += 1) {
      const began = performance.now();
      let looks = 0;
      let hasPassed = false;
      const clock = mock.method(performance, 'now', () => {
        if (!hasPassed) return began;
        looks += 1;
        return began + policy.firstMs + (looks > looksBefore ? 1 : -0.1);
      });
      const other = lineTo(scp.port);
      other.submit(job('1', policy));
      await until(() => other.state.outage !== undefined, 'it is down');
      const nextTry = other.state.outage?.nextTry;
      hasPassed = true;
      const isTried = (): boolean => other.state.outage?.nextTry !== nextTry;
      await until(isTried, `another try, with ${looksBefore} looks`, 30_000);
      clock.mock.restore();
      other.withdraw();
      await other.close();
    }
    mock.restoreAll();
  });

  it('is given what waits for it on an association that has become idle meanwhile', async () => {
    const policy = { firstMs: 10, lastMs: 10, giveUpMs: 600_000 };
    const settled: string[] = [];
    const both = lineTo(scp.port, { maxAssociations: 2, lingerSeconds: 600, associationTimeoutSeconds: 1 });
    const send = (id: string): void => both.submit({ ...job(id, policy), settled: () => settled.push(id) });
    scp.behaviour = {
      // Of two it accepts the first one.
      context: ({ transferSyntaxes: [first = ''] }) => {
        scp.behaviour = { associate: 'silent' };
        return first;
      },
    };
    send('1');
    send('2');
    await until(() => settled.length === 2, 'both to be sent', 30_000);
    assert.equal(scp.associateRequests.length, 2);
    assert.deepEqual(settled, ['1', '2']);
    await both.close();
  });
});
