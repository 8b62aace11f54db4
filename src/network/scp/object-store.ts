import type { CommandStatus } from '../dimse';

/** The facts of an association that go with each of its objects. */
export interface AssociationFacts {
  associationId: string;
  callingAET: string;
  calledAET: string;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  tls?: { authorized: boolean; subject: string };
}

/** A C-STORE request whose data set is about to arrive. */
export interface StoreRequest {
  association: AssociationFacts;
  messageId: number;
  /** Where a C-MOVE has caused it (PS3.7 9.3.1.1). */
  moveOriginatorAET?: string;
  moveOriginatorMessageId?: number;
  /** The SOP class for which the presentation context was negotiated. */
  abstractSyntaxUID: string;
  /** Affected SOP Class and Instance UID of the command. */
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
}

/**
 * Takes the data set of one C-STORE request, in order. Exactly one of `finish` and `discard` ends it.
 * `write` and `finish` never throw for want of room or understanding: they answer with a status, and from then on the
 * rest of the data set is dropped by the caller.
 */
export interface ObjectWriter {
  /**
   * Undefined: go on. A status: refuse the object with it. A promise: wait, the sender is held meanwhile.
   * @param bytes valid until `write` returns, not until its promise is settled
   */
  write(bytes: Buffer): CommandStatus | undefined | Promise<CommandStatus | undefined>;
  /** The data set is complete. The status is the answer to the sender: success means the object is safely kept. */
  finish(): Promise<CommandStatus>;
  /** The object will not be completed: nothing of it may stay. */
  discard(): void;
}

/** Where objects go. */
export interface ObjectStore {
  /** Undefined in `refused`: write the data set to `writer`. */
  begin(request: StoreRequest): { writer: ObjectWriter } | { refused: CommandStatus };
}
