import type { Cursor } from './byte-source';
import { lookUp } from './dictionary';
import {
  byte,
  HEADER,
  LONG_HEADER,
  readItemHeader,
  readUnusualHeader,
  UNDEFINED_LENGTH,
  type UnusualHeader,
} from './element-header';
import { type Encoding, IMPLICIT_LITTLE_ENDIAN, mostPlausible } from './encoding';
import { DicomError, type DicomErrorCode } from './errors';
import { Frame, UNDEFINED_END } from './frame';
import { MAX_DEPTH, MAX_ELEMENTS } from './limits';
import { NOBODY, type StructureVisitor } from './structure-visitor';
import { TAG, tagHex } from './tags';
import { Kind, VR, type Vr, vrOfBytes } from './vr';
import { NoWarnings, type WarningCode, type Warnings } from './warnings';

const ZEROS = Buffer.alloc(16384);

/**
 * Walks a data set (PS3.5 7) from `offset` to the end of the source. Iterative: nesting costs heap, not stack.
 * What is odd but clear is a warning; what cannot be understood to its end is a DicomError.
 */
export function walkDataSet(
  cursor: Cursor,
  offset: number,
  encoding: Encoding,
  visitor: StructureVisitor,
  warnings: Warnings,
): void {
  new Walk(cursor, visitor, warnings).run(offset, encoding);
}

class Walk {
  readonly #cursor: Cursor;
  readonly #size: number;
  readonly #visitor: StructureVisitor;
  readonly #warnings: Warnings;
  #position = 0;
  #frame!: Frame;
  #framesOffset = 0;
  #framesLength = 0;
  /** Where a search for trailing zeros last met something else, so that a long run of zeros is searched once. */
  #notZeroAt = 0;
  #count = 0;

  constructor(cursor: Cursor, visitor: StructureVisitor, warnings: Warnings, end = cursor.source.size) {
    this.#cursor = cursor;
    this.#size = end;
    this.#visitor = visitor;
    this.#warnings = warnings;
  }

