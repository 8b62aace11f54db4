import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer, answerError } from '../../../nodes/dicom-response/runtime/answer';
import { deployedNodes } from '../../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../../nodes/runtime/queues/queue-owner';
import { DICOM_RESPONSE } from '../../../src/settings';
import { RequestSender } from '../../../src/worker/requests';
import type { ReceiverRequests } from '../../../src/receiver/requests';

/** A node whose worker has the request, and replies to none. */
class SilentOwner extends QueueOwner {
  readonly isAcknowledged = false;
  readonly answersWithinSeconds = undefined;
  readonly requests = new RequestSender<ReceiverRequests>(() => true, 1);
  readonly receiver: NonNullable<QueueOwner['receiver']> = {
    ask: (name, ...args) => this.requests.ask(name, ...args),
  };
}

/** The code of the error that comes of an answer while something happens to its receiver. */
async function codeOf(happens: (owner: SilentOwner) => void): Promise<string> {
  const owner = new SilentOwner();
  deployedNodes.add('silent', owner);
  const answering = answer(DICOM_RESPONSE.parse({}), { dicom: { queueId: 'silent:1' } });
  happens(owner);
  const error = await answering.then(
    () => assert.fail(),
    (thrown: unknown) => answerError((key) => key, thrown),
  );
  deployedNodes.remove('silent');
  return (error as NodeJS.ErrnoException).code ?? '';
}

describe('an answer that its receiver does not take', () => {
  it('is told apart: no reply in time, or nobody there any more', async () => {
    assert.equal(await codeOf(({ requests }) => requests.tick()), 'DICOM_RESPONSE_TIMED_OUT');
    assert.equal(await codeOf(({ requests }) => requests.abandon()), 'DICOM_RESPONSE_UNKNOWN');
  });
});
