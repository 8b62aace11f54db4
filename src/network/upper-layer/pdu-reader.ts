import {
  AbortReason,
  MAX_ASSOCIATE_LENGTH,
  PDU_HEADER_LENGTH,
  PDV_HEADER_LENGTH,
  PduType,
  ProtocolError,
} from './pdu';

/** A piece of a presentation data value, as it came off the wire (PS3.8 9.3.5.1, Annex E.2). */
export interface PdvFragment {
  contextId: number;
  isCommand: boolean;
  /** The PDV's "last fragment" bit. */
  isLast: boolean;
  /** True on the piece that ends this PDV: a PDV may arrive in many pieces, one a socket read. */
  endsPdv: boolean;
  /** Valid during the call only. */
  bytes: Buffer;
}

/** What a reader tells of the stream, in order. Each call may throw a ProtocolError. */
export interface PduVisitor {
  /** A PDU's type and length are known; nothing of its body is read yet. Throws if it is not legal now. */
  pduBegins(type: number, length: number): void;
  /** A whole PDU other than P-DATA-TF, header included. */
  pdu(type: number, bytes: Buffer): void;
  fragment(fragment: PdvFragment): void;
  /** The last byte of a PDU has been passed on. */
  pduEnds(type: number): void;
}

const CONTROL_PDU_LENGTH = 4;
const NOTHING = Buffer.alloc(0);

/**
 * Frames a byte stream into PDUs, and P-DATA-TF into PDV fragments that are views of the chunks given: data is never
 * collected, so a length field can claim what it wants. Other PDUs are collected up to their small limits.
 */
export class PduReader {
  private readonly header = Buffer.alloc(PDU_HEADER_LENGTH);
  private headerLength = 0;
  private state: 'pdu-header' | 'body' | 'pdv-header' | 'pdv' = 'pdu-header';
  private type = 0;
  /** Bytes of the current PDU still to come. */
  private pduLeft = 0;
  private body: Buffer = NOTHING;
  private bodyLength = 0;
  private pdvLeft = 0;
  private contextId = 0;
  private control = 0;
  private chunk: Buffer = NOTHING;
  /** What of the chunk has been read. */
  private at = 0;
  private paused = false;

  /** @param maxDataLength the longest P-DATA-TF we announced (PS3.8 D.1), in bytes after the PDU header */
  constructor(
    private readonly visitor: PduVisitor,
    private readonly maxDataLength: number,
  ) {}

  /**
   * Takes the next chunk, which is valid during the call only. While paused, chunks wait: stop the socket, for nothing
   * limits them here.
   */
  push(chunk: Buffer): void {
    this.chunk = this.chunk.length === 0 ? chunk : Buffer.concat([this.chunk.subarray(this.at), chunk]);
    this.at = 0;
    this.run();
    if (this.chunk.length === 0) return;
    this.chunk = Buffer.from(this.chunk.subarray(this.at));
    this.at = 0;
  }

  /** Makes the reader stop after the call to the visitor that is under way. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.run();
  }

  private run(): void {
    while (!this.paused && this.at < this.chunk.length) this.step();
    if (this.at < this.chunk.length) return;
    this.chunk = NOTHING;
    this.at = 0;
  }

  /** Reads one piece of the chunk. */
  private step(): void {
    switch (this.state) {
      case 'pdu-header':
        this.readPduHeader();
        break;
      case 'body':
        this.readBody();
        break;
      case 'pdv-header':
        this.readPdvHeader();
        break;
      case 'pdv':
        this.readPdv();
    }
  }

  /** Reads into the 6-byte header buffer; true once it is full. Byte by byte: of so few, a call to copy costs more. */
  private fillHeader(): boolean {
    const { chunk, header } = this;
    while (this.headerLength < PDU_HEADER_LENGTH && this.at < chunk.length) {
      header[this.headerLength] = chunk[this.at] ?? 0;
      this.headerLength += 1;
      this.at += 1;
    }
    if (this.headerLength < PDU_HEADER_LENGTH) return false;
    this.headerLength = 0;
    return true;
  }

