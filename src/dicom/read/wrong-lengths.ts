import { TAG, vrOfBytes } from '../standard';
import type { Cursor } from './byte-source';
import { byte, readItemHeader } from './element-header';
import { type Frame, UNDEFINED_END } from './frame';
import { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';
import type { ReadTrial } from './trials';

/**
 * Sequences that are longer than their length says. Some writers count it wrong, and DCMTK does not mind: that is believed
 * where the whole item can be read that reaches beyond, and something follows it that may stand there.
 */
export class WrongLengths {
  /** @param extended called when a sequence, with what is around it, has got another end */
  constructor(
    private readonly cursor: Cursor,
    private readonly size: number,
    private readonly endOf: ReadTrial,
    private readonly extended: () => void,
  ) {}

  /** An item from `start` to `end` that is longer than what is left of its sequence. */
  overruns(sequence: Frame, start: number, end: number): boolean {
    const limit = end === UNDEFINED_END ? this.size : end;
    if (limit > this.size) return false;
    const { tag, depth, encoding } = sequence;
    const found = this.endOf({ isSequence: false, offset: start, end, limit, tag, depth, encoding });
    return found !== undefined && this.extend(sequence, found);
  }

  /** The same of an item that a delimiter ends, met while it is read. What is around it must end by its length, too. */
  overrunsUndelimited(frame: Frame, position: number): boolean {
    let around: Frame | undefined = frame;
    while (around?.end === UNDEFINED_END) around = around.parent;
    return around?.isSequence === true && this.overruns(frame, position, UNDEFINED_END);
  }

  /**
   * At the end of what is around it: may an item of undefined length go on behind it? Its delimiter is there, or whatever
   * delimiter comes cannot be that of an item around it.
   */
  isCutShort(frame: Frame, position: number): boolean {
    if (frame.isSequence) return false;
    const isDelimiter = this.tagAt(frame, position) === TAG.ItemDelimitationItem;
    return isDelimiter || frame.parent?.parent?.end !== UNDEFINED_END;
  }

  /** An item behind the end of a sequence that says its length, where nothing else could have one. */
  goesOn(frame: Frame, position: number): boolean {
    const { parent } = frame;
    if (!frame.isSequence || parent?.end === UNDEFINED_END || parent?.end === position) return false;
    if (this.tagAt(frame, position) !== TAG.Item) return false;
    const start = position + HEADER;
    const { length } = readItemHeader(this.cursor, position, frame.encoding);
    return this.overruns(frame, start, length === UNDEFINED_LENGTH ? UNDEFINED_END : start + length);
  }

  /** Undefined: no header fits in there. */
  tagAt({ encoding }: Frame, position: number): number | undefined {
    if (position + HEADER > this.size) return undefined;
    return readItemHeader(this.cursor, position, encoding).tag;
  }

  /** What is longer than it says reaches to here, with everything around it that would end before. */
  private extend(frame: Frame, end: number): boolean {
    // What ends within it is no longer than it says, and whoever tried it stands where they stood.
    if (end <= frame.limit) return false;
    let outer: Frame | undefined = frame;
    while (outer !== undefined && (outer.isSequence || outer.limit < end)) outer = outer.parent;
    if (outer === undefined || !this.mayStand(outer, end)) return false;
    this.extended();
    for (let each: Frame | undefined = frame; each !== undefined && each.limit < end; each = each.parent) {
      if (each.end !== UNDEFINED_END) each.end = end;
      each.limit = end;
    }
    return true;
  }

  /** Whether the bytes at `position` may follow a sequence in this item or data set. */
  private mayStand(frame: Frame, position: number): boolean {
    if (position === frame.limit) return true;
    if (position + HEADER > frame.limit) return false;
    const { tag, length } = readItemHeader(this.cursor, position, frame.encoding);
    if (tag >= TAG.Item) return tag === TAG.Item || frame.end === UNDEFINED_END;
    if (tag <= frame.lastTag) return false;
    if (!frame.encoding.explicit)
      return length === UNDEFINED_LENGTH || position + HEADER + length <= frame.limit;
    const at = this.cursor.ensure(position, LONG_HEADER);
    return vrOfBytes(byte(this.cursor.bytes, at + 4), byte(this.cursor.bytes, at + 5)) !== undefined;
  }
}
