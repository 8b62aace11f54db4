import type { NodeAPI } from 'node-red';
import { Status, type CommandStatus } from '../../../src/network';
import { type ObjectMessage, queueNameOf, tellNotWorkedOn } from '../../runtime/objects';
import type { Text } from '../../runtime/node-texts';
import { senderOf } from '../../runtime/peers';
import { OUT_ERRORS, outError, type OutFailed, type OutFailure } from './out-error';
import { notBegunEntry } from './out-journal';

/** Who hears of objects that a node has not begun to send, beside the flow: its journal, their senders and their queues. */
export class NotBegun {
  /**
   * @param fail answers the sender of an object, or sets the object aside, unless it comes again with a list;
   * false: it comes again
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly nodeId: string,
    private readonly text: Text,
    private readonly fail: (
      message: ObjectMessage,
      status: CommandStatus,
      comesWithList?: boolean,
    ) => Promise<boolean>,
  ) {}

  /** The sender, which keeps the journal, does not hear of it otherwise. */
  note(message: ObjectMessage, failed: OutFailed, peer?: string): void {
    const { message: reason } = outError(this.text, failed);
    senderOf(this.RED).note(this.nodeId, notBegunEntry(message, reason, peer));
  }

  /** What an instance of a list does not come again for is done now. The list says the rest. */
  async tellInstance(message: ObjectMessage, failed: OutFailed): Promise<void> {
    await this.fail(message, statusOf(failed));
  }

  /**
   * The same about a whole message. An object that comes again may become a dead letter later, which can say why.
   * @param instances of its list
   * @param failed undefined: for a reason that nobody knows
   */
  async tell(
    message: ObjectMessage,
    instances: readonly ObjectMessage[],
    failed: OutFailed | undefined,
  ): Promise<void> {
    const status = statusOf(failed);
    // Who acknowledges a list brings all of it again.
    const comesWithList = queueNameOf(message) !== undefined;
    for (const instance of instances) await this.fail(instance, status, comesWithList);
    if ((await this.fail(message, status)) || failed === undefined) return;
    const { code, message: words } = outError(this.text, failed.discreet);
    await tellNotWorkedOn(message, `${code}: ${words}`);
  }
}

/** What the message is to blame for: with the same flow, it says the same the next time. */
const LASTING: ReadonlySet<OutFailure> = new Set([
  'noPeer',
  'wrongPeer',
  'peerNotAllowed',
  'noObject',
  'listInvalid',
  'notRead',
  'notChanged',
]);

/** A700 says that it may succeed later. */
function statusOf(failed: OutFailed | undefined): CommandStatus {
  if (failed === undefined) return { status: Status.outOfResources, comment: 'the flow could not send it' };
  const { failure } = failed;
  const status = LASTING.has(failure) ? Status.cannotUnderstand : Status.outOfResources;
  return { status, comment: `the flow could not send it: ${OUT_ERRORS.codeOf(failure)}` };
}
