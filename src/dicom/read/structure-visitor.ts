import type { Vr } from '../standard';
import type { Encoding } from './encoding';

/**
 * What a walk through a data set meets, in the order of the bytes. Offsets count from the start of the source: `offset` is
 * where the value begins, `header` where the element does.
 */
export interface StructureVisitor {
  element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding, header: number): void;
  /** An encapsulated value (PS3.5 A.4): `length` to the end of its delimiter, `count` without the offset table. */
  fragments(tag: number, vr: Vr, offset: number, length: number, count: number, header: number): void;
  /**
   * `vr` is SQ, or that of bytes which a sequence was sent as by mistake. `delimited`: its length is undefined, and a
   * delimiter ends it. `within`: how its items are encoded.
   */
  beginSequence(
    tag: number,
    vr: Vr,
    offset: number,
    length: number,
    delimited: boolean,
    header: number,
    within: Encoding,
  ): void;
  beginItem(delimited: boolean, offset: number): void;
  /** `disordered`: tags of the item came twice or not in ascending order. `end`: behind its delimiter if it has one. */
  endItem(disordered: boolean, end: number): void;
  /** `end`: where in the source, behind its delimiter if it has one. */
  endSequence(end: number): void;
  /** What is no attribute of the object: group lengths, and elements of a command set or of file meta information. */
  leftOut?(tag: number, offset: number, length: number, encoding: Encoding, header: number): void;
}

/** For a walk that only tries whether something can be read. */
export const NOBODY: StructureVisitor = {
  element: () => undefined,
  fragments: () => undefined,
  beginSequence: () => undefined,
  beginItem: () => undefined,
  endItem: () => undefined,
  endSequence: () => undefined,
};
