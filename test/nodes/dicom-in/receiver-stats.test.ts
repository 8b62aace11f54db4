import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReceiverStats } from '../../../nodes/dicom-in/runtime/receiver-stats';
import type { ReceiverEvent } from '../../../src/receiver';

const AT = '2026-11-26T00:00:00.000Z';
const rejected = (callingAET: string): ReceiverEvent =>
  ({
    at: AT,
    event: 'association-rejected',
    remoteAddress: '10.0.0.1',
    callingAET,
    calledAET: 'ARCHIVE',
    result: 1,
    source: 1,
    reason: 3,
    text: 'it is not in the list',
  }) as ReceiverEvent;
const listening: ReceiverEvent = { at: AT, event: 'listening', address: '0.0.0.0', port: 104 };

describe('what a node tells of its receiver', () => {
  it('is that it does not listen, until it does, and from a fault on that it does not', () => {
    const stats = new ReceiverStats('id', 'name');
    assert.equal(stats.toJSON().listening, false);
    stats.saw(listening);
    const { listening: listens, listeningSince, port } = stats.toJSON();
    assert.deepEqual([listens, listeningSince, port], [true, AT, 104]);
    stats.failed({ kind: 'queueUnusable', values: {}, down: true }, 'in words');
    const { listening: still, fault, problem, port: none } = stats.toJSON();
    assert.deepEqual([still, fault, problem, none], [false, 'queueUnusable', 'in words', undefined]);
    stats.saw(listening);
    assert.equal(stats.toJSON().fault, undefined);
  });

  it('stays that it listens where a fault leaves it running', () => {
    const stats = new ReceiverStats('id', 'name');
    stats.saw(listening);
    stats.failed({ kind: 'unexpected', values: {}, down: false });
    assert.deepEqual([stats.toJSON().listening, stats.toJSON().fault], [true, undefined]);
  });

  it('has the last ten that were turned away, newest first, with printable names', () => {
    const stats = new ReceiverStats('id', 'name');
    for (let number = 1; number <= 12; number += 1) stats.saw(rejected(`CT${number}\n`));
    const { refusals } = stats.toJSON();
    assert.equal(refusals.length, 10);
    assert.match(refusals[0]?.callingAET ?? '', /^CT12[^\n]*$/);
    assert.match(refusals[9]?.callingAET ?? '', /^CT3[^\n]*$/);
    assert.deepEqual([refusals[0]?.code, refusals[0]?.text], ['1/1/3', 'it is not in the list']);
  });

  it('gives statuses in hexadecimal, and nothing for what was no refusal', () => {
    const stats = new ReceiverStats('id', 'name');
    stats.saw({
      at: AT,
      event: 'object-refused',
      remoteAddress: '10.0.0.1',
      callingAET: 'CT01',
      calledAET: 'ARCHIVE',
      sopInstanceUID: '1.2',
      status: 0xa700,
      text: 'full',
    } as unknown as ReceiverEvent);
    stats.saw({ at: AT, event: 'stopped' });
    assert.deepEqual(
      stats.toJSON().refusals.map(({ code }) => code),
      ['A700'],
    );
  });

  it('has the counters of the receiver, once there is one, and of restarts and held-back events', () => {
    const stats = new ReceiverStats('id', 'name');
    assert.equal(stats.toJSON().counters.received, 0);
    const counted = { ...stats.toJSON().counters, received: 5 };
    stats.counters = () => counted;
    stats.saw({ at: AT, event: 'worker-restarted', text: '', restarts: 2 });
    for (const count of [3, 4]) stats.saw({ at: AT, event: 'events-suppressed', count, seconds: 10 });
    const { counters, workerRestarts, suppressedEvents } = stats.toJSON();
    assert.deepEqual([counters.received, workerRestarts, suppressedEvents], [5, 2, 7]);
  });
});
