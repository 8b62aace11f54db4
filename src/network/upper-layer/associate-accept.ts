import {
  type ExtendedNegotiation,
  FIXED_PART,
  invalid,
  type Item,
  items,
  ItemType,
  MAX_CONTEXTS,
  noUserInformation,
  readExtended,
  readUserItem,
  uid,
  type UserInformation,
} from './associate-items';
import type { ProposedContext } from './associate-request';
import { ContextResult, PDU_HEADER_LENGTH, type Rejection } from './pdu';

/** The answer to one proposed context. `transferSyntax` is significant where the result is accept (PS3.8 9.3.3.2). */
export interface ContextAnswer extends ProposedContext {
  result: ContextResult;
  transferSyntax: string;
  /** The peer is the SCP of the service, as it wants (PS3.7 D.3.3.4). Without it, it is the SCU. */
  peerIsScp?: true;
}

/** What an open association needs to know of an accepted context: what was proposed beside it is not kept. */
export type AcceptedContext = Pick<ContextAnswer, 'abstractSyntax' | 'transferSyntax'>;

/** The accepted contexts by their ids. */
export function acceptedContexts(answers: readonly ContextAnswer[]): Map<number, AcceptedContext> {
  return new Map(
    answers
      .filter(({ result }) => result === ContextResult.accept)
      .map(({ id, abstractSyntax, transferSyntax }) => [id, { abstractSyntax, transferSyntax }]),
  );
}

/** What an A-ASSOCIATE-AC says (PS3.8 9.3.3). Its AE titles are not tested when received. */
export interface AssociateAccept extends UserInformation {
  contexts: ContextAnswer[];
  /** Undefined: none was answered, so nothing of it is supported (PS3.7 D.3.3.5.2). */
  extended?: ExtendedNegotiation[];
}

/** Results that PS3.8 9.3.3.2 knows; what is none of them accepts nothing. */
const RESULTS: ReadonlySet<number> = new Set(Object.values(ContextResult));

/**
 * Reads an A-ASSOCIATE-AC PDU (header included). A context that is not answered is not accepted.
 * @param proposed by the A-ASSOCIATE-RQ
 * @throws ProtocolError (invalid PDU parameter) when a length is wrong, or a context is answered that was not proposed, or
 * twice, or accepted with a transfer syntax that was not proposed for it
 */
export function readAssociateAccept(pdu: Buffer, proposed: readonly ProposedContext[]): AssociateAccept {
  const body = pdu.subarray(PDU_HEADER_LENGTH);
  if (body.length < FIXED_PART) throw invalid('an A-ASSOCIATE-AC is shorter than its fixed part');
  const accept: AssociateAccept = { contexts: [], ...noUserInformation() };
  const left = new Map(proposed.map((context) => [context.id, context]));
  for (const { type, value } of items(body.subarray(FIXED_PART))) {
    if (type === ItemType.answeredContext) accept.contexts.push(readAnswer(value, left));
    if (type === ItemType.userInformation) for (const item of items(value)) readAnsweredItem(accept, item);
  }
  return accept;
}

function readAnsweredItem(accept: AssociateAccept, item: Item): void {
  if (item.type !== ItemType.extendedNegotiation) readUserItem(accept, item);
  else if ((accept.extended?.length ?? 0) < MAX_CONTEXTS)
    accept.extended = [...(accept.extended ?? []), readExtended(item.value)];
}

function readAnswer(value: Buffer, left: Map<number, ProposedContext>): ContextAnswer {
  if (value.length < 4) throw invalid('a presentation context item is too short');
  const id = value.readUInt8(0);
  const context = left.get(id);
  if (context === undefined)
    throw invalid(`presentation context id ${id} was not proposed, or is answered twice`);
  left.delete(id);
  const found = value.readUInt8(2);
  const result = RESULTS.has(found) ? (found as ContextResult) : ContextResult.noReason;
  if (result !== ContextResult.accept) return { ...context, result, transferSyntax: '' };
  const transferSyntax = onlyTransferSyntax(items(value.subarray(4)));
  if (!context.transferSyntaxes.includes(transferSyntax)) {
    throw invalid(
      `presentation context ${id} is accepted with a transfer syntax that was not proposed for it`,
    );
  }
  return { ...context, result, transferSyntax };
}

function onlyTransferSyntax(found: Iterable<Item>): string {
  const syntaxes = [...found].filter(({ type }) => type === ItemType.transferSyntax);
  if (syntaxes.length !== 1) throw invalid('a presentation context is not accepted with one transfer syntax');
  return uid(syntaxes[0]?.value ?? Buffer.alloc(0));
}

/** What an A-ASSOCIATE-RJ PDU (header included) says: numbers as they came (PS3.8 9.3.4). */
export function readReject(pdu: Buffer): Pick<Rejection, 'reason'> & { result: number; source: number } {
  return { result: pdu.readUInt8(7), source: pdu.readUInt8(8), reason: pdu.readUInt8(9) };
}
