import { fragmentRoom, PDU_HEADER_LENGTH, PDV_HEADER_LENGTH, PduType } from './pdu';

const HEADERS = PDU_HEADER_LENGTH + PDV_HEADER_LENGTH;
/** A PDU shorter than the peer takes is begun at the end of the memory only if it holds this many bytes. */
const WORTH_WHILE = 2_048;

/** Message control header (PS3.8 E.2). */
const COMMAND = 0b01;
const LAST = 0b10;

/**
 * Cuts messages into P-DATA-TF PDUs of one fragment each, as long as the peer takes them (PS3.8 Annex E), one behind the other
 * in one piece of memory: a small message is one write. The bytes are copied, which costs less than a write of a header and a
 * view for each PDU, and whoever gave them can use their memory again. The last fragment so far stays open, because only who
 * knows that nothing follows can say that it is the last one.
 *
 * Fragments have an even length where there is room for two bytes: some peers take no others.
 */
export class MessageFrames {
  /** Bytes of content that a PDU may have. */
  private readonly room: number;
  private contextId = 0;
  /** End of the whole PDUs. */
  private length = 0;
  /** End of the content of the open PDU; 0: none is open. */
  private end = 0;
  /** How far it may go. */
  private limit = 0;
  private control = 0;

  /**
   * @param memory at least a few kilobytes: with room for a command set, as small as the peer's limit may cut it
   * @param peerMaxLength one that `isPeerLength`; 0: no limit
   */
  constructor(
    private readonly memory: Buffer,
    peerMaxLength: number,
  ) {
    const most = fragmentRoom(memory.length - PDU_HEADER_LENGTH);
    this.room = peerMaxLength === 0 ? most : Math.min(most, fragmentRoom(peerMaxLength));
  }

  /** Begins a message with its command set. @throws RangeError when the memory is too small for it */
  begin(contextId: number, command: Buffer): void {
    this.contextId = contextId;
    this.length = 0;
    this.end = 0;
    this.control = COMMAND;
    if (this.add(command, 0) < command.length) throw new RangeError('a command set is too long to be sent');
    this.close(LAST);
    this.control = 0;
  }

  /**
   * Adds bytes of the data set. Returns up to where: when that is not all, whole PDUs fill the memory. Then they are to be
   * taken, and the rest is to be added.
   */
  add(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.end === this.limit) this.close(0);
      if (this.end === 0 && !this.open()) break;
      const used = bytes.copy(this.memory, this.end, at, at + this.limit - this.end);
      this.end += used;
      at += used;
    }
    return at;
  }

  /** The whole PDUs. Their memory is written over by what is added next. */
  take(): Buffer {
    const pdus = this.memory.subarray(0, this.length);
    this.length = 0;
    return pdus;
  }

  /** The data set is complete: the PDUs that are left. An empty data set has an empty fragment. */
  finish(): Buffer {
    if (this.end === 0) this.end = this.length + HEADERS;
    this.close(LAST);
    return this.take();
  }

  private open(): boolean {
    const left = this.memory.length - this.length - HEADERS;
    if (left < Math.min(this.room, WORTH_WHILE)) return false;
    this.end = this.length + HEADERS;
    this.limit = this.end + Math.min(this.room, fragmentRoom(left + PDV_HEADER_LENGTH));
    return true;
  }

  private close(last: number): void {
    if (this.end === 0) return;
    const { memory, length: at } = this;
    memory[at] = PduType.dataTF;
    memory[at + 1] = 0;
    memory.writeUInt32BE(this.end - at - PDU_HEADER_LENGTH, at + 2);
    memory.writeUInt32BE(this.end - at - PDU_HEADER_LENGTH - 4, at + 6);
    memory[at + 10] = this.contextId;
    memory[at + 11] = this.control | last;
    this.length = this.end;
    this.end = 0;
    this.limit = 0;
  }
}
