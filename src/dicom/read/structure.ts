import { DicomError, type DicomErrorCode } from '../errors';
import { MAX_DEPTH, MAX_ELEMENTS } from '../limits';
import { Kind, lookUp, TAG, tagHex, type Vr, VR, vrOfBytes } from '../standard';
import { trimmed } from '../text';
import { NoWarnings, type WarningCode, type Warnings } from '../warnings';
import type { Cursor } from './byte-source';
import { byte, readItemHeader, readUnusualHeader, type UnusualHeader } from './element-header';
import { type Encoding, encodingOfDataSet } from './encoding';
import { walkFragments } from './fragments';
import { Frame, UNDEFINED_END } from './frame';
import { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';
import { isSentAsBytes, SequenceEncodings } from './sequence-encoding';
import { NOBODY, type StructureVisitor } from './structure-visitor';
import { TrailingZeros } from './trailing-zeros';
import { type Attempt, Trials } from './trials';
import { endsInside, reachesBeyond } from './walk-errors';
import { WrongLengths } from './wrong-lengths';

/** An IS has 12 characters (PS3.5 Table 6.2-1). */
const LONGEST_NUMBER = 64;

/**
 * Walks a data set (PS3.5 7) from `offset` to the end of the source. Iterative: nesting costs heap, not stack.
 * What is odd but clear is a warning; what cannot be understood to its end is a DicomError.
 * @returns how the data set is encoded, which may not be what was declared
 */
export function walkDataSet(
  cursor: Cursor,
  offset: number,
  encoding: Encoding,
  visitor: StructureVisitor,
  warnings: Warnings,
): Encoding {
  return new Walk(cursor, visitor, warnings, new Trials(cursor.source)).run(offset, encoding);
}

/** Who only tries takes nothing that is odd. */
interface WalkOptions {
  readonly end: number;
  readonly strict: boolean;
  /** A sequence ends where its length says. */
  readonly believesLengths: boolean;
}

class Walk {
  readonly #cursor: Cursor;
  readonly #size: number;
  readonly #visitor: StructureVisitor;
  readonly #warnings: Warnings;
  readonly #trials: Trials;
  readonly #encodings: SequenceEncodings;
  readonly #lengths: WrongLengths;
  readonly #zeros: TrailingZeros;
  readonly #strict: boolean;
  readonly #believesLengths: boolean;
  #position = 0;
  #frame!: Frame;
  #framesOffset = 0;
  #framesLength = 0;
  #count = 0;

  constructor(
    cursor: Cursor,
    visitor: StructureVisitor,
    warnings: Warnings,
    trials: Trials,
    { end, strict, believesLengths }: WalkOptions = {
      end: cursor.source.size,
      strict: false,
      believesLengths: false,
    },
  ) {
    this.#cursor = cursor;
    this.#size = end;
    this.#visitor = visitor;
    this.#warnings = warnings;
    this.#trials = trials;
    this.#strict = strict;
    this.#believesLengths = believesLengths;
    const endOf = (attempt: Attempt): number | undefined => this.#endOf(attempt);
    this.#encodings = new SequenceEncodings(trials, endOf);
    this.#lengths = new WrongLengths(cursor, end, endOf, () =>
      this.#warn(
        'sequence-length',
        undefined,
        'a sequence is longer than its length says; read to its true end',
      ),
    );
    this.#zeros = new TrailingZeros(cursor, end);
  }

  run(offset: number, declared: Encoding): Encoding {
    if (offset >= this.#size) throw new DicomError('empty-data-set', 'the data set has no bytes');
    const encoding = encodingOfDataSet(this.#cursor, offset, this.#size, declared, (each) =>
      this.#readsToEnd(offset, each),
    );
    this.#position = offset;
    this.#frame = this.#root(encoding);
    if (encoding !== declared) {
      this.#warn('transfer-syntax-mismatch', undefined, `the data set is encoded as ${encoding.name}`);
    }
    this.#toEnd();
    if (this.#frame.disordered) this.#visitor.endItem(true, this.#position);
    return encoding;
  }

  #root(encoding: Encoding): Frame {
    return new Frame(undefined, -1, false, this.#size, this.#size, 0, encoding);
  }

  #trial(end: number, believesLengths: boolean): Walk {
    const options = { end, strict: true, believesLengths };
    return new Walk(this.#trials.cursor, NOBODY, new NoWarnings(), this.#trials, options);
  }

  #readsToEnd(offset: number, encoding: Encoding): boolean {
    const read = (): number => {
      const walk = this.#trial(this.#size, true);
      walk.#position = offset;
      walk.#frame = walk.#root(encoding);
      walk.#toEnd();
      return walk.#position;
    };
    return this.#trials.endOf(read) !== undefined;
  }

  /** Where a sequence or an item ends that can be read by the letter; undefined: it cannot. */
  #endOf({ isSequence, offset, end, limit, tag, depth, encoding }: Attempt): number | undefined {
    return this.#trials.endOf(() => {
      const walk = this.#trial(limit, isSequence);
      const around = new Frame(undefined, tag, !isSequence, UNDEFINED_END, limit, depth, encoding);
      walk.#position = offset;
      walk.#frame = new Frame(
        around,
        tag,
        isSequence,
        end,
        end === UNDEFINED_END ? limit : end,
        depth,
        encoding,
      );
      walk.#toEnd(around);
      return walk.#position;
    });
  }

  /** To the end of the outermost frame, or until `around` is reached again. */
  #toEnd(around?: Frame): void {
    for (;;) {
      const frame = this.#frame;
      if (frame === around) return;
      this.#count += 1;
      if (this.#strict) this.#trials.spend();
      if (this.#count > MAX_ELEMENTS) {
        throw this.#error(
          'too-many-elements',
          `the data set has more than ${MAX_ELEMENTS} elements and items`,
        );
      }
      if (this.#position === frame.end) {
        if (frame.parent === undefined) return;
        if (this.#believesLengths || !this.#lengths.goesOn(frame, this.#position)) this.#leave(frame.parent);
      } else if (this.#position === frame.limit) {
        if (!this.#lengths.isCutShort(frame, this.#position) || !this.#overrunsUndelimited(frame))
          this.#leaveUndelimited(frame);
      } else if (frame.isSequence) {
        this.#item(frame);
      } else {
        this.#element(frame);
      }
    }
  }

  #item(frame: Frame): void {
    const isBehindEnd = this.#position + HEADER > frame.limit;
    if (
      isBehindEnd &&
      (frame.end === UNDEFINED_END || this.#lengths.tagAt(frame, this.#position) !== TAG.Item)
    )
      throw endsInside(frame, this.#position, 'ends inside a sequence');
    const { tag, length } = readItemHeader(this.#cursor, this.#position, frame.encoding);
    if (tag === TAG.Item) {
      const start = this.#position + HEADER;
      const undefinedLength = length === UNDEFINED_LENGTH;
      const end = undefinedLength ? UNDEFINED_END : start + length;
      if (end > frame.limit && !this.#overruns(frame, start, end))
        throw reachesBeyond(frame, start, 'an item');
      this.#position = start;
      frame.itemCount += 1;
      const limit = undefinedLength ? frame.limit : end;
      this.#frame = new Frame(frame, frame.tag, false, end, limit, frame.depth, frame.encoding);
      this.#visitor.beginItem(undefinedLength, start);
    } else if (tag === TAG.SequenceDelimitationItem && frame.end === UNDEFINED_END && frame.parent) {
      this.#position += HEADER;
      this.#leave(frame.parent);
    } else if (tag === TAG.SequenceDelimitationItem || tag === TAG.ItemDelimitationItem) {
      this.#skipDelimiter();
    } else {
      throw this.#error('unexpected-tag-in-sequence', `an item was expected, not (${tagHex(tag)})`);
    }
  }

  #element(frame: Frame): void {
    const position = this.#position;
    if (position + HEADER > frame.limit && !this.#overrunsUndelimited(frame)) {
      if (frame.parent === undefined && this.#onlyZerosLeft()) return;
      throw endsInside(frame, this.#position, 'ends inside the header of an element');
    }
    const at = this.#cursor.ensure(position, LONG_HEADER);
    const bytes = this.#cursor.bytes;
    const { explicit, bigEndian } = frame.encoding;
    const tag = bigEndian
      ? bytes.readUInt32BE(at)
      : (byte(bytes, at + 1) * 0x100 + byte(bytes, at)) * 0x10000 +
        byte(bytes, at + 3) * 0x100 +
        byte(bytes, at + 2);
    if (tag >= TAG.Item && this.#delimiter(frame, tag)) return;

    let vr: Vr | undefined;
    let start = position + HEADER;
    let length: number;
    if (explicit) {
      vr = vrOfBytes(byte(bytes, at + 4), byte(bytes, at + 5));
      if (vr === undefined) {
        if (tag < 0x00020000 && this.#onlyZerosLeft()) return;
        const unusual = this.#unusualHeader(frame, tag, at);
        ({ vr, length } = unusual);
        start = position + unusual.header;
      } else if (vr.long) {
        if (position + LONG_HEADER > frame.limit)
          throw endsInside(frame, this.#position, 'ends inside the header of an element');
        start = position + LONG_HEADER;
        length = bigEndian ? bytes.readUInt32BE(at + 8) : bytes.readUInt32LE(at + 8);
      } else {
        length = bigEndian ? bytes.readUInt16BE(at + 6) : byte(bytes, at + 6) + byte(bytes, at + 7) * 0x100;
      }
    } else {
      length = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
      if (tag < 0x00020000 && this.#onlyZerosLeft()) return;
      vr = lookUp(tag)?.vr ?? VR.UN;
    }

    if (tag <= frame.lastTag) this.#disorder(frame, tag);
    else frame.lastTag = tag;

    if (length === UNDEFINED_LENGTH) {
      this.#undefinedLength(frame, tag, vr, start, position);
      return;
    }
    if (start + length > frame.limit && !this.#overrunsUndelimited(frame))
      throw reachesBeyond(frame, start, `(${tagHex(tag)})`);
    if ((length & 1) !== 0) this.#warn('odd-length', tag, 'the value has an odd length');
    if (vr.kind === Kind.Sequence) {
      const within = this.#encodingWithin(frame, tag, start, start + length, VR.SQ);
      this.#enter(frame, tag, VR.SQ, position, start, start + length, within);
      return;
    }
    const within =
      vr.kind === Kind.Bytes && length > 0 && isSentAsBytes(frame, tag)
        ? this.#asSequence(frame, tag, vr, start, length)
        : undefined;
    if (within !== undefined) {
      this.#enter(frame, tag, vr === VR.UN ? VR.SQ : vr, position, start, start + length, within);
      return;
    }
    this.#position = start + length;
    if (isCommandOrMeta(tag)) {
      this.#warn('unexpected-group', tag, 'command and file meta elements do not belong in a data set');
      this.#visitor.leftOut?.(tag, start, length, frame.encoding, position);
    } else if ((tag & 0xffff) === 0) {
      this.#visitor.leftOut?.(tag, start, length, frame.encoding, position);
    } else {
      if (tag === TAG.NumberOfFrames && frame.parent === undefined) {
        this.#framesOffset = start;
        this.#framesLength = length;
      }
      this.#visitor.element(tag, vr, start, length, frame.encoding, position);
    }
  }

  /** Items and delimiters where an element should be. Returns whether it was one. */
  #delimiter(frame: Frame, tag: number): boolean {
    switch (tag) {
      case TAG.ItemDelimitationItem:
        if (frame.end === UNDEFINED_END && frame.parent) {
          this.#position += HEADER;
          this.#leave(frame.parent);
        } else {
          this.#skipDelimiter();
        }
        return true;
      case TAG.SequenceDelimitationItem:
      case TAG.Item:
        if (frame.end === UNDEFINED_END) {
          // The item's own delimiter is missing; the next one leaves no doubt where it ended.
          this.#leaveUndelimited(frame, true);
        } else if (tag === TAG.Item) {
          throw this.#error('unknown-structure', 'an item stands outside a sequence');
        } else {
          this.#skipDelimiter();
        }
        return true;
      default:
        return false;
    }
  }

  #skipDelimiter(): void {
    if (this.#strict) throw this.#error('unknown-structure', 'a delimiter where nothing is open');
    this.#warn('stray-delimiter', undefined, 'a delimiter where nothing is open');
    this.#position += HEADER;
  }

  #unusualHeader(frame: Frame, tag: number, at: number): UnusualHeader {
    if (this.#strict) throw this.#error('unknown-structure', `(${tagHex(tag)}) has no VR`);
    const found = readUnusualHeader(
      this.#cursor.bytes,
      at,
      tag,
      frame.limit - this.#position,
      frame.encoding,
    );
    if (found === undefined) {
      throw this.#error('unknown-structure', `(${tagHex(tag)}) has neither a VR nor a possible length`);
    }
    if (found.problem === 'unknown-vr')
      this.#warn('unknown-vr', tag, 'a VR that is not in the Standard; read as UN');
    else this.#warn(found.problem, tag, 'the element has no VR although the transfer syntax is explicit');
    return found;
  }

  #undefinedLength(frame: Frame, tag: number, vr: Vr, start: number, header: number): void {
    if (vr === VR.UN || vr.kind === Kind.Sequence) {
      const within = this.#encodingWithin(frame, tag, start, UNDEFINED_END, vr);
      this.#enter(frame, tag, VR.SQ, header, start, UNDEFINED_END, within);
    } else if (isPixelData(tag) || vr.kind === Kind.Bytes) {
      this.#fragments(frame, tag, vr, start, header);
    } else {
      throw this.#error(
        'undefined-length-not-allowed',
        `(${tagHex(tag)}) has an undefined length but is not a sequence`,
      );
    }
  }

  #encodingWithin(frame: Frame, tag: number, start: number, end: number, vr: Vr): Encoding {
    const found = this.#encodings.within(frame, tag, start, end, vr);
    if (found.explicit && !frame.encoding.explicit)
      this.#warn('transfer-syntax-mismatch', tag, `the items are encoded as ${found.name}`);
    return found;
  }

  #asSequence(frame: Frame, tag: number, vr: Vr, start: number, length: number): Encoding | undefined {
    const found = this.#encodings.ofBytes(frame, tag, start, length);
    if (found === undefined && vr === VR.UN)
      this.#warn(
        'un-not-a-sequence',
        tag,
        'a sequence sent as UN whose value is not a sequence; kept as bytes',
      );
    return found;
  }

  #overruns(frame: Frame, start: number, end: number): boolean {
    return !this.#believesLengths && this.#lengths.overruns(frame, start, end);
  }

  #overrunsUndelimited(frame: Frame): boolean {
    return !this.#believesLengths && this.#lengths.overrunsUndelimited(frame, this.#position);
  }

  #fragments(frame: Frame, tag: number, vr: Vr, start: number, header: number): void {
    const { end, count, hasDelimiter, hasOddLength } = walkFragments(this.#cursor, frame, start, () =>
      this.#numberOfFrames(),
    );
    if (hasOddLength) this.#warn('odd-length', tag, 'a fragment has an odd length');
    if (!hasDelimiter)
      this.#warn('missing-delimiter', tag, 'the encapsulated value ends without its delimiter');
    this.#position = end;
    this.#visitor.fragments(tag, vr, start, end - start, count, header);
  }

  #numberOfFrames(): number {
    const length = Math.min(this.#framesLength, LONGEST_NUMBER);
    const at = this.#cursor.ensure(this.#framesOffset, length);
    const frames = Number(trimmed(this.#cursor.bytes.toString('latin1', at, at + length)));
    return frames > 0 ? frames : 1;
  }

  #enter(
    frame: Frame,
    tag: number,
    vr: Vr,
    header: number,
    start: number,
    end: number,
    encoding: Encoding,
  ): void {
    const depth = frame.depth + 1;
    if (depth > MAX_DEPTH) {
      throw this.#error('nested-too-deep', `sequences are nested more than ${MAX_DEPTH} deep`);
    }
    this.#position = start;
    const limit = end === UNDEFINED_END ? frame.limit : end;
    this.#frame = new Frame(frame, tag, true, end, limit, depth, encoding);
    this.#visitor.beginSequence(tag, vr, start, limit - start, end === UNDEFINED_END, header, encoding);
  }

  #leave(parent: Frame): void {
    if (this.#frame.isSequence) this.#visitor.endSequence(this.#position);
    else this.#visitor.endItem(this.#frame.disordered, this.#position);
    this.#frame = parent;
  }

  /** Something of undefined length has no delimiter. That is clear only when something around it has a defined end here. */
  #leaveUndelimited(frame: Frame, delimiterFollows = false): void {
    if ((this.#position === this.#size && !delimiterFollows) || frame.parent === undefined) {
      throw endsInside(frame, this.#position, 'ends inside a sequence');
    }
    this.#warn('missing-delimiter', undefined, 'an item or a sequence of undefined length has no delimiter');
    this.#leave(frame.parent);
  }

  #onlyZerosLeft(): boolean {
    if (this.#frame.parent !== undefined || !this.#zeros.beginAt(this.#position)) return false;
    this.#warn('trailing-bytes', undefined, 'zero bytes follow the last element');
    this.#position = this.#size;
    return true;
  }

  #disorder(frame: Frame, tag: number): void {
    frame.disordered = true;
    if (tag === frame.lastTag)
      this.#warn('duplicate-tag', tag, 'the element appears twice; the last one counts');
    else this.#warn('tag-order', tag, 'the element follows one with a higher tag');
  }

  #warn(code: WarningCode, tag: number | undefined, text: string): void {
    const frame = this.#frame;
    this.#warnings.add(code, () => frame.path(tag), text);
  }

  #error(code: DicomErrorCode, text: string): DicomError {
    return new DicomError(code, text);
  }
}

/** Groups 0000 (command set) and 0002 (file meta information). */
function isCommandOrMeta(tag: number): boolean {
  return tag < 0x00010000 || (tag >= 0x00020000 && tag < 0x00030000);
}

function isPixelData(tag: number): boolean {
  return tag === TAG.PixelData || tag === TAG.FloatPixelData || tag === TAG.DoubleFloatPixelData;
}
