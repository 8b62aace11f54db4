import type { SourcePiece } from '../change';
import { type Encoding, HEADER, LONG_HEADER, UNDEFINED_LENGTH } from '../read';
import { Kind, TAG, type Vr, VR } from '../standard';
import { KeptBack } from './kept-back';

const FIRST_SIZE = 16_384;
const LONGEST_SHORT = 0xfffe;
/** Long values, and what stands between bytes that become zeros: of more, the list alone would fill the memory of its thread. */
const MOST_PIECES = 1_000_000;
const SPACE = 0x20;
const NUL = 0;

/** Where the length of something open will stand. */
interface Open {
  readonly lengthAt: number;
  /** Of all bytes before its content. */
  readonly start: number;
}

/**
 * Writes a data set, little endian, every header anew: what is not written here is not in it. Long values are pieces of the
 * source, which nobody reads.
 */
export class Output {
  #bytes = Buffer.allocUnsafe(FIRST_SIZE);
  #end = 0;
  /** Bytes that are not in `#bytes`, and where in it they come. */
  readonly #long: { readonly at: number; readonly piece: SourcePiece }[] = [];
  #longBytes = 0;

  constructor(readonly encoding: Encoding) {}

  get #size(): number {
    return this.#end + this.#longBytes;
  }

  /** @param value not padded */
  element(tag: number, vr: Vr, value: Buffer): void {
    const isOdd = value.length % 2 !== 0;
    this.#header(tag, vr, value.length + Number(isOdd));
    this.#room(value.length + 1);
    value.copy(this.#bytes, this.#end);
    this.#end += value.length;
    if (isOdd) this.#byte(vr);
  }

  /** An element with a value of the source. */
  long(tag: number, vr: Vr, offset: number, length: number): void {
    const isOdd = length % 2 !== 0;
    this.#header(tag, vr, length + Number(isOdd));
    this.piece({ bytes: undefined, offset, length });
    if (isOdd) this.#byte(vr);
  }

  piece(piece: SourcePiece): void {
    if (piece.length === 0) return;
    if (this.#long.length >= MOST_PIECES)
      throw new KeptBack('too-long', `it would be put together of more than ${MOST_PIECES} pieces`);
    this.#long.push({ at: this.#end, piece });
    this.#longBytes += piece.length;
  }

  /** The header of an encapsulated value: items follow, and `endEncapsulated`. */
  encapsulated(tag: number, vr: Vr): void {
    this.#header(tag, vr, UNDEFINED_LENGTH);
  }

  /** The header of an item of an encapsulated value. */
  fragment(length: number): void {
    this.#marker(TAG.Item, length);
  }

  endEncapsulated(): void {
    this.#marker(TAG.SequenceDelimitationItem, 0);
  }

  sequence(tag: number): Open {
    this.#header(tag, VR.SQ, 0);
    return this.#opened();
  }

  item(): Open {
    this.#marker(TAG.Item, 0);
    return this.#opened();
  }

  #opened(): Open {
    return { lengthAt: this.#end - 4, start: this.#size };
  }

  close({ lengthAt, start }: Open): void {
    const length = this.#size - start;
    if (length >= UNDEFINED_LENGTH)
      throw new KeptBack('too-long', 'a sequence would be longer than a length can tell');
    this.#bytes.writeUInt32LE(length, lengthAt);
  }

  /** What its VR has no length for is UN (PS3.5 6.2.2), as it came. */
  #header(tag: number, of: Vr, length: number): void {
    const { explicit } = this.encoding;
    const vr = of.long || length <= LONGEST_SHORT ? of : VR.UN;
    if (!explicit) {
      this.#marker(tag, length);
      return;
    }
    this.#room(LONG_HEADER);
    this.#tag(tag);
    this.#bytes.writeUInt16LE(vr.letters, this.#end);
    if (vr.long) {
      this.#bytes.writeUInt16LE(0, this.#end + 2);
      this.#bytes.writeUInt32LE(length, this.#end + 4);
    } else {
      this.#bytes.writeUInt16LE(length, this.#end + 2);
    }
    this.#end += vr.long ? LONG_HEADER - 4 : HEADER - 4;
  }

  /** Tag and 32-bit length. */
  #marker(tag: number, length: number): void {
    this.#room(HEADER);
    this.#tag(tag);
    this.#bytes.writeUInt32LE(length, this.#end);
    this.#end += 4;
  }

  #tag(tag: number): void {
    this.#bytes.writeUInt16LE(tag >>> 16, this.#end);
    this.#bytes.writeUInt16LE(tag & 0xffff, this.#end + 2);
    this.#end += 4;
  }

  /** Padding, as the VR has it (PS3.5 6.2). */
  #byte({ kind }: Vr): void {
    this.#room(1);
    this.#bytes.writeUInt8(kind === Kind.Bytes || kind === Kind.Uid ? NUL : SPACE, this.#end);
    this.#end += 1;
  }

  #room(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + length));
    this.#bytes.copy(bytes, 0, 0, this.#end);
    this.#bytes = bytes;
  }

  /** All of it, in order. */
  pieces(): SourcePiece[] {
    const pieces: SourcePiece[] = [];
    let done = 0;
    const upTo = (end: number): void => {
      if (end > done) pieces.push({ bytes: this.#bytes.subarray(done, end), offset: 0, length: end - done });
      done = end;
    };
    for (const { at, piece } of this.#long) {
      upTo(at);
      pieces.push(piece);
    }
    upTo(this.#end);
    return pieces;
  }
}
