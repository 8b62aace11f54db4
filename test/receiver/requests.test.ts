import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  reply,
  ReceiverNotRunning,
  RequestSender,
  type PostedRequest,
  type ReceiverRequests,
} from '../../src/receiver/requests';

const receiver = {
  deadLetters: () => Promise.reject(new Error('no disk')),
  requeue: (id) => id === 'there',
  discard: () => {
    throw new Error('read-only');
  },
} satisfies Partial<ReceiverRequests> as Partial<ReceiverRequests> as ReceiverRequests;

describe('requests between the threads', () => {
  it('come back with their results, whatever the order', async () => {
    const posted: PostedRequest[] = [];
    const sender = new RequestSender((request) => posted.push(request) > 0);
    const asked = [sender.ask('requeue', 'there'), sender.ask('requeue', 'gone')];
    for (const request of posted.toReversed()) sender.replied(await reply(receiver, request));
    assert.deepEqual(await Promise.all(asked), [true, false]);
  });

  it('fail with the words of what failed, at once or later', async () => {
    const sender = new RequestSender((request) => {
      void reply(receiver, request).then((answer) => sender.replied(answer));
      return true;
    });
    await assert.rejects(sender.ask('deadLetters', {}), /no disk/);
    await assert.rejects(sender.ask('discard', 'x'), /read-only/);
  });

  it('fail where nobody is there, or nobody is there any more', async () => {
    await assert.rejects(new RequestSender(() => false).ask('requeue', 'x'), ReceiverNotRunning);
    const sender = new RequestSender(() => true);
    const asked = sender.ask('requeue', 'x');
    sender.abandon();
    await assert.rejects(asked, ReceiverNotRunning);
    sender.replied({ kind: 'reply', number: 1, result: true });
  });
});
