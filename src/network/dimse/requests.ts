import { VERIFICATION_SOP_CLASS } from '../upper-layer';
import { CommandField } from './command-field';
import {
  CommandSetWriter,
  DATA_SET,
  GROUP_LENGTH_ELEMENT,
  NO_DATA_SET,
  NUL,
  SHORT_ELEMENT,
  SPACE,
  Tag,
  textElement,
} from './command-set-writer';

/** How urgent an operation is (PS3.7 9.1.1.1.5). */
export const Priority = { medium: 0, high: 1, low: 2 } as const;
export type Priority = (typeof Priority)[keyof typeof Priority];

/** Which object is to be stored, and whose C-MOVE wants it (PS3.7 9.1.1.1). */
export interface StoreCommand {
  messageId: number;
  /** Affected SOP Class and Instance UID: plain ASCII. */
  sopClassUID: string;
  sopInstanceUID: string;
  priority: Priority;
  moveOriginator?: { aet: string; messageId: number };
}

/** A C-STORE-RQ (PS3.7 9.3.1.1). */
export function encodeStoreRequest(command: StoreCommand): Buffer {
  const { messageId, sopClassUID, sopInstanceUID, priority, moveOriginator } = command;
  const texts =
    textElement(sopClassUID) + textElement(sopInstanceUID) + textElement(moveOriginator?.aet ?? '');
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 5 * SHORT_ELEMENT + texts);
  out.text(Tag.affectedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, CommandField.storeRQ);
  out.short(Tag.messageId, messageId);
  out.short(Tag.priority, priority);
  out.short(Tag.dataSetType, DATA_SET);
  out.text(Tag.affectedSopInstanceUID, sopInstanceUID, NUL);
  if (moveOriginator !== undefined) {
    out.text(Tag.moveOriginatorAET, moveOriginator.aet, SPACE);
    out.short(Tag.moveOriginatorMessageId, moveOriginator.messageId);
  }
  return out.finish();
}

/** A C-ECHO-RQ (PS3.7 9.3.5.1). */
export function encodeEchoRequest(messageId: number): Buffer {
  const out = new CommandSetWriter(
    GROUP_LENGTH_ELEMENT + 3 * SHORT_ELEMENT + textElement(VERIFICATION_SOP_CLASS),
  );
  out.text(Tag.affectedSopClassUID, VERIFICATION_SOP_CLASS, NUL);
  out.short(Tag.commandField, CommandField.echoRQ);
  out.short(Tag.messageId, messageId);
  out.short(Tag.dataSetType, NO_DATA_SET);
  return out.finish();
}

/** A C-FIND-RQ; its identifier follows (PS3.7 9.3.2.1). */
export function encodeFindRequest(messageId: number, sopClassUID: string): Buffer {
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 4 * SHORT_ELEMENT + textElement(sopClassUID));
  out.text(Tag.affectedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, CommandField.findRQ);
  out.short(Tag.messageId, messageId);
  out.short(Tag.priority, Priority.medium);
  out.short(Tag.dataSetType, DATA_SET);
  return out.finish();
}

/** Which C-GET or C-MOVE (PS3.7 9.1.3, 9.1.4). */
export interface RetrieveCommand {
  messageId: number;
  sopClassUID: string;
  /** To whom the peer is to send, for a C-MOVE; undefined: a C-GET. */
  moveDestination?: string;
}

/** A C-GET-RQ or C-MOVE-RQ; its identifier follows (PS3.7 9.3.3.1, 9.3.4.1). */
export function encodeRetrieveRequest({ messageId, sopClassUID, moveDestination }: RetrieveCommand): Buffer {
  const texts = textElement(sopClassUID) + textElement(moveDestination ?? '');
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 4 * SHORT_ELEMENT + texts);
  out.text(Tag.affectedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, moveDestination === undefined ? CommandField.getRQ : CommandField.moveRQ);
  out.short(Tag.messageId, messageId);
  if (moveDestination !== undefined) out.text(Tag.moveDestination, moveDestination, SPACE);
  out.short(Tag.priority, Priority.medium);
  out.short(Tag.dataSetType, DATA_SET);
  return out.finish();
}

/** A C-CANCEL-RQ, the same for C-FIND, C-GET and C-MOVE (PS3.7 9.3.2.3). @param messageId of the request that is to end */
export function encodeCancelRequest(messageId: number): Buffer {
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 3 * SHORT_ELEMENT);
  out.short(Tag.commandField, CommandField.cancelRQ);
  out.short(Tag.messageIdBeingRespondedTo, messageId);
  out.short(Tag.dataSetType, NO_DATA_SET);
  return out.finish();
}

/** What is to be done to which instance (PS3.7 10.1.4.1). */
export interface ActionCommand {
  messageId: number;
  /** Requested SOP Class and Instance UID. */
  sopClassUID: string;
  sopInstanceUID: string;
  actionTypeId: number;
}

/** An N-ACTION-RQ with a data set (PS3.7 10.3.4.1). */
export function encodeActionRequest({
  messageId,
  sopClassUID,
  sopInstanceUID,
  actionTypeId,
}: ActionCommand): Buffer {
  const texts = textElement(sopClassUID) + textElement(sopInstanceUID);
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 4 * SHORT_ELEMENT + texts);
  out.text(Tag.requestedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, CommandField.actionRQ);
  out.short(Tag.messageId, messageId);
  out.short(Tag.dataSetType, DATA_SET);
  out.text(Tag.requestedSopInstanceUID, sopInstanceUID, NUL);
  out.short(Tag.actionTypeId, actionTypeId);
  return out.finish();
}
