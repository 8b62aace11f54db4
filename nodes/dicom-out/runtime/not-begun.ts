import type { NodeAPI } from 'node-red';
import { Status, type CommandStatus } from '../../../src/network';
import { type ObjectMessage, tellNotWorkedOn } from '../../runtime/objects';
import type { Text } from '../../runtime/node-texts';
import { senderOf } from '../../runtime/peers';
import { OUT_ERRORS, outError, type OutFailed, type OutFailure } from './out-error';
import { notBegunEntry } from './out-journal';

/** Who hears of objects that a node has not begun to send, beside the flow: its journal, their senders and their queues. */
export class NotBegun {
  /** @param answer answers the sender of an object; false: none waits */
  constructor(
    private readonly RED: NodeAPI,
    private readonly nodeId: string,
    private readonly text: Text,
    private readonly answer: (message: ObjectMessage, status: CommandStatus) => Promise<boolean>,
  ) {}

  /** The sender, which keeps the journal, does not hear of it otherwise. */
  note(message: ObjectMessage, failed: OutFailed, peer?: string): void {
    const { message: reason } = outError(this.text, failed);
    senderOf(this.RED).note(this.nodeId, notBegunEntry(message, reason, peer));
  }

  /** Who waits for an answer about an instance of a list hears it now. The list says the rest. */
  async tellInstance(message: ObjectMessage, failed: OutFailed): Promise<void> {
    await this.answer(message, statusOf(failed));
  }

  /**
   * The same about a whole message. Where nobody waits, its object comes again, and a dead letter can say why.
   * @param instances of its list
   * @param failed undefined: for a reason that nobody knows
   */
  async tell(
    message: ObjectMessage,
    instances: readonly ObjectMessage[],
    failed: OutFailed | undefined,
  ): Promise<void> {
    const status = statusOf(failed);
    for (const instance of instances) await this.answer(instance, status);
    if ((await this.answer(message, status)) || failed === undefined) return;
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
