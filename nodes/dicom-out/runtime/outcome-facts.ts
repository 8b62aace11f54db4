import { asError } from '../../../src/basics';
import { hexStatus, Status, type CommandStatus } from '../../../src/network';
import type { OutboxNote, SendFailure, SendOutcome } from '../../../src/sender';
import type { UsedPeer } from './defined-peers';
import { factsIn, type HeldObject, type ObjectMessage } from '../../runtime/objects';
import { plainJson } from '../../runtime/plain-json';
import { OutFailed } from './out-error';

/** So long before a sender's time is over nothing more is tried: the answer has to get there. */
const ANSWER_MARGIN_MS = 2_000;

/** How long the sender of an object waits still for its answer, milliseconds; Infinity: it does not. */
export function answerTimeLeft(message: ObjectMessage, held: HeldObject | undefined): number {
  if (held?.answersWithinSeconds === undefined) return Infinity;
  const { receivedAt } = factsIn(message);
  const at = typeof receivedAt === 'string' ? Date.parse(receivedAt) : NaN;
  const since = Number.isNaN(at) ? 0 : Math.max(0, Date.now() - at);
  return Math.max(0, held.answersWithinSeconds * 1_000 - since - ANSWER_MARGIN_MS);
}

/** `msg.dicom.sent` */
export function sentOf(id: string, peer: string, outcome: SendOutcome): Record<string, unknown> {
  const { status, text, errorComment, instance, transferSyntaxUID, warnings } = outcome;
  const { attempts, milliseconds, committed } = outcome;
  return {
    id,
    peer,
    ...(status !== undefined && { status: hexStatus(status) }),
    statusText: text,
    ...(errorComment !== undefined && { errorComment }),
    ...instance,
    ...(transferSyntaxUID !== undefined && { transferSyntaxUID }),
    ...(warnings && { warnings }),
    attempts,
    milliseconds,
    ...(committed && { committed }),
  };
}

/** What the sender of the object hears, or its dead letter tells: the peer's own status, where it has given one. */
export function commandStatusOf({ kind, status, failure, text, errorComment }: SendOutcome): CommandStatus {
  if (kind === 'sent')
    return {
      status: status ?? Status.success,
      ...(errorComment !== undefined && { comment: errorComment }),
      isKept: true,
    };
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

/** What an outbox keeps of a message. */
export type KeptFacts = Pick<OutboxNote, 'topic' | 'dicom' | 'messageId'>;

/** Characters: an outbox has no place for more. */
const MOST_KEPT = 262_144;

/** @throws OutFailed where it is too large, or cannot be kept */
export function keptOf(message: ObjectMessage): KeptFacts {
  const { topic, _msgid } = message as ObjectMessage & { topic?: unknown };
  try {
    const facts = Object.entries(factsIn(message)).filter(([name]) => !IN_THE_OBJECT.has(name));
    const kept = plainJson({ topic, dicom: Object.fromEntries(facts) }, MOST_KEPT) as KeptFacts;
    return { ...kept, ...(typeof _msgid === 'string' && { messageId: _msgid }) };
  } catch (error) {
    const reason = `msg.topic and msg.dicom cannot be kept with the object: ${asError(error).message}`;
    throw new OutFailed('notRead', { reason });
  }
}

/** What an outbox keeps with an object, which lies there as it has been changed. */
export function noteOf(sentId: string, to: UsedPeer, kept: KeptFacts, isChanged: boolean): OutboxNote {
  return {
    sentId,
    peer: to.id,
    ...(to.stored && { peerName: to.peer.name, definedPeer: to.stored }),
    ...kept,
    ...(isChanged && { isChanged }),
    storedAt: new Date().toISOString(),
  };
}

/** Bytes are stored themselves, and as they have become; a document is in them. */
const IN_THE_OBJECT: ReadonlySet<string> = new Set(['object', 'changes', 'document']);
