import { RESPONSE_BIT, decodeCommandSet, type CommandSet } from './command-set';
import { AbortReason, ProtocolError } from './pdu';
import type { PdvFragment } from './pdu-reader';

/** Far above any command set of PS3.7: a peer cannot make us collect more. */
const MAX_COMMAND_LENGTH = 65_536;

/** What a DIMSE message consists of, in order (PS3.7 6.3.1). */
export interface MessageHandler {
  command(contextId: number, command: CommandSet, bytes: Buffer): void;
  data(bytes: Buffer): void;
  /** @param length of the whole data set, in bytes */
  dataEnds(contextId: number, command: CommandSet, length: number): void;
  dataTooLong(limit: number): void;
}

type Expecting =
  | { kind: 'command'; contextId: number | undefined; parts: Buffer[]; length: number }
  | { kind: 'data'; contextId: number; command: CommandSet; length: number; limit: number };

const nothing = (): Expecting => ({ kind: 'command', contextId: undefined, parts: [], length: 0 });

/**
 * Puts PDV fragments together to DIMSE messages: a command set, then its data set where it has one. Fragments of two
 * messages are not interleaved, on whatever contexts (PS3.8 E.2).
 */
export class MessageReader {
  private expecting: Expecting = nothing();

  constructor(private readonly handler: MessageHandler) {}

  /** True from a message's first fragment to its last. */
  get isUnderWay(): boolean {
    return this.expecting.kind === 'data' || this.expecting.contextId !== undefined;
  }

  /** @throws ProtocolError when the fragment cannot come now */
  fragment(fragment: PdvFragment): void {
    if (this.expecting.contextId !== undefined && this.expecting.contextId !== fragment.contextId) {
      throw outOfOrder('a fragment of another presentation context inside a message');
    }
    if (this.expecting.kind === 'data') this.dataFragment(this.expecting, fragment);
    else this.commandFragment(this.expecting, fragment);
  }

  /** Bounds the data set that has just been announced; 0: no bound. */
  limitData(limit: number): void {
    if (this.expecting.kind === 'data' && limit > 0) this.expecting.limit = limit;
  }

  reset(): void {
    this.expecting = nothing();
  }

  private commandFragment(message: Expecting & { kind: 'command' }, fragment: PdvFragment): void {
    const { contextId, bytes } = fragment;
    if (!fragment.isCommand) throw outOfOrder('a data fragment before its command');
    message.contextId = contextId;
    message.parts.push(bytes);
    message.length += bytes.length;
    // An empty fragment costs memory too, so the pieces are bounded as well as the bytes.
    if (message.length > MAX_COMMAND_LENGTH || message.parts.length > MAX_COMMAND_LENGTH) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `a command set has more than ${MAX_COMMAND_LENGTH} bytes`,
      );
    }
    if (!fragment.isLast || !fragment.endsPdv) return;
    const whole = message.parts.length === 1 ? bytes : Buffer.concat(message.parts);
    const command = decodeCommandSet(whole);
    if ((command.commandField & RESPONSE_BIT) !== 0) {
      throw outOfOrder('a response, though no request was sent');
    }
    this.expecting = command.hasDataSet
      ? { kind: 'data', contextId, command, length: 0, limit: Infinity }
      : nothing();
    this.handler.command(contextId, command, whole);
  }

  private dataFragment(message: Expecting & { kind: 'data' }, fragment: PdvFragment): void {
    if (fragment.isCommand) throw outOfOrder('a command fragment inside a data set');
    const before = message.length;
    message.length += fragment.bytes.length;
    if (message.length <= message.limit) {
      if (fragment.bytes.length > 0) this.handler.data(fragment.bytes);
    } else if (before <= message.limit) {
      this.handler.dataTooLong(message.limit);
    }
    if (!fragment.isLast || !fragment.endsPdv) return;
    this.expecting = nothing();
    this.handler.dataEnds(message.contextId, message.command, message.length);
  }
}

function outOfOrder(what: string): ProtocolError {
  return new ProtocolError(AbortReason.unexpectedPdu, what);
}
