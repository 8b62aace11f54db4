import {
  type Cursor,
  type Encoding,
  HEADER,
  LONG_HEADER,
  type StructureVisitor,
  UNDEFINED_LENGTH,
} from '../read';
import type { Vr } from '../standard';
import { cannotChange } from './change-errors';
import type { Edits, Insertion } from './change-resolver';
import { newTextState, TextRecoder, type TextState } from './text-recoder';

/** Bytes in the place of others. */
export interface Splice {
  /** Where in the source. */
  readonly offset: number;
  /** Bytes of the source that are left out. */
  readonly removed: number;
  readonly bytes: Buffer;
}

const LENGTH_BYTES = 4;
/** Where all text becomes UTF-8, each is one, with the length of its item: more would fill the memory of their thread. */
const MOST_SPLICES = 400_000;

/** A data set, a sequence or an item that is open. */
interface Level {
  /** Of a sequence, where its element begins. */
  readonly header: number;
  readonly start: number;
  readonly encoding: Encoding;
  /** Where it tells its length; undefined: it does not. */
  readonly lengthAt: number | undefined;
  /** Behind the last thing in it. */
  end: number;
  /** By how many bytes. */
  grown: number;
  readonly insertions: readonly Insertion[];
  inserted: number;
  group: Group | undefined;
  text: TextState;
}

/** A group of elements that tells its length (PS3.5 7.2). */
interface Group {
  readonly number: number;
  readonly lengthAt: number;
  grown: number;
}

/**
 * Makes splices of edits in a walk, in the order of the bytes: of what is edited, and of the lengths of all that is around it.
 * Undefined lengths stay undefined. Where text becomes UTF-8, it makes those of all text, too.
 */
export class ChangeWriter implements StructureVisitor {
  readonly #splices: Splice[] = [];
  readonly #levels: Level[] = [];
  readonly #recoder: TextRecoder | undefined;
  /** A sequence that is left out or replaced: how much of it is open. */
  #left: { depth: number; header: number } | undefined;

  constructor(
    cursor: Cursor,
    readonly edits: Edits,
    start: number,
    encoding: Encoding,
  ) {
    this.#recoder = edits.toUtf8 ? new TextRecoder(cursor) : undefined;
    this.#levels.push(this.#level(start, start, encoding, undefined));
  }

  #level(header: number, start: number, encoding: Encoding, lengthAt: number | undefined): Level {
    const text = newTextState(this.#levels.at(-1)?.text);
    const insertions = this.edits.insertions.get(start) ?? [];
    const grown = { grown: 0, inserted: 0, group: undefined };
    return { header, start, encoding, lengthAt, end: start, insertions, text, ...grown };
  }

