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
import type { Operation, PendingResponses, Refusal, ServiceRegistry, Unwanted } from './service';
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
  /** The same with a data set. Undefined: more can be sent now; else a promise of that, which resolves in every case. */
  respondWith(contextId: number, command: Buffer, dataSet: Buffer): Promise<void> | undefined;
  /** Reads nothing more from the peer until the promise is settled. */
  hold(promise: Promise<void>): void;
  /** Reads on until the promise is settled: a request has several responses. */
  serve(promise: Promise<void>): void;
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
  /** It may have several responses. */
  hasMatches: boolean;
}

/** A request that has several responses, and is being answered. */
interface Matching {
  messageId: number | undefined;
  unwanted: AbortController;
}

/** Performs what the peer asks for on one association, one request at a time (PS3.7 7.5). */
export class Performer {
  private readonly messages = new MessageReader();
  private arriving: Arriving | undefined;
  private matching: Matching | undefined;

  constructor(
    private readonly association: PerformingAssociation,
    private readonly services: ServiceRegistry,
  ) {}

  /** True from a message's first fragment to its last. */
  get isReceiving(): boolean {
    return this.messages.isUnderWay;
  }

  /** A request with several responses is being answered. */
  get isMatching(): boolean {
    return this.matching !== undefined;
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
    this.want(undefined, 'gone');
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
    // It has no response (PS3.7 9.3.2.3). What is over, or has never been, cannot be cancelled.
    if (commandField === CommandField.cancelRQ) {
      if (command.respondsTo !== undefined) this.want(command.respondsTo, 'cancelled');
      return;
    }
    const service = this.isMatching
      ? busy(commandField)
      : this.services.find(commandField, context.abstractSyntax);
    const arriving: Arriving = {
      contextId,
      command,
      performing:
        'refused' in service
          ? service
          : service.begin({ association: this.association.facts, context, command }),
      bytes: 0,
      maxBytes: 'refused' in service ? 0 : service.maxDataSetBytes,
      hasMatches: 'hasMatches' in service,
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

  private answer(arriving: Arriving): void {
    const { performing } = arriving;
    if ('refused' in performing) this.association.hold(this.answered(arriving, performing.refused));
    else if (arriving.hasMatches) this.match(arriving, performing);
    else this.association.hold(this.answered(arriving, performing.complete(this.pending(arriving, WANTED))));
  }

  private match(arriving: Arriving, operation: Operation): void {
    const { messageId } = arriving.command;
    const matching = { messageId, unwanted: new AbortController() };
    this.matching = matching;
    const status = operation.complete(this.pending(arriving, matching.unwanted.signal)).finally(() => {
      this.matching = undefined;
    });
    this.association.serve(this.answered(arriving, status));
  }

  private pending({ contextId, command }: Arriving, unwanted: AbortSignal): PendingResponses {
    return {
      send: (status, identifier) =>
        unwanted.aborted
          ? undefined
          : this.association.respondWith(contextId, encodeResponse(command, { status }, true), identifier),
      unwanted,
    };
  }

  /** @param messageId of the request; undefined: whichever it is */
  private want(messageId: number | undefined, reason: Unwanted): void {
    if (messageId === undefined || messageId === this.matching?.messageId)
      this.matching?.unwanted.abort(reason);
  }

  private async answered(
    { contextId, command, bytes }: Arriving,
    answer: CommandStatus | Promise<CommandStatus>,
  ): Promise<void> {
    const status = await answer;
    this.association.respond(contextId, encodeResponse(command, status));
    const { affectedSopClassUID: sopClassUID = '', affectedSopInstanceUID: sopInstanceUID = '' } = command;
    const operation = operationName(command.commandField);
    this.association.performed({ operation, sopClassUID, sopInstanceUID, status, bytes });
  }
}

/** Of what has one response. To make one for each object would cost a twentieth of a small one. */
const WANTED = new AbortController().signal;

/** To a request while another one is being answered: asynchronous operations are not negotiated (PS3.7 D.3.3.3). */
function busy(commandField: number): Refusal {
  const status = commandField < FIRST_N_REQUEST ? Status.outOfResources : Status.resourceLimitation;
  return { refused: { status, comment: 'one request at a time: the last one is being answered' } };
}

/** From here on the Command Fields are those of N services. */
const FIRST_N_REQUEST = 0x0100;

function discard({ performing }: Arriving): void {
  if (!('refused' in performing)) performing.discard();
}

function tooLarge(limit: number): CommandStatus {
  return {
    status: Status.outOfResources,
    comment: `object is larger than the limit of ${limit / 1e6} MB`,
  };
}
