import { AbortReason, type PdvFragment, ProtocolError } from '../upper-layer';
import { decodeCommandSet, type CommandSet } from './command-set';

/** Far above any command set of PS3.7: a peer cannot make us collect more. */
const MAX_COMMAND_LENGTH = 65_536;

/** What a DIMSE message consists of, in order (PS3.7 6.3.1). */
export type MessagePart =
  | { kind: 'command'; contextId: number; command: CommandSet }
  /** A piece of the data set: valid as long as the fragment is. */
  | { kind: 'data'; bytes: Buffer; isLast: boolean };

type Expecting =
  | { kind: 'command'; contextId: number | undefined; collected: Buffer; length: number; pieces: number }
  | { kind: 'data'; contextId: number };

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

  /** True from a message's first fragment to its last. */
  get isUnderWay(): boolean {
    return this.expecting.kind === 'data' || this.expecting.contextId !== undefined;
  }

  /**
   * Takes the next fragment. Returns what has come with it: undefined, while a command set is not complete.
   * @throws ProtocolError when the fragment cannot come now
   */
  take(fragment: PdvFragment): MessagePart | undefined {
    if (this.expecting.contextId !== undefined && this.expecting.contextId !== fragment.contextId) {
      throw outOfOrder('a fragment of another presentation context inside a message');
    }
    return this.expecting.kind === 'data' ? this.data(fragment) : this.command(this.expecting, fragment);
  }

  reset(): void {
    this.expecting = nothing();
  }

  private command(message: Expecting & { kind: 'command' }, fragment: PdvFragment): MessagePart | undefined {
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
    if (!isWhole) return undefined;
    const whole = message.length > 0 ? message.collected.subarray(0, message.length) : bytes;
    const command = decodeCommandSet(whole);
    this.expecting = command.hasDataSet ? { kind: 'data', contextId } : nothing();
    return { kind: 'command', contextId, command };
  }

  private data(fragment: PdvFragment): MessagePart {
    if (fragment.isCommand) throw outOfOrder('a command fragment inside a data set');
    const isLast = fragment.isLast && fragment.endsPdv;
    if (isLast) this.expecting = nothing();
    return { kind: 'data', bytes: fragment.bytes, isLast };
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
