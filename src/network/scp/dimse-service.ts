import {
  CommandField,
  type CommandSet,
  type CommandStatus,
  encodeResponse,
  type MessageHandler,
  MessageReader,
  operationName,
  Status,
} from '../dimse';
import { type PdvFragment, VERIFICATION_SOP_CLASS } from '../upper-layer';
import type { AcceptedContext, AssociationPolicy } from './association-policy';
import type { AssociationFacts, ObjectStore, ObjectWriter } from './object-store';
import { refuseStore, refusingWriter } from './store-checks';

/** What became of a C-STORE request, or of another one that was refused. */
export interface StoreOutcome {
  /** `C-STORE`, or the name of the operation that was refused. */
  operation: string;
  sopClassUID: string;
  sopInstanceUID: string;
  status: CommandStatus;
  /** Bytes of the data set. */
  bytes: number;
}

/** The association as its DIMSE service sees it. */
export interface DimseAssociation {
  readonly facts: AssociationFacts;
  readonly policy: AssociationPolicy;
  readonly store: ObjectStore;
  /** Larger data sets are refused with A700; 0: no limit. */
  readonly maxObjectBytes: number;
  /** Sends a command set on a presentation context. */
  respond(contextId: number, command: Buffer): void;
  /** Reads nothing more from the peer until the promise is settled, then goes on with its value. */
  hold<T>(promise: Promise<T>, then: (value: T) => void): void;
  stored(outcome: StoreOutcome): void;
}

/**
 * The DIMSE requests of one association. C-STORE is the express lane: its command is answered here, and its data set
 * goes fragment by fragment from the socket to the store. C-ECHO is answered (PS3.4 A.4); everything else is refused.
 */
export class DimseService implements MessageHandler {
  private readonly messages = new MessageReader(this);
  private writer: ObjectWriter | undefined;
  /** A fragment that the writer has not taken yet. The sender is held, so there is one at most. */
  private writing: Promise<void> | undefined;

  constructor(
    private readonly association: DimseAssociation,
    /** The accepted presentation contexts. */
    private readonly contexts: ReadonlyMap<number, AcceptedContext>,
  ) {}

  /** True from a message's first fragment to its last. */
  get isReceiving(): boolean {
    return this.messages.isUnderWay;
  }

  /** @throws ProtocolError when the fragment cannot come now */
  fragment(fragment: PdvFragment): void {
    this.messages.fragment(fragment);
  }

  /** A half-received object is dropped; one whose answer is being worked out is left to be finished. */
  drop(): void {
    if (!this.isReceiving) return;
    this.messages.reset();
    this.writer?.discard();
    this.writer = undefined;
  }

  command(contextId: number, command: CommandSet): void {
    const isVerification = this.contexts.get(contextId)?.abstractSyntax === VERIFICATION_SOP_CLASS;
    switch (command.commandField) {
      case CommandField.storeRQ:
        this.beginStore(contextId, command);
        break;
      case CommandField.echoRQ:
        if (isVerification && !command.hasDataSet) this.answerEcho(contextId, command);
        else this.refuse(contextId, command, ECHO_REFUSED);
        break;
      case CommandField.cancelRQ:
        // Nothing that could be cancelled, and no response (PS3.7 9.3.2.3).
        break;
      default:
        this.refuse(contextId, command, OPERATION_REFUSED);
    }
  }

  data(bytes: Buffer): void {
    const written = this.writer?.write(bytes);
    if (written instanceof Promise) this.waitFor(written);
    else this.refuseRest(written);
  }

  dataTooLong(limit: number): void {
    const comment = `object is larger than the limit of ${limit / 1e6} MB`;
    this.refuseRest({ status: Status.outOfResources, comment });
  }

  /** The message is complete: answer its command. */
  dataEnds(contextId: number, command: CommandSet, bytes: number): void {
    if (this.writer === undefined) return;
    this.association.hold(this.finish(this.writer), (status) => {
      this.writer = undefined;
      this.association.respond(contextId, encodeResponse(command, status));
      const { affectedSopClassUID: sopClassUID = '', affectedSopInstanceUID: sopInstanceUID = '' } = command;
      const operation = operationName(command.commandField);
      this.association.stored({ operation, sopClassUID, sopInstanceUID, status, bytes });
    });
  }

  private answerEcho(contextId: number, command: CommandSet): void {
    this.association.respond(contextId, encodeResponse(command, { status: Status.success }));
  }

  private waitFor(written: Promise<CommandStatus | undefined>): void {
    this.writing = written.then((refused) => {
      this.writing = undefined;
      this.refuseRest(refused);
    });
    this.association.hold(this.writing, () => undefined);
  }

  /** The last fragment may still be under way, and may be what the object is refused for. */
  private async finish(writer: ObjectWriter): Promise<CommandStatus> {
    if (this.writing === undefined) return writer.finish();
    await this.writing;
    return (this.writer ?? writer).finish();
  }

  private beginStore(contextId: number, command: CommandSet): void {
    const context = this.contexts.get(contextId);
    if (context === undefined) return;
    const refused = refuseStore(command, context.abstractSyntax, this.association.policy);
    if (refused !== undefined) {
      this.refuse(contextId, command, refused);
      return;
    }
    const { moveOriginatorAET, moveOriginatorMessageId } = command;
    const begun = this.association.store.begin({
      association: this.association.facts,
      messageId: command.messageId ?? 0,
      ...(moveOriginatorAET !== undefined && { moveOriginatorAET }),
      ...(moveOriginatorMessageId !== undefined && { moveOriginatorMessageId }),
      abstractSyntaxUID: context.abstractSyntax,
      sopClassUID: command.affectedSopClassUID ?? '',
      sopInstanceUID: command.affectedSopInstanceUID ?? '',
      transferSyntaxUID: context.transferSyntax,
    });
    this.writer = 'writer' in begun ? begun.writer : refusingWriter(begun.refused);
    this.messages.limitData(this.association.maxObjectBytes);
  }

  /** Answers with this status once the data set, if there is one, has been read and dropped. */
  private refuse(contextId: number, command: CommandSet, status: CommandStatus): void {
    this.writer = refusingWriter(status);
    if (!command.hasDataSet) this.dataEnds(contextId, command, 0);
  }

  /** From here on the data set is read and dropped, and answered with this status. */
  private refuseRest(refused: CommandStatus | undefined): void {
    if (refused === undefined || this.writer === undefined) return;
    this.writer.discard();
    this.writer = refusingWriter(refused);
  }
}

const ECHO_REFUSED: CommandStatus = {
  status: Status.sopClassNotSupported,
  comment: 'C-ECHO needs a Verification context',
};
const OPERATION_REFUSED: CommandStatus = {
  status: Status.unrecognizedOperation,
  comment: 'only C-STORE and C-ECHO are supported',
};
