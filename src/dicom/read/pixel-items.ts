import { type ByteSource, Cursor } from './byte-source';
import { HEADER } from './header-lengths';

/** Bytes of a source. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

const ITEM_ELEMENT = 0xe000;

/** All items of encapsulated pixel data (PS3.5 A.4), the offset table first. The structure has been read before. */
export function pixelItems(source: ByteSource, { offset, length }: ByteRange): ByteRange[] {
  const cursor = new Cursor(source);
  const items: ByteRange[] = [];
  for (let at = offset; at + HEADER <= offset + length;) {
    const index = cursor.ensure(at, HEADER);
    if (cursor.bytes.readUInt16LE(index + 2) !== ITEM_ELEMENT) break;
    const item = { offset: at + HEADER, length: cursor.bytes.readUInt32LE(index + 4) };
    items.push(item);
    at = item.offset + item.length;
  }
  return items;
}
