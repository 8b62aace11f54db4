import { TAG, tagHex } from '../standard';
import { DicomError } from '../errors';
import type { Cursor } from './byte-source';
import { readItemHeader } from './element-header';
import type { Frame } from './frame';
import { HEADER, UNDEFINED_LENGTH } from './header-lengths';
import { endsInside, reachesBeyond } from './walk-errors';

/** An encapsulated value, as it was met. */
export interface Fragments {
  /** Behind its delimiter. */
  end: number;
  /** Without the offset table. */
  count: number;
  hasDelimiter: boolean;
  hasOddLength: boolean;
}

/**
 * Walks an encapsulated value (PS3.5 A.4) from its offset table on. Where what is around it ends before its delimiter comes,
 * it is taken if every frame may be there.
 * @param frames fewest fragments that a value without delimiter has
 * @throws DicomError
 */
export function walkFragments(cursor: Cursor, frame: Frame, start: number, frames: () => number): Fragments {
  let position = start;
  let count = -1;
  let hasOddLength = false;
  for (;;) {
    if (position + HEADER > frame.limit) {
      if (count < 1 || count < frames())
        throw endsInside(frame, position, 'ends inside encapsulated pixel data');
      return { end: frame.limit, count, hasDelimiter: false, hasOddLength };
    }
    const { tag, length } = readItemHeader(cursor, position, frame.encoding);
    position += HEADER;
    if (tag === TAG.SequenceDelimitationItem)
      return { end: position, count: Math.max(count, 0), hasDelimiter: true, hasOddLength };
    if (tag !== TAG.Item || length === UNDEFINED_LENGTH)
      throw new DicomError('unexpected-tag-in-fragments', `a fragment was expected, not (${tagHex(tag)})`);
    if (position + length > frame.limit) throw reachesBeyond(frame, position, 'a fragment');
    hasOddLength ||= (length & 1) !== 0;
    position += length;
    count += 1;
  }
}
