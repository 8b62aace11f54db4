import { hexStatus, Status, type CommandStatus } from '../../../src/network';
import type { OutboxNote, SendFailure, SendOutcome } from '../../../src/sender';
import type { UsedPeer } from '../../runtime/defined-peers';
import type { HeldObject } from '../../runtime/held-objects';
import type { ObjectMessage } from '../../runtime/message-object';
import { OutFailed } from './out-error';

/** So long before a sender's time is over nothing more is tried: the answer has to get there. */
const ANSWER_MARGIN_MS = 2_000;

/** How long the sender of an object waits still for its answer, milliseconds; Infinity: it does not. */
export function answerTimeLeft({ dicom }: ObjectMessage, held: HeldObject | undefined): number {
  if (held?.answersWithinSeconds === undefined) return Infinity;
  const receivedAt = Date.parse(String(dicom?.receivedAt));
  const since = Number.isNaN(receivedAt) ? 0 : Math.max(0, Date.now() - receivedAt);
  return Math.max(0, held.answersWithinSeconds * 1_000 - since - ANSWER_MARGIN_MS);
}

/** `msg.dicom.sent` */
export function sentOf(id: string, peer: string, outcome: SendOutcome): Record<string, unknown> {
  const { status, text, errorComment, transferSyntaxUID, warnings, attempts, milliseconds, committed } =
    outcome;
  return {
    id,
    peer,
    ...(status !== undefined && { status: hexStatus(status) }),
    statusText: text,
    ...(errorComment !== undefined && { errorComment }),
    ...(transferSyntaxUID !== undefined && { transferSyntaxUID }),
    ...(warnings && { warnings }),
    attempts,
    milliseconds,
    ...(committed && { committed }),
  };
}

/** What the sender of the object hears, or its dead letter tells: the peer's own status, where it has given one. */
export function commandStatusOf({ kind, status, failure, text, errorComment }: SendOutcome): CommandStatus {
  if (kind === 'sent') return { status: status ?? Status.success };
  return { status: status ?? STATUS_OF_FAILURE[failure ?? 'unreachable'], comment: errorComment ?? text };
}

/** Without a status from the peer: A700 says that it may succeed later. */
const STATUS_OF_FAILURE: Readonly<Record<SendFailure, number>> = {
  unreachable: Status.outOfResources,
  notAccepted: Status.sopClassNotSupported,
  notCommitted: Status.outOfResources,
  refused: Status.cannotUnderstand,
  notRead: Status.cannotUnderstand,
  notTheObject: Status.cannotUnderstand,
  notChanged: Status.cannotUnderstand,
  noRoom: Status.outOfResources,
};

/** What a Catch node gets. */
export function failureOf({
  failure = 'unreachable',
  text,
  status,
  errorComment = '',
}: SendOutcome): OutFailed {
  const values = {
    reason: text,
    comment: errorComment,
    status: status === undefined ? '' : hexStatus(status),
  };
  return new OutFailed(failure, values);
}

/** What an outbox keeps with an object, which lies there as it has been changed. */
export function noteOf(sentId: string, to: UsedPeer, message: ObjectMessage, isChanged: boolean): OutboxNote {
  const { topic, dicom = {}, _msgid } = message as ObjectMessage & { topic?: unknown };
  const facts = Object.fromEntries(Object.entries(dicom).filter(([name]) => !IN_THE_OBJECT.has(name)));
  return {
    sentId,
    peer: to.id,
    ...(to.stored && { peerName: to.peer.name, definedPeer: to.stored }),
    ...(topic !== undefined && { topic }),
    dicom: facts,
    ...(_msgid !== undefined && { messageId: _msgid }),
    ...(isChanged && { isChanged }),
    storedAt: new Date().toISOString(),
  };
}

/** The object's bytes are stored themselves, and as they have become. */
const IN_THE_OBJECT: ReadonlySet<string> = new Set(['object', 'changes']);
