import { DicomError } from '../errors';
import { MAX_ELEMENTS } from '../limits';
import { TAG, vrOfBytes } from '../standard';
import { Cursor, type ByteSource } from './byte-source';
import { byte, readItemHeader } from './element-header';
import type { Encoding } from './encoding';
import { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';

/** What is tried: a sequence or an item from `offset` on, which ends at `end` or with its delimiter. */
export interface Attempt {
  readonly isSequence: boolean;
  readonly offset: number;
  /** Where it must end; UNDEFINED_END: a delimiter ends it. */
  readonly end: number;
  /** Nothing in it reaches beyond this. */
  readonly limit: number;
  readonly tag: number;
  readonly depth: number;
  readonly encoding: Encoding;
}

/** Where something ends that can be read by the letter; undefined: it cannot. */
export type ReadTrial = (attempt: Attempt) => number | undefined;

/**
 * Trial readings of a walk: whether something can be read to its end in an encoding, by the letter. They share what
 * keeps them linear: each question is answered once, and all of them together meet no more elements than an object may have.
 */
export class Trials {
  /** Its own window: the position of the walk does not change. */
  readonly cursor: Cursor;
  /** What was found of a sequence, by where its items begin and how far it may reach. */
  readonly #found = new Map<string, Encoding | undefined>();
  #left = MAX_ELEMENTS;

  constructor(source: ByteSource) {
    this.cursor = new Cursor(source);
  }

  /** @throws DicomError when the trials of this object have met too much */
  spend(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new DicomError('too-many-elements', 'too much would have to be tried');
  }

  /** What `find` finds, asked once for each sequence: who tries one that holds another would ask again and again. */
  once({ offset, limit }: Omit<Attempt, 'encoding'>, find: () => Encoding | undefined): Encoding | undefined {
    const key = `${offset} ${limit}`;
    if (this.#found.has(key)) return this.#found.get(key);
    const found = find();
    this.#found.set(key, found);
    return found;
  }

  /** Where it ends; undefined: it cannot be read so. @param read throws a DicomError when it cannot */
  endOf(read: () => number): number | undefined {
    // Most trials fail, and nobody looks where: to find that out is most of what an error costs.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      return undefined;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Does the first element in a sequence begin as one of explicit VR does? By far most do not, and need no trial. */
  looksExplicit(offset: number, limit: number, encoding: Encoding): boolean {
    let position = offset;
    for (;;) {
      if (position + HEADER + HEADER > limit) return false;
      const item = readItemHeader(this.cursor, position, encoding);
      if (item.tag !== TAG.Item) return false;
      position += HEADER;
      if (item.length === UNDEFINED_LENGTH) {
        if (readItemHeader(this.cursor, position, encoding).tag !== TAG.ItemDelimitationItem) break;
        position += HEADER;
      } else if (item.length > 0) {
        break;
      }
    }
    const at = this.cursor.ensure(position, LONG_HEADER);
    const { bytes } = this.cursor;
    const vr = vrOfBytes(byte(bytes, at + 4), byte(bytes, at + 5));
    return vr !== undefined && (!vr.long || (byte(bytes, at + 6) === 0 && byte(bytes, at + 7) === 0));
  }
}
