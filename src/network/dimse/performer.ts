import {
  AbortReason,
  type AcceptedContext,
  type AssociationFacts,
  type PdvFragment,
  ProtocolError,
} from '../upper-layer';
import { CommandField, operationName, RESPONSE_BIT } from './command-field';
import { type CommandSet, encodeResponse } from './command-set';
import { type MessagePart, MessageReader } from './message-reader';
import type { Operation, ServiceRegistry } from './service';
import { type CommandStatus, Status } from './status';

/** What became of a request. */
export interface Outcome {
  /** `C-STORE`, or the name of another operation. */
  operation: string;
  sopClassUID: string;
  sopInstanceUID: string;
  status: CommandStatus;
  /** Bytes of the data set. */
  bytes: number;
}

/** The association whose requests are performed. */
export interface PerformingAssociation {
  readonly facts: AssociationFacts;
  /** Sends a command set on a presentation context. */
  respond(contextId: number, command: Buffer): void;
  /** Reads nothing more from the peer until the promise is settled. */
  hold(promise: Promise<void>): void;
  /** A request has been answered. */
  performed(outcome: Outcome): void;
}

/** A request whose data set is arriving. */
interface Arriving {
  contextId: number;
  command: CommandSet;
  /** Refused: the rest of the data set is dropped, and then answered with the status. */
  performing: Operation | { refused: CommandStatus };
  /** So far. */
  bytes: number;
  /** 0: no limit. */
  maxBytes: number;
}

/** Performs what the peer asks for on one association, one request at a time (PS3.7 7.5). */
export class Performer {
  private readonly messages = new MessageReader();
  private arriving: Arriving | undefined;

  constructor(
    private readonly association: PerformingAssociation,
    private readonly services: ServiceRegistry,
  ) {}

  /** True from a message's first fragment to its last. */
  get isReceiving(): boolean {
    return this.messages.isUnderWay;
  }

  /** @throws ProtocolError when the fragment cannot come now */
  take(fragment: PdvFragment, context: AcceptedContext): void {
    const part = this.messages.take(fragment);
    if (part !== undefined) this.takePart(part, context);
  }

  /** The same, where somebody else reads the messages. */
  takePart(part: MessagePart, context: AcceptedContext): void {
    if (part.kind === 'command') this.begin(part, context);
    else if (this.arriving !== undefined) this.append(this.arriving, part);
  }

  /** A request that has not arrived as a whole is dropped; one that is being answered is left to be finished. */
  drop(): void {
    this.messages.reset();
    if (this.arriving !== undefined) discard(this.arriving);
    this.arriving = undefined;
  }

  private begin({ contextId, command }: MessagePart & { kind: 'command' }, context: AcceptedContext): void {
    const { commandField, hasDataSet } = command;
    if ((commandField & RESPONSE_BIT) !== 0) {
      throw new ProtocolError(
        AbortReason.unexpectedPdu,
        'the peer sent a response, though no request was sent',
      );
    }
    // There is nothing that could be cancelled, and no response (PS3.7 9.3.2.3).
    if (commandField === CommandField.cancelRQ) return;
    const service = this.services.find(commandField, context.abstractSyntax);
    const arriving: Arriving = {
      contextId,
      command,
      performing:
        'refused' in service
          ? service
          : service.begin({ association: this.association.facts, context, command }),
      bytes: 0,
      maxBytes: 'refused' in service ? 0 : service.maxDataSetBytes,
    };
    if (hasDataSet) this.arriving = arriving;
    else this.answer(arriving);
  }

  private append(arriving: Arriving, { bytes, isLast }: MessagePart & { kind: 'data' }): void {
    const { performing, maxBytes } = arriving;
    arriving.bytes += bytes.length;
    if (bytes.length > 0 && !('refused' in performing)) {
      const refused =
        maxBytes > 0 && arriving.bytes > maxBytes ? tooLarge(maxBytes) : performing.append(bytes);
      if (refused !== undefined) {
        discard(arriving);
        arriving.performing = { refused };
      }
    }
    if (!isLast) return;
    this.arriving = undefined;
    this.answer(arriving);
  }

  private answer({ contextId, command, performing, bytes }: Arriving): void {
    const answered = 'refused' in performing ? Promise.resolve(performing.refused) : performing.complete();
    this.association.hold(
      answered.then((status) => {
        this.association.respond(contextId, encodeResponse(command, status));
        const { affectedSopClassUID: sopClassUID = '', affectedSopInstanceUID: sopInstanceUID = '' } =
          command;
        const operation = operationName(command.commandField);
        this.association.performed({ operation, sopClassUID, sopInstanceUID, status, bytes });
      }),
    );
  }
}

function discard({ performing }: Arriving): void {
  if (!('refused' in performing)) performing.discard();
}

function tooLarge(limit: number): CommandStatus {
  return {
    status: Status.outOfResources,
    comment: `object is larger than the limit of ${limit / 1e6} MB`,
  };
}
