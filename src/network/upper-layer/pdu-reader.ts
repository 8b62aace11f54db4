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

/** What a stream consists of, in order. */
export type PduPart =
  /** A PDU's type and length are known; nothing of its body is read yet. */
  | { kind: 'begin'; type: PduType; length: number }
  /** A whole PDU other than P-DATA-TF, header included. */
  | { kind: 'pdu'; type: PduType; bytes: Buffer }
  | ({ kind: 'fragment'; endsPdu: boolean } & PdvFragment);

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
  private type: PduType = PduType.abort;
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

  /** @param maxDataLength the longest P-DATA-TF we announced (PS3.8 D.1), in bytes after the PDU header */
  constructor(private readonly maxDataLength: number) {}

  /** Adds a chunk to what is to be read. Its memory is used in place until `keepRest`. */
  push(chunk: Buffer): void {
    const rest = this.chunk.length - this.at;
    this.chunk = rest === 0 ? chunk : Buffer.concat([this.chunk.subarray(this.at), chunk]);
    this.at = 0;
  }

  /** Copies what has not been read: the memory of the last chunk is somebody else's again. */
  keepRest(): void {
    this.chunk = this.at === this.chunk.length ? NOTHING : Buffer.from(this.chunk.subarray(this.at));
    this.at = 0;
  }

  /**
   * The next part. Undefined: all of the chunk has been read.
   * @throws ProtocolError; then nothing that follows can be read
   */
  next(): PduPart | undefined {
    while (this.at < this.chunk.length) {
      const part = this.step();
      if (part !== undefined) return part;
    }
    this.chunk = NOTHING;
    this.at = 0;
    return undefined;
  }

  /** Reads one piece of the chunk. */
  private step(): PduPart | undefined {
    switch (this.state) {
      case 'pdu-header':
        return this.readPduHeader();
      case 'body':
        return this.readBody();
      case 'pdv-header':
        return this.readPdvHeader();
      case 'pdv':
        return this.readPdv();
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

  private readPduHeader(): PduPart | undefined {
    // The type is judged at its first byte: a stray HTTP or TLS client is told at once, however little it sends.
    if (this.headerLength === 0) this.type = knownType(this.chunk[this.at] ?? 0);
    if (!this.fillHeader()) return undefined;
    this.pduLeft = this.header.readUInt32BE(2);
    this.checkLength();
    this.state = this.type === PduType.dataTF ? 'pdv-header' : 'body';
    this.body = NOTHING;
    return { kind: 'begin', type: this.type, length: this.pduLeft };
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
        // One without a body would have no byte to wait for.
        return [1, MAX_ASSOCIATE_LENGTH];
      default:
        return [CONTROL_PDU_LENGTH, CONTROL_PDU_LENGTH];
    }
  }

  private readBody(): PduPart | undefined {
    if (this.body.length === 0) {
      this.body = Buffer.allocUnsafe(PDU_HEADER_LENGTH + this.pduLeft);
      this.bodyLength = this.header.copy(this.body);
    }
    const used = this.chunk.copy(this.body, this.bodyLength, this.at, this.at + this.pduLeft);
    this.at += used;
    this.bodyLength += used;
    this.pduLeft -= used;
    if (this.pduLeft > 0) return undefined;
    const bytes = this.body;
    this.body = NOTHING;
    this.state = 'pdu-header';
    return { kind: 'pdu', type: this.type, bytes };
  }

  private readPdvHeader(): PduPart | undefined {
    if (!this.fillHeader()) return undefined;
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
    return this.pdvLeft === 0 ? this.fragment(NOTHING) : undefined;
  }

  private readPdv(): PduPart {
    const bytes = this.chunk.subarray(this.at, this.at + this.pdvLeft);
    this.at += bytes.length;
    this.pdvLeft -= bytes.length;
    return this.fragment(bytes);
  }

  private fragment(bytes: Buffer): PduPart {
    const endsPdv = this.pdvLeft === 0;
    const endsPdu = endsPdv && this.pduLeft === 0;
    if (endsPdu) this.state = 'pdu-header';
    else if (endsPdv) this.nextPdv();
    return {
      kind: 'fragment',
      contextId: this.contextId,
      isCommand: (this.control & 0b01) !== 0,
      isLast: (this.control & 0b10) !== 0,
      endsPdv,
      endsPdu,
      bytes,
    };
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

/** @throws ProtocolError for a byte that begins no PDU (PS3.8 9.3.1) */
function knownType(byte: number): PduType {
  if (byte >= PduType.associateRQ && byte <= PduType.abort) return byte as PduType;
  throw new ProtocolError(AbortReason.unrecognizedPdu, `PDU type ${hex(byte)} does not exist${guess(byte)}`);
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase() + 'H';

const PROXY = '; this looks like a PROXY protocol header of a proxy that is not among the trusted ones';

/** What usually sends such a first byte, for the operator who reads the log. */
function guess(type: number): string {
  if (type === 0x16) return '; this looks like a TLS client, and this port speaks clear text';
  if (type === 0x15) return '; this looks like TLS, and this side speaks clear text';
  if (type === 0x0d) return PROXY;
  // HEAD, or HTTP/1.1
  if (type === 0x48) return '; this looks like HTTP';
  if (type === 0x50) return `${PROXY} (or like an HTTP client)`;
  if (type >= 0x41 && type <= 0x5a) return '; this looks like an HTTP client';
  return '';
}
