import { DicomError, type DicomErrorCode } from '../errors';
import { MAX_DEPTH, MAX_ELEMENTS } from '../limits';
import { Kind, lookUp, TAG, tagHex, type Vr, VR, vrOfBytes } from '../standard';
import { trimmed } from '../text';
import { NoWarnings, type WarningCode, type Warnings } from '../warnings';
import type { Cursor } from './byte-source';
import {
  byte,
  HEADER,
  LONG_HEADER,
  readItemHeader,
  readUnusualHeader,
  UNDEFINED_LENGTH,
  type UnusualHeader,
} from './element-header';
import {
  type Encoding,
  encodingOfDataSet,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
} from './encoding';
import { Frame, UNDEFINED_END } from './frame';
import { NOBODY, type StructureVisitor } from './structure-visitor';
import { type Attempt, Trials } from './trials';

const ZEROS = Buffer.alloc(16384);
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
  readonly #strict: boolean;
  readonly #believesLengths: boolean;
  #position = 0;
  #frame!: Frame;
  #framesOffset = 0;
  #framesLength = 0;
  /** Where a search for trailing zeros last met something else, so that a long run of zeros is searched once. */
  #notZeroAt = 0;
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
        if (!this.#goesOn(frame)) this.#leave(frame.parent);
      } else if (this.#position === frame.limit) {
        if (!this.#isCutShort(frame) || !this.#overrunsUndelimited(frame)) this.#leaveUndelimited(frame);
      } else if (frame.isSequence) {
        this.#item(frame);
      } else {
        this.#element(frame);
      }
    }
  }

  #item(frame: Frame): void {
    const isBehindEnd = this.#position + HEADER > frame.limit;
    if (isBehindEnd && (frame.end === UNDEFINED_END || !this.#isNext(TAG.Item, frame.encoding)))
      throw this.#cut(frame, 'ends inside a sequence');
    const { tag, length } = readItemHeader(this.#cursor, this.#position, frame.encoding);
    if (tag === TAG.Item) {
      const start = this.#position + HEADER;
      const undefinedLength = length === UNDEFINED_LENGTH;
      const end = undefinedLength ? UNDEFINED_END : start + length;
      if (end > frame.limit && !this.#overruns(frame, start, end))
        throw this.#beyond(frame, start, 'an item');
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
      throw this.#cut(frame, 'ends inside the header of an element');
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
          throw this.#cut(frame, 'ends inside the header of an element');
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
      throw this.#beyond(frame, start, `(${tagHex(tag)})`);
    if ((length & 1) !== 0) this.#warn('odd-length', tag, 'the value has an odd length');
    if (vr.kind === Kind.Sequence) {
      const within = this.#encodingWithin(frame, tag, start, start + length);
      this.#enter(frame, tag, VR.SQ, position, start, start + length, within);
      return;
    }
    const within =
      vr.kind === Kind.Bytes && length > 0 ? this.#asSequence(frame, tag, vr, start, length) : undefined;
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

  /**
   * How the items of a sequence are written: as what is around them, or in implicit VR little endian where the sequence was
   * sent as UN (PS3.5 6.2.2). Some writers leave a UN in their own encoding, and some put explicit VR into an implicit one.
   * That is believed where the whole sequence can be read so, and not also, up to there, as the Standard has it: what one
   * of the two readings would meet behind the sequence, in pixel data, decides nothing.
   */
  #encodingWithin(frame: Frame, tag: number, start: number, end: number, vr: Vr = VR.SQ): Encoding {
    const { explicit, bigEndian } = frame.encoding;
    if (explicit && vr !== VR.UN) return frame.encoding;
    const others = bigEndian ? [EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN] : [EXPLICIT_LITTLE_ENDIAN];
    const attempt: Omit<Attempt, 'encoding'> = {
      isSequence: true,
      offset: start,
      end,
      limit: end === UNDEFINED_END ? frame.limit : end,
      tag,
      depth: frame.depth,
    };
    const found = this.#decide(attempt, others);
    if (found !== IMPLICIT_LITTLE_ENDIAN && !explicit)
      this.#warn('transfer-syntax-mismatch', tag, `the items are encoded as ${found.name}`);
    return found;
  }

  #decide(attempt: Omit<Attempt, 'encoding'>, others: readonly Encoding[]): Encoding {
    const { offset, limit } = attempt;
    const likely = others.find((encoding) => this.#trials.looksExplicit(offset, limit, encoding));
    if (likely === undefined) return IMPLICIT_LITTLE_ENDIAN;
    const found = this.#trials.once(attempt, () => {
      const end = this.#endOf({ ...attempt, encoding: likely });
      if (end === undefined) return undefined;
      const asTheStandardHasIt = { ...attempt, limit: end, encoding: IMPLICIT_LITTLE_ENDIAN };
      return this.#endOf(asTheStandardHasIt) === undefined ? likely : undefined;
    });
    return found ?? IMPLICIT_LITTLE_ENDIAN;
  }

  /**
   * How the items of a sequence are written that was sent as bytes: as UN by someone who did not know the attribute
   * (PS3.5 6.2.2), or as another VR by mistake. Undefined: it is none.
   */
  #asSequence(frame: Frame, tag: number, vr: Vr, start: number, length: number): Encoding | undefined {
    if (!frame.encoding.explicit || lookUp(tag)?.vr !== VR.SQ) return undefined;
    const end = start + length;
    const attempt = { isSequence: true, offset: start, end, limit: end, tag, depth: frame.depth };
    const encodings = [IMPLICIT_LITTLE_ENDIAN, frame.encoding];
    const found = this.#trials.once(attempt, () =>
      encodings.find((encoding) => this.#endOf({ ...attempt, encoding }) !== undefined),
    );
    if (found === undefined && vr === VR.UN)
      this.#warn(
        'un-not-a-sequence',
        tag,
        'a sequence sent as UN whose value is not a sequence; kept as bytes',
      );
    return found;
  }

  /**
   * An item that is longer than what is left of its sequence. Some writers count the length of a sequence wrong, and DCMTK
   * does not mind: that is believed where the whole item can be read, and something follows it that may stand there.
   */
  #overruns(frame: Frame, start: number, end: number): boolean {
    const limit = end === UNDEFINED_END ? this.#size : end;
    if (this.#believesLengths || limit > this.#size) return false;
    const { tag, depth, encoding } = frame;
    const found = this.#endOf({ isSequence: false, offset: start, end, limit, tag, depth, encoding });
    return found !== undefined && this.#extend(frame, found);
  }

  /** The same of an item that a delimiter ends, met while it is read. What is around it must end by its length, too. */
  #overrunsUndelimited(frame: Frame): boolean {
    let around: Frame | undefined = frame;
    while (around?.end === UNDEFINED_END) around = around.parent;
    return around?.isSequence === true && this.#overruns(frame, this.#position, UNDEFINED_END);
  }

  /**
   * At the end of what is around it: may an item of undefined length go on behind it? Its delimiter is there, or whatever
   * delimiter comes cannot be that of an item around it.
   */
  #isCutShort(frame: Frame): boolean {
    if (frame.isSequence) return false;
    return (
      this.#isNext(TAG.ItemDelimitationItem, frame.encoding) || frame.parent?.parent?.end !== UNDEFINED_END
    );
  }

  /** An item behind the end of a sequence that says its length, where nothing else could have one. */
  #goesOn(frame: Frame): boolean {
    const { parent } = frame;
    if (!frame.isSequence || parent?.end === UNDEFINED_END || parent?.end === this.#position) return false;
    if (this.#position + HEADER > this.#size) return false;
    const start = this.#position + HEADER;
    const { tag, length } = readItemHeader(this.#cursor, this.#position, frame.encoding);
    return (
      tag === TAG.Item &&
      this.#overruns(frame, start, length === UNDEFINED_LENGTH ? UNDEFINED_END : start + length)
    );
  }

  #isNext(tag: number, encoding: Encoding): boolean {
    if (this.#position + HEADER > this.#size) return false;
    return readItemHeader(this.#cursor, this.#position, encoding).tag === tag;
  }

  /** What is longer than it says reaches to here, with everything around it that would end before. */
  #extend(frame: Frame, end: number): boolean {
    let outer: Frame | undefined = frame;
    while (outer !== undefined && (outer.isSequence || outer.limit < end)) outer = outer.parent;
    if (outer === undefined || !this.#mayStand(outer, end)) return false;
    this.#warn(
      'sequence-length',
      undefined,
      'a sequence is longer than its length says; read to its true end',
    );
    for (let each: Frame | undefined = frame; each !== undefined && each.limit < end; each = each.parent) {
      if (each.end !== UNDEFINED_END) each.end = end;
      each.limit = end;
    }
    return true;
  }

  /** Whether the bytes at `position` may follow a sequence in this item or data set? */
  #mayStand(frame: Frame, position: number): boolean {
    if (position === frame.limit) return true;
    if (position + HEADER > frame.limit) return false;
    const { tag, length } = readItemHeader(this.#cursor, position, frame.encoding);
    if (tag >= TAG.Item) return tag === TAG.Item || frame.end === UNDEFINED_END;
    if (tag <= frame.lastTag) return false;
    if (!frame.encoding.explicit)
      return length === UNDEFINED_LENGTH || position + HEADER + length <= frame.limit;
    const at = this.#cursor.ensure(position, LONG_HEADER);
    return vrOfBytes(byte(this.#cursor.bytes, at + 4), byte(this.#cursor.bytes, at + 5)) !== undefined;
  }

  #fragments(frame: Frame, tag: number, vr: Vr, start: number, header: number): void {
    this.#position = start;
    let count = -1;
    for (;;) {
      if (this.#position + HEADER > frame.limit) {
        if (count < 1 || count < this.#numberOfFrames())
          throw this.#cut(frame, 'ends inside encapsulated pixel data');
        // Every frame is there: only the delimiter is not.
        this.#warn('missing-delimiter', tag, 'the encapsulated value ends without its delimiter');
        this.#position = frame.limit;
        break;
      }
      const header = readItemHeader(this.#cursor, this.#position, frame.encoding);
      this.#position += HEADER;
      if (header.tag === TAG.SequenceDelimitationItem) break;
      if (header.tag !== TAG.Item || header.length === UNDEFINED_LENGTH) {
        throw this.#error(
          'unexpected-tag-in-fragments',
          `a fragment was expected, not (${tagHex(header.tag)})`,
        );
      }
      if (this.#position + header.length > frame.limit)
        throw this.#beyond(frame, this.#position, 'a fragment');
      if ((header.length & 1) !== 0) this.#warn('odd-length', tag, 'a fragment has an odd length');
      this.#position += header.length;
      count += 1;
    }
    this.#visitor.fragments(tag, vr, start, this.#position - start, Math.max(count, 0), header);
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
      throw this.#cut(frame, 'ends inside a sequence');
    }
    this.#warn('missing-delimiter', undefined, 'an item or a sequence of undefined length has no delimiter');
    this.#leave(frame.parent);
  }

  /** Some files are filled up with zeros. Not (FFFC,FFFC), but harmless. */
  #onlyZerosLeft(): boolean {
    if (this.#frame.parent !== undefined) return false;
    if (this.#position < this.#notZeroAt) return false;
    for (let position = this.#position; position < this.#size; position += ZEROS.length) {
      const length = Math.min(ZEROS.length, this.#size - position);
      const at = this.#cursor.ensure(position, length);
      const bytes = this.#cursor.bytes;
      if (bytes.compare(ZEROS, 0, length, at, at + length) === 0) continue;
      let index = at;
      while (bytes[index] === 0) index += 1;
      this.#notZeroAt = position + index - at;
      return false;
    }
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

  #beyond(frame: Frame, start: number, what: string): DicomError {
    if (frame.limit === this.#size) {
      return this.#error(
        'ends-inside-element',
        `${what} at byte ${start} reaches beyond the end of the data set`,
      );
    }
    const code = frame.isSequence ? 'overruns-sequence' : 'overruns-item';
    return this.#error(
      code,
      `${what} at byte ${start} reaches beyond the ${frame.isSequence ? 'sequence' : 'item'} around it`,
    );
  }

  #cut(frame: Frame, text: string): DicomError {
    const code = frame.depth > 0 ? 'ends-inside-sequence' : 'ends-inside-element';
    return this.#error(code, `the data set ${text} at byte ${this.#position}`);
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
