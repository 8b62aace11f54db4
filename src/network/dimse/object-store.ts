import type { AssociationFacts } from '../upper-layer';
import type { Refusal } from './service';
import type { CommandStatus } from './status';

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
 * An object whose data set is arriving, in order. Exactly one of `complete` and `discard` ends it. Nothing here throws for
 * want of room or understanding: the object is refused with a status.
 */
export interface IncomingObject {
  /**
   * Takes the next bytes of the data set. A status: the object is refused with it, and is to be discarded.
   * @param bytes valid during the call only
   */
  append(bytes: Buffer): CommandStatus | undefined;
  /** The data set is complete. The status is the answer to the sender: success means the object is safely kept. */
  complete(): Promise<CommandStatus>;
  /** The object will not be completed: nothing of it may stay. */
  discard(): void;
}

/** Where objects go. */
export interface ObjectStore {
  begin(request: StoreRequest): IncomingObject | Refusal;
}