  private readPduHeader(): void {
    // The type is judged at its first byte: a stray HTTP or TLS client is told at once, however little it sends.
    if (this.headerLength === 0) this.checkType(this.chunk[this.at] ?? 0);
    if (!this.fillHeader()) return;
    this.type = this.header.readUInt8(0);
    this.pduLeft = this.header.readUInt32BE(2);
    this.checkLength();
    this.visitor.pduBegins(this.type, this.pduLeft);
    if (this.type === PduType.dataTF) {
      this.state = 'pdv-header';
    } else {
      this.body = Buffer.allocUnsafe(PDU_HEADER_LENGTH + this.pduLeft);
      this.bodyLength = this.header.copy(this.body);
      this.state = 'body';
    }
  }

  private checkType(type: number): void {
    if (type < PduType.associateRQ || type > PduType.abort) {
      throw new ProtocolError(
        AbortReason.unrecognizedPdu,
        `PDU type ${hex(type)} does not exist${guess(type)}`,
      );
    }
  }

  private checkLength(): void {
    const [min, max] = this.lengthLimits();
    if (this.pduLeft < min || this.pduLeft > max) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `PDU type ${hex(this.type)} claims ${this.pduLeft} bytes; allowed are ${min} to ${max}`,
      );
    }
  }

  private lengthLimits(): [min: number, max: number] {
    switch (this.type) {
      case PduType.dataTF:
        return [PDV_HEADER_LENGTH, this.maxDataLength];
      case PduType.associateRQ:
      case PduType.associateAC:
        return [0, MAX_ASSOCIATE_LENGTH];
      default:
        return [CONTROL_PDU_LENGTH, CONTROL_PDU_LENGTH];
    }
  }

  private readBody(): void {
    const used = this.chunk.copy(this.body, this.bodyLength, this.at, this.at + this.pduLeft);
    this.at += used;
    this.bodyLength += used;
    this.pduLeft -= used;
    if (this.pduLeft > 0) return;
    const whole = this.body;
    this.body = NOTHING;
    this.state = 'pdu-header';
    this.visitor.pdu(this.type, whole);
    this.visitor.pduEnds(this.type);
  }

  private readPdvHeader(): void {
    if (!this.fillHeader()) return;
    const length = this.header.readUInt32BE(0);
    this.pduLeft -= PDV_HEADER_LENGTH;
    if (length < 2 || length - 2 > this.pduLeft) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `PDV claims ${length} bytes where its PDU has ${this.pduLeft + 2} left`,
      );
    }
    this.pdvLeft = length - 2;
    this.pduLeft -= this.pdvLeft;
    this.contextId = this.header.readUInt8(4);
    this.control = this.header.readUInt8(5);
    this.state = 'pdv';
    // An empty fragment has no byte to wait for.
    if (this.pdvLeft === 0) this.passFragment(NOTHING);
  }

  private readPdv(): void {
    const fragment = this.chunk.subarray(this.at, this.at + this.pdvLeft);
    this.at += fragment.length;
    this.pdvLeft -= fragment.length;
    this.passFragment(fragment);
  }

  private passFragment(bytes: Buffer): void {
    const endsPdv = this.pdvLeft === 0;
    const endsPdu = endsPdv && this.pduLeft === 0;
    if (endsPdu) this.state = 'pdu-header';
    else if (endsPdv) this.nextPdv();
    this.visitor.fragment({
      contextId: this.contextId,
      isCommand: (this.control & 0b01) !== 0,
      isLast: (this.control & 0b10) !== 0,
      endsPdv,
      bytes,
    });
    if (endsPdu) this.visitor.pduEnds(PduType.dataTF);
  }

  private nextPdv(): void {
    if (this.pduLeft < PDV_HEADER_LENGTH) {
      throw new ProtocolError(
        AbortReason.invalidParameter,
        `${this.pduLeft} bytes are left in a P-DATA-TF after its last whole PDV`,
      );
    }
    this.state = 'pdv-header';
  }
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase() + 'H';

/** What usually sends such a first byte, for the operator who reads the log. */
function guess(type: number): string {
  if (type === 0x16) return '; this looks like a TLS client, and this port speaks clear text';
  if (type >= 0x41 && type <= 0x5a) return '; this looks like an HTTP client';
  return '';
}