  run(offset: number, declared: Encoding): void {
    if (offset >= this.#size) throw new DicomError('empty-data-set', 'the data set has no bytes');
    this.#position = offset;
    const encoding = mostPlausible(this.#cursor, offset, this.#size, declared);
    this.#frame = new Frame(undefined, -1, false, this.#size, this.#size, 0, encoding);
    if (encoding !== declared) {
      this.#warn('transfer-syntax-mismatch', undefined, `the data set is encoded as ${encoding.name}`);
    }
    this.#toEnd();
  }

  /** The walk over a sequence alone, to see whether it is one. */
  runSequence(offset: number, tag: number, encoding: Encoding, depth: number): void {
    this.#position = offset;
    this.#frame = new Frame(undefined, tag, true, this.#size, this.#size, depth, encoding);
    this.#toEnd();
  }

  #toEnd(): void {
    for (;;) {
      const frame = this.#frame;
      this.#count += 1;
      if (this.#count > MAX_ELEMENTS) {
        throw this.#error(
          'too-many-elements',
          `the data set has more than ${MAX_ELEMENTS} elements and items`,
        );
      }
      if (this.#position === frame.end) {
        if (frame.parent === undefined) break;
        this.#leave(frame.parent);
      } else if (this.#position === frame.limit) {
        this.#leaveUndelimited(frame);
      } else if (frame.isSequence) {
        this.#item(frame);
      } else {
        this.#element(frame);
      }
    }
    if (this.#frame.disordered && !this.#frame.isSequence) this.#visitor.endItem(true);
  }

  #item(frame: Frame): void {
    if (this.#position + HEADER > frame.limit) throw this.#cut(frame, 'ends inside a sequence');
    const { tag, length } = readItemHeader(this.#cursor, this.#position, frame.encoding);
    if (tag === TAG.Item) {
      const start = this.#position + HEADER;
      const undefinedLength = length === UNDEFINED_LENGTH;
      const end = undefinedLength ? UNDEFINED_END : start + length;
      if (end > frame.limit) throw this.#beyond(frame, start, 'an item');
      this.#position = start;
      frame.itemCount += 1;
      const limit = undefinedLength ? frame.limit : end;
      this.#frame = new Frame(frame, frame.tag, false, end, limit, frame.depth, frame.encoding);
      this.#visitor.beginItem();
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
    if (position + HEADER > frame.limit) {
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
      this.#undefinedLength(frame, tag, vr, start);
      return;
    }
    if (start + length > frame.limit) throw this.#beyond(frame, start, `(${tagHex(tag)})`);
    if ((length & 1) !== 0) this.#warn('odd-length', tag, 'the value has an odd length');
    if (vr.kind === Kind.Sequence) {
      this.#enter(frame, tag, start, start + length, frame.encoding);
      return;
    }
    this.#position = start + length;
    if (isCommandOrMeta(tag)) {
      this.#warn('unexpected-group', tag, 'command and file meta elements do not belong in a data set');
    } else if (vr === VR.UN && explicit && length > 0 && this.#isSequence(frame, tag, start, length)) {
      this.#enter(frame, tag, start, start + length, IMPLICIT_LITTLE_ENDIAN);
    } else if ((tag & 0xffff) !== 0) {
      if (tag === TAG.NumberOfFrames && frame.parent === undefined) {
        this.#framesOffset = start;
        this.#framesLength = length;
      }
      this.#visitor.element(tag, vr, start, length, frame.encoding);
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
    this.#warn('stray-delimiter', undefined, 'a delimiter stands where nothing is open');
    this.#position += HEADER;
  }

  #unusualHeader(frame: Frame, tag: number, at: number): UnusualHeader {
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
      this.#warn('unknown-vr', tag, 'no VR that the Standard knows; read as UN');
    else this.#warn(found.problem, tag, 'the element has no VR although the transfer syntax is explicit');
    return found;
  }

  #undefinedLength(frame: Frame, tag: number, vr: Vr, start: number): void {
    if (vr.kind === Kind.Sequence) {
      this.#enter(frame, tag, start, UNDEFINED_END, frame.encoding);
    } else if (isPixelData(tag) || (vr.kind === Kind.Bytes && vr !== VR.UN)) {
      this.#fragments(frame, tag, vr, start);
    } else if (vr === VR.UN) {
      // PS3.5 6.2.2: a sequence in implicit VR little endian. Some writers leave it in their own encoding.
      const within = frame.encoding.explicit
        ? mostPlausible(this.#cursor, start + HEADER, frame.limit, IMPLICIT_LITTLE_ENDIAN)
        : frame.encoding;
      this.#enter(frame, tag, start, UNDEFINED_END, within);
    } else {
      throw this.#error(
        'undefined-length-not-allowed',
        `(${tagHex(tag)}) has an undefined length but is no sequence`,
      );
    }
  }

  /** A sequence that was sent as UN with a defined length, by someone who did not know the attribute (PS3.5 6.2.2). */
  #isSequence(frame: Frame, tag: number, start: number, length: number): boolean {
    if (lookUp(tag)?.vr !== VR.SQ) return false;
    try {
      const trial = new Walk(this.#cursor, NOBODY, new NoWarnings(), start + length);
      trial.runSequence(start, tag, IMPLICIT_LITTLE_ENDIAN, frame.depth);
      return true;
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      this.#warn('un-not-a-sequence', tag, 'a sequence sent as UN whose value is no sequence; kept as bytes');
      return false;
    }
  }

  #fragments(frame: Frame, tag: number, vr: Vr, start: number): void {
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
    this.#visitor.fragments(tag, vr, start, this.#position - start, Math.max(count, 0));
  }

  #numberOfFrames(): number {
    const at = this.#cursor.ensure(this.#framesOffset, this.#framesLength);
    const frames = Number(
      this.#cursor.bytes.toString('latin1', at, at + this.#framesLength).replace(/\0/g, ''),
    );
    return frames > 0 ? frames : 1;
  }

  #enter(frame: Frame, tag: number, start: number, end: number, encoding: Encoding): void {
    const depth = frame.depth + 1;
    if (depth > MAX_DEPTH) {
      throw this.#error('nested-too-deep', `sequences are nested more than ${MAX_DEPTH} deep`);
    }
    this.#position = start;
    const limit = end === UNDEFINED_END ? frame.limit : end;
    this.#frame = new Frame(frame, tag, true, end, limit, depth, encoding);
    this.#visitor.beginSequence(tag);
  }

  #leave(parent: Frame): void {
    if (this.#frame.isSequence) this.#visitor.endSequence();
    else this.#visitor.endItem(this.#frame.disordered);
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
      this.#warn('duplicate-tag', tag, 'the element stands twice; the last one counts');
    else this.#warn('tag-order', tag, 'the element stands after one with a higher tag');
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
