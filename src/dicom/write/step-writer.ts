import { type ByteSource, Cursor, type Encoding, LONG_HEADER } from '../read';
import { Kind, TAG, type Vr, VR } from '../standard';
import { BlockWriter } from './block-writer';
import { swap, swapUnit } from './byte-order';
import { GROUP_LENGTH_BYTES } from './layout';
import type { GivenValue } from './changes';
import { Flag, Step, type Steps } from './steps';

/** Longer values go out in pieces, past the block. */
const SHORT_VALUE = 16_384;
/** In the place of bytes that are known only later. */
export interface Later {
  readonly length: number;
  readonly bytes: () => AsyncIterable<Buffer>;
}

/** Of a long value; a multiple of every unit that is swapped. */
export const PIECE = 262_144;
const SPACE = 0x20;
const NOTHING = Buffer.alloc(0);

/**
 * The bytes of steps that have been laid out. Long values are read, swapped and passed on in pieces. What is yielded may be
 * a part of the source's memory: it must not be written to.
 */
export function* writeSteps(
  source: ByteSource,
  steps: Steps,
  given: readonly GivenValue[],
  target: Encoding,
  total: number,
): Generator<Buffer | Later, void, void> {
  const writer = new BlockWriter(total);
  const cursor = new Cursor(source);
  /** Those of the open sequences and items that a delimiter ends. */
  const delimited: boolean[] = [];
  for (let index = 0; index < steps.count; index += 1) {
    const length = steps.length(index);
    const isLong =
      length > SHORT_VALUE && (steps.kind(index) === Step.Element || steps.kind(index) === Step.Given);
    if (!writer.has(LONG_HEADER + (isLong ? 0 : length + 1))) {
      const block = writer.take();
      if (block !== undefined) yield block;
    }
    switch (steps.kind(index)) {
      case Step.Element: {
        const vr = steps.vr(index);
        const unit = steps.has(index, Flag.BigEndian) === target.bigEndian ? 1 : swapUnit(vr);
        writeHeader(writer, steps.tag(index), vr, length + (length % 2), target);
        if (isLong) {
          const block = writer.take();
          if (block !== undefined) yield block;
          yield* pieces(source, steps.offset(index), length, unit);
          writer.passedBy(length);
        } else {
          const start = cursor.ensure(steps.offset(index), length);
          swap(writer.bytes(cursor.bytes, start, length), unit);
        }
        if (length % 2 !== 0) writer.byte(padding(vr));
        break;
      }
      case Step.Given: {
        const vr = steps.vr(index);
        const { bytes } = given[steps.offset(index)] ?? { bytes: NOTHING };
        writeHeader(writer, steps.tag(index), vr, length + (length % 2), target);
        if (Buffer.isBuffer(bytes) && !isLong) {
          writer.bytes(bytes, 0, length);
        } else {
          const block = writer.take();
          if (block !== undefined) yield block;
          yield Buffer.isBuffer(bytes) ? bytes : { length, bytes };
          writer.passedBy(length);
        }
        if (length % 2 !== 0) writer.byte(padding(vr));
        break;
      }
      case Step.GroupLength:
        writeHeader(writer, steps.tag(index), VR.UL, GROUP_LENGTH_BYTES, target);
        writer.u32(length, target);
        break;
      case Step.Sequence:
        delimited.push(steps.has(index, Flag.Delimited));
        writeHeader(writer, steps.tag(index), VR.SQ, length, target);
        break;
      case Step.Item:
        delimited.push(steps.has(index, Flag.Delimited));
        writeMarker(writer, TAG.Item, length, target);
        break;
      case Step.ItemEnd:
        if (delimited.pop() === true) writeMarker(writer, TAG.ItemDelimitationItem, 0, target);
        break;
      case Step.SequenceEnd:
        if (delimited.pop() === true) writeMarker(writer, TAG.SequenceDelimitationItem, 0, target);
        break;
    }
  }
  const block = writer.take();
  if (block !== undefined) yield block;
}

function writeHeader(writer: BlockWriter, tag: number, vr: Vr, length: number, target: Encoding): void {
  if (!target.explicit) {
    writeMarker(writer, tag, length, target);
    return;
  }
  writeTag(writer, tag, target);
  writer.letters(vr.name);
  if (vr.long) {
    writer.u16(0, target);
    writer.u32(length, target);
  } else {
    writer.u16(length, target);
  }
}

/** Tag and 32-bit length: items and delimiters have no VR in any encoding (PS3.5 7.5). */
function writeMarker(writer: BlockWriter, tag: number, length: number, target: Encoding): void {
  writeTag(writer, tag, target);
  writer.u32(length, target);
}

function writeTag(writer: BlockWriter, tag: number, target: Encoding): void {
  writer.u16(tag >>> 16, target);
  writer.u16(tag & 0xffff, target);
}

/** Text is padded with a space, UIDs and bytes with a zero (PS3.5 6.2). */
function padding({ kind }: Vr): number {
  return kind === Kind.Bytes || kind === Kind.Uid ? 0 : SPACE;
}

/** A part of the source, with its byte order changed. */
export function* pieces(
  source: ByteSource,
  offset: number,
  length: number,
  unit = 1,
): Generator<Buffer, void, void> {
  for (let done = 0; done < length; done += PIECE) {
    const piece = source.read(offset + done, Math.min(PIECE, length - done));
    if (unit === 1) {
      yield piece;
    } else {
      const swapped = Buffer.from(piece);
      swap(swapped, unit);
      yield swapped;
    }
  }
}
