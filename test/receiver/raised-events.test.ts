import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueueRefusal } from '../../src/queue';
import { RaisedEvents } from '../../src/receiver/raised-events';

describe('a receiver whose queue refuses an object', () => {
  const raisedFor = (code: string): string[] => {
    const events: string[] = [];
    const raised = new RaisedEvents(({ event }) => events.push(event));
    raised.queueRefused(new QueueRefusal(code, 'refused'));
    return events;
  };

  it('tells of a queue, and of a disk, without room', () => {
    assert.deepEqual(raisedFor('QUEUE_FULL'), ['queue-full']);
    for (const code of ['DISK_LOW', 'ENOSPC', 'EDQUOT'])
      assert.deepEqual(raisedFor(code), ['disk-low'], code);
  });

  it('does not say that a queue is full whose database or directory is away, or that stops', () => {
    for (const code of ['DATABASE_AWAY', 'DIRECTORY_AWAY', 'DATABASE', 'QUEUE_CLOSED'])
      assert.deepEqual(raisedFor(code), [], code);
  });
});