  get #top(): Level {
    const top = this.#levels.at(-1);
    if (top === undefined) throw new Error('the data set is always open');
    return top;
  }

  #put(splice: Splice): void {
    if (this.#splices.length >= MOST_SPLICES)
      throw cannotChange('the object', `it would have to be changed in more than ${MOST_SPLICES} places`);
    this.#splices.push(splice);
  }

  #splice(level: Level, offset: number, removed: number, bytes: Buffer): void {
    this.#put({ offset, removed, bytes });
    level.grown += bytes.length - removed;
    if (level.group !== undefined) level.group.grown += bytes.length - removed;
  }

  element(tag: number, vr: Vr, offset: number, length: number, _encoding: Encoding, header: number): void {
    if (this.#left !== undefined) return;
    const level = this.#before(tag);
    level.end = offset + length;
    if (this.#replaced(level, header, level.end)) return;
    const recoded = this.#recoder?.element(level, tag, vr, offset, length, header);
    if (recoded !== undefined) this.#splice(level, header, level.end - header, recoded);
  }

  fragments(tag: number, _vr: Vr, offset: number, length: number, _count: number, header: number): void {
    if (this.#left !== undefined) return;
    const level = this.#before(tag);
    level.end = offset + length;
    this.#replaced(level, header, level.end);
  }

  leftOut(tag: number, offset: number, length: number): void {
    if (this.#left !== undefined) return;
    const level = this.#before(tag);
    level.end = offset + length;
    if ((tag & 0xffff) === 0 && length === LENGTH_BYTES)
      level.group = { number: tag >>> 16, lengthAt: offset, grown: 0 };
  }

  /** What comes before an element of this tag: insertions, and the end of the group before. */
  #before(tag: number): Level {
    const level = this.#top;
    for (;;) {
      const next = level.insertions[level.inserted];
      if (next === undefined || next.tag >= tag) break;
      this.#insert(level, next);
    }
    this.#inGroup(level, tag >>> 16);
    return level;
  }

  #insert(level: Level, { tag, bytes }: Insertion): void {
    level.inserted += 1;
    this.#inGroup(level, tag >>> 16);
    this.#splice(level, level.end, 0, bytes);
  }

  #inGroup(level: Level, group: number): void {
    if (level.group !== undefined && level.group.number !== group) this.#endGroup(level);
  }

  #endGroup(level: Level): void {
    const { group } = level;
    if (group !== undefined && group.grown !== 0)
      this.#length(group.lengthAt, level.end - (group.lengthAt + LENGTH_BYTES) + group.grown);
    level.group = undefined;
  }

  #length(offset: number, length: number): void {
    if (length >= UNDEFINED_LENGTH)
      throw cannotChange('a sequence', 'it would be longer than a length can tell');
    const bytes = Buffer.alloc(LENGTH_BYTES);
    bytes.writeUInt32LE(length);
    this.#put({ offset, removed: LENGTH_BYTES, bytes });
  }

  /** Is the element up to `end` one that is edited? */
  #replaced(level: Level, header: number, end: number): boolean {
    const { elements } = this.edits;
    if (!elements.has(header)) return false;
    this.#splice(level, header, end - header, elements.get(header) ?? NOTHING);
    return true;
  }

  beginSequence(
    tag: number,
    _vr: Vr,
    offset: number,
    _length: number,
    delimited: boolean,
    header: number,
    within: Encoding,
  ): void {
    if (this.#left !== undefined) {
      this.#left.depth += 1;
      return;
    }
    const { encoding } = this.#before(tag);
    if (this.edits.elements.has(header)) {
      this.#left = { depth: 1, header };
      return;
    }
    const isPlain = offset - header === (encoding.explicit ? LONG_HEADER : HEADER);
    const lengthAt = isPlain ? offset - LENGTH_BYTES : UNKNOWN;
    this.#levels.push(this.#level(header, offset, within, delimited ? undefined : lengthAt));
  }

  beginItem(delimited: boolean, offset: number): void {
    if (this.#left !== undefined) {
      this.#left.depth += 1;
      return;
    }
    const lengthAt = delimited ? undefined : offset - LENGTH_BYTES;
    this.#levels.push(this.#level(offset - HEADER, offset, this.#top.encoding, lengthAt));
  }

  endItem(_disordered: boolean, end: number): void {
    if (this.#left !== undefined) this.#left.depth -= 1;
    // Otherwise it is the data set itself.
    else if (this.#levels.length > 1) this.#leave(end);
  }

  endSequence(end: number): void {
    if (this.#left === undefined) {
      const level = this.#top;
      const added = this.edits.items.get(level.header);
      if (added !== undefined) this.#splice(level, level.end, 0, added);
      this.#leave(end);
      return;
    }
    this.#left.depth -= 1;
    if (this.#left.depth > 0) return;
    const level = this.#top;
    level.end = end;
    this.#replaced(level, this.#left.header, end);
    this.#left = undefined;
  }

  #leave(end: number): void {
    const level = this.#top;
    this.#finishLevel(level);
    this.#levels.pop();
    const around = this.#top;
    around.end = end;
    if (level.grown === 0) return;
    around.grown += level.grown;
    if (around.group !== undefined) around.group.grown += level.grown;
    if (level.lengthAt === UNKNOWN)
      throw cannotChange('a sequence', 'its header is not as PS3.5 7.1 has it, so that it stays as it is');
    if (level.lengthAt !== undefined) this.#length(level.lengthAt, end - level.start + level.grown);
  }

  /** All that is still to come in it. */
  #finishLevel(level: Level): void {
    for (const next of level.insertions.slice(level.inserted)) this.#insert(level, next);
    this.#endGroup(level);
  }

  /** When the walk is over: what there is, in the order of the source. */
  finish(): Splice[] {
    this.#finishLevel(this.#top);
    return this.#splices.sort((one, other) => one.offset - other.offset);
  }
}

const NOTHING = Buffer.alloc(0);
/** Its length is somewhere else than the Standard has it. */
const UNKNOWN = -1;
