import type { Encoding } from './encoding';
import { tagHex } from '../standard';

/** The end of a sequence or an item that a delimiter ends. */
export const UNDEFINED_END = -1;

/** The data set, an item or a sequence that a walk is in. */
export class Frame {
  lastTag = -1;
  disordered = false;
  itemCount = 0;

  constructor(
    readonly parent: Frame | undefined,
    /** Of the sequence, or of the one that the item is in. */
    readonly tag: number,
    readonly isSequence: boolean,
    /** Where it ends, or UNDEFINED_END when a delimiter ends it. */
    public end: number,
    /** Nothing in it reaches beyond this: its own end or that of what encloses it. */
    public limit: number,
    readonly depth: number,
    readonly encoding: Encoding,
  ) {}

  /** "00400275[0].00400007"; without tag, the item or sequence itself. */
  path(tag: number | undefined): string {
    const parts = tag === undefined ? [] : [tagHex(tag)];
    for (let frame: Frame | undefined = this.parent && this; frame !== undefined; frame = frame.parent) {
      if (frame.isSequence) parts.unshift(`${tagHex(frame.tag)}[${Math.max(frame.itemCount - 1, 0)}]`);
    }
    return parts.join('.');
  }
}
