import { type ByteSource, Cursor, type Encoding, LONG_HEADER } from '../read';
import { Kind, TAG, type Vr, VR } from '../standard';
import { BlockWriter } from './block-writer';
import { swap, swapUnit } from './byte-order';
import { GROUP_LENGTH_BYTES } from './layout';
import type { GivenValue } from './given-values';
import { Flag, Step, type Steps } from './steps';

/** Longer values go out in pieces, past the block. */
const SHORT_VALUE = 16_384;

/** In the place of bytes that are known only later. */
export interface Later {
  readonly length: number;
  readonly bytes: () => AsyncIterable<Buffer>;
}

/** Of a long value; a multiple of every unit that is swapped. */
const PIECE = 262_144;
const SPACE = 0x20;

/**
 * The bytes of steps that have been laid out. Long values are read, swapped and passed on in pieces. What is yielded may be
 * a part of the source's memory: it must not be written to.
 */
export class StepWriter {
  readonly #cursor: Cursor;
  readonly #writer: BlockWriter;
  /** Of the open sequences and items: does a delimiter end it? */
  readonly #delimited: boolean[] = [];

  constructor(
    readonly source: ByteSource,
    readonly steps: Steps,
    readonly given: readonly GivenValue[],
    readonly target: Encoding,
    total: number,
  ) {
    this.#cursor = new Cursor(source);
    this.#writer = new BlockWriter(total);
  }

  *write(): Generator<Buffer | Later, void, void> {
    const { steps } = this;
    for (let index = 0; index < steps.count; index += 1) {
      const kind = steps.kind(index);
      if (kind === Step.Element || kind === Step.Given) {
        yield* this.#value(index, kind);
      } else {
        yield* this.#room(LONG_HEADER);
        this.#structure(index, kind);
      }
    }
    yield* this.#flush();
  }

  *#room(length: number): Generator<Buffer, void, void> {
    if (!this.#writer.has(length)) yield* this.#flush();
  }

  *#flush(): Generator<Buffer, void, void> {
    const block = this.#writer.take();
    if (block !== undefined) yield block;
  }

  *#value(index: number, kind: Step): Generator<Buffer | Later, void, void> {
    const vr = this.steps.vr(index);
    const length = this.steps.length(index);
    const padded = length + (length % 2);
    const isLong = length > SHORT_VALUE;
    yield* this.#room(LONG_HEADER + (isLong ? 0 : padded));
    this.#header(this.steps.tag(index), vr, padded);
    const value = kind === Step.Given ? this.given[this.steps.offset(index)]?.bytes : undefined;
    if (isLong || (value !== undefined && !Buffer.isBuffer(value))) {
      yield* this.#flush();
      if (value === undefined)
        yield* pieces(this.source, this.steps.offset(index), length, this.#unit(index, vr));
      else yield Buffer.isBuffer(value) ? value : { length, bytes: value };
      this.#writer.passedBy(length);
    } else if (value === undefined) {
      const start = this.#cursor.ensure(this.steps.offset(index), length);
      swap(this.#writer.bytes(this.#cursor.bytes, start, length), this.#unit(index, vr));
    } else {
      this.#writer.bytes(value, 0, length);
    }
    if (padded > length) this.#writer.byte(padding(vr));
  }

  #unit(index: number, vr: Vr): number {
    return this.steps.has(index, Flag.BigEndian) === this.target.bigEndian ? 1 : swapUnit(vr);
  }

  #structure(index: number, kind: Exclude<Step, Step.Element | Step.Given>): void {
    const tag = this.steps.tag(index);
    const length = this.steps.length(index);
    switch (kind) {
      case Step.GroupLength:
        this.#header(tag, VR.UL, GROUP_LENGTH_BYTES);
        this.#writer.u32(length, this.target);
        return;
      case Step.Sequence:
        this.#delimited.push(this.steps.has(index, Flag.Delimited));
        this.#header(tag, VR.SQ, length);
        return;
      case Step.Item:
        this.#delimited.push(this.steps.has(index, Flag.Delimited));
        this.#marker(TAG.Item, length);
        return;
      case Step.ItemEnd:
        if (this.#delimited.pop() === true) this.#marker(TAG.ItemDelimitationItem, 0);
        return;
      case Step.SequenceEnd:
        if (this.#delimited.pop() === true) this.#marker(TAG.SequenceDelimitationItem, 0);
    }
  }

  #header(tag: number, vr: Vr, length: number): void {
    const { target } = this;
    if (!target.explicit) {
      this.#marker(tag, length);
      return;
    }
    this.#tag(tag);
    this.#writer.letters(vr.name);
    if (vr.long) {
      this.#writer.u16(0, target);
      this.#writer.u32(length, target);
    } else {
      this.#writer.u16(length, target);
    }
  }

  /** Tag and 32-bit length: items and delimiters have no VR in any encoding (PS3.5 7.5). */
  #marker(tag: number, length: number): void {
    this.#tag(tag);
    this.#writer.u32(length, this.target);
  }

  #tag(tag: number): void {
    this.#writer.u16(tag >>> 16, this.target);
    this.#writer.u16(tag & 0xffff, this.target);
  }
}

/** Text is padded with a space, UIDs and bytes with a zero (PS3.5 6.2). */
function padding({ kind }: Vr): number {
  return kind === Kind.Bytes || kind === Kind.Uid ? 0 : SPACE;
}

/**
 * A part of the source, with its byte order changed.
 * @param memory in which pieces may be, each until the next one; undefined: each has its own
 */
export function* pieces(
  source: ByteSource,
  offset: number,
  length: number,
  unit = 1,
  memory?: Buffer,
): Generator<Buffer, void, void> {
  if (unit === 1 && source.pieces !== undefined) {
    yield* source.pieces(offset, length, memory);
    return;
  }
  const most = memory?.length ?? PIECE;
  for (let done = 0; done < length; done += most) {
    const piece = pieceOf(source, offset + done, Math.min(most, length - done), memory);
    if (unit === 1) {
      yield piece;
    } else {
      const swapped = Buffer.from(piece);
      swap(swapped, unit);
      yield swapped;
    }
  }
}

function pieceOf(source: ByteSource, offset: number, length: number, memory: Buffer | undefined): Buffer {
  if (memory === undefined || source.readInto === undefined) return source.read(offset, length);
  const piece = memory.subarray(0, length);
  source.readInto(offset, piece);
  return piece;
}
