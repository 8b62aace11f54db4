import type { Cursor } from './byte-source';

const ZEROS = Buffer.alloc(16384);

/** Whether nothing but zeros follows: some files are filled up with them. Not (FFFC,FFFC), but harmless. */
export class TrailingZeros {
  /** Where a search last met something else, so that a long run of zeros is searched once. */
  #notZeroAt = 0;

  constructor(
    private readonly cursor: Cursor,
    private readonly size: number,
  ) {}

  /** From this byte to the end. */
  beginAt(start: number): boolean {
    if (start < this.#notZeroAt) return false;
    for (let position = start; position < this.size; position += ZEROS.length) {
      const length = Math.min(ZEROS.length, this.size - position);
      const at = this.cursor.ensure(position, length);
      const { bytes } = this.cursor;
      if (bytes.compare(ZEROS, 0, length, at, at + length) === 0) continue;
      let index = at;
      while (bytes[index] === 0) index += 1;
      this.#notZeroAt = position + index - at;
      return false;
    }
    return true;
  }
}
