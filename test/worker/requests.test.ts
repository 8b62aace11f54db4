import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  reply,
  RequestSender,
  RequestTimedOut,
  WorkerNotRunning,
  type PostedRequest,
} from '../../src/worker/requests';

const PATIENCE = 3;

interface LibraryRequests {
  count(): Promise<number>;
  lend(id: string): boolean;
  discard(id: string): boolean;
}

const library: LibraryRequests = {
  count: () => Promise.reject(new Error('no disk')),
  lend: (id) => id === 'there',
  discard: () => {
    throw Object.assign(new Error('read-only'), { code: 'EROFS' });
  },
};

function sender(post: (request: PostedRequest) => boolean): RequestSender<LibraryRequests> {
  return new RequestSender(post, PATIENCE);
}

describe('requests between the threads', () => {
  it('come back with their results, whatever the order', async () => {
    const posted: PostedRequest[] = [];
    const asking = sender((request) => posted.push(request) > 0);
    const asked = [asking.ask('lend', 'there'), asking.ask('lend', 'gone')];
    for (const request of posted.toReversed()) asking.replied(await reply(library, request));
    assert.deepEqual(await Promise.all(asked), [true, false]);
  });

  it('fail with the words of what failed, and its code, at once or later', async () => {
    const asking = sender((request) => {
      void reply(library, request).then((answer) => asking.replied(answer));
      return true;
    });
    await assert.rejects(asking.ask('count'), /no disk/);
    await assert.rejects(asking.ask('discard', 'x'), { message: 'read-only', code: 'EROFS' });
  });

  it('fail where the other side does not know them', async () => {
    const answer = await reply(library, { kind: 'request', number: 1, name: 'steal', args: [] });
    assert.match('failure' in answer ? answer.failure : '', /steal/);
  });

  it('fail where nobody is there, or nobody is there any more', async () => {
    await assert.rejects(sender(() => false).ask('lend', 'x'), WorkerNotRunning);
    const asking = sender(() => true);
    const asked = asking.ask('lend', 'x');
    asking.abandon();
    await assert.rejects(asked, WorkerNotRunning);
    asking.replied({ kind: 'reply', number: 1, result: true });
  });

  it('time out one by one, and a late reply is no matter', async () => {
    const asking = sender(() => true);
    const first = asking.ask('lend', 'a').catch((error: unknown) => error);
    asking.tick();
    let second: unknown = 'waits';
    void asking.ask('lend', 'b').then(
      (result) => (second = result),
      (error: unknown) => (second = error),
    );
    asking.tick();
    asking.tick();
    assert.ok((await first) instanceof RequestTimedOut);
    assert.equal(second, 'waits');
    asking.replied({ kind: 'reply', number: 1, result: true });
    asking.replied({ kind: 'reply', number: 2, result: true });
    await new Promise(setImmediate);
    assert.equal(second, true);
  });
});
