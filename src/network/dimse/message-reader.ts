import { AbortReason, type PdvFragment, ProtocolError } from '../upper-layer';
import { RESPONSE_BIT, decodeCommandSet, type CommandSet } from './command-set';

/** Far above any command set of PS3.7: a peer cannot make us collect more. */
const MAX_COMMAND_LENGTH = 65_536;

/** What a DIMSE message consists of, in order (PS3.7 6.3.1). */
export interface MessageHandler {
  command(contextId: number, command: CommandSet): void;
  data(bytes: Buffer): void;
  /** @param length of the whole data set, in bytes */
  dataEnds(contextId: number, command: CommandSet, length: number): void;
  dataTooLong(limit: number): void;
}

type Expecting =
  | { kind: 'command'; contextId: number | undefined; collected: Buffer; length: number; pieces: number }
  | { kind: 'data'; contextId: number; command: CommandSet; length: number; limit: number };

const EMPTY = Buffer.alloc(0);
const nothing = (): Expecting => ({
  kind: 'command',
  contextId: undefined,
  collected: EMPTY,
  length: 0,
  pieces: 0,
});

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
    message.pieces += 1;
    // Empty fragments never end either, so the pieces are bounded as well as the bytes.
    if (message.length + bytes.length > MAX_COMMAND_LENGTH || message.pieces > MAX_COMMAND_LENGTH) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `a command set has more than ${MAX_COMMAND_LENGTH} bytes`,
      );
    }
    const isWhole = fragment.isLast && fragment.endsPdv;
    // The usual case, a command in one piece, is not copied.
    if (!isWhole || message.length > 0) collect(message, bytes);
    if (!isWhole) return;
    const whole = message.length > 0 ? message.collected.subarray(0, message.length) : bytes;
    const command = decodeCommandSet(whole);
    if ((command.commandField & RESPONSE_BIT) !== 0) {
      throw outOfOrder('a response, though no request was sent');
    }
    this.expecting = command.hasDataSet
      ? { kind: 'data', contextId, command, length: 0, limit: Infinity }
      : nothing();
    this.handler.command(contextId, command);
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

/**
 * Pieces are copied into one buffer that grows by doubling: views would keep the socket's chunks alive, one for every
 * byte of a peer that sends byte by byte.
 */
function collect(message: Expecting & { kind: 'command' }, bytes: Buffer): void {
  const end = message.length + bytes.length;
  if (end > message.collected.length) {
    const larger = Buffer.alloc(Math.max(end, 2 * message.collected.length));
    message.collected.copy(larger, 0, 0, message.length);
    message.collected = larger;
  }
  bytes.copy(message.collected, message.length);
  message.length = end;
}

function outOfOrder(what: string): ProtocolError {
  return new ProtocolError(AbortReason.unexpectedPdu, what);
}
