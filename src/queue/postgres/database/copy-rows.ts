/** What begins PostgreSQL's binary form of COPY, before 4 bytes of flags and the length of what a later version may add. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const HEADER_BYTES = SIGNATURE.length + 8;
const EMPTY = Buffer.alloc(0);

/**
 * Reads rows in the binary form of COPY (PostgreSQL's documentation of COPY, "Binary Format"), in whatever pieces it comes.
 * The server sends a row in a piece, of which nothing is copied then.
 */
export class CopyRows {
  private rest: Buffer = EMPTY;
  private hasHeader = false;
  private isComplete = false;

  /** @param row gets the fields of a row, none of which is null; their bytes are valid during the call only */
  constructor(private readonly row: (fields: readonly Buffer[]) => void) {}

  /** @throws an Error for what is not in that form; what `row` throws */
  take(piece: Buffer): void {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let at = this.hasHeader ? 0 : this.header(bytes);
    while (this.hasHeader && !this.isComplete) {
      const next = this.next(bytes, at);
      if (next === undefined) break;
      at = next;
    }
    // The memory of the piece is used again by whoever gave it.
    this.rest = this.isComplete || at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
  }

  /** @throws an Error where the end of the rows has not come */
  end(): void {
    if (!this.isComplete) throw new Error('the rows of the database have no end');
  }

  /** Returns where the first row begins; the header may not be whole yet. */
  private header(bytes: Buffer): number {
    if (bytes.length < HEADER_BYTES) return 0;
    if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0)
      throw new Error('the rows of the database are not in the form of COPY');
    const end = HEADER_BYTES + bytes.readUInt32BE(SIGNATURE.length + 4);
    if (bytes.length < end) return 0;
    this.hasHeader = true;
    return end;
  }

  /** Returns where the row that begins here ends. Undefined: it is not whole yet. */
  private next(bytes: Buffer, start: number): number | undefined {
    if (start + 2 > bytes.length) return undefined;
    const count = bytes.readInt16BE(start);
    let at = start + 2;
    if (count < 0) {
      this.isComplete = true;
      return at;
    }
    const fields: Buffer[] = [];
    for (let field = 0; field < count; field += 1) {
      if (at + 4 > bytes.length) return undefined;
      const length = bytes.readInt32BE(at);
      if (length < 0) throw new Error('a row of the database has no value where it must have one');
      at += 4 + length;
      if (at > bytes.length) return undefined;
      fields.push(bytes.subarray(at - length, at));
    }
    this.row(fields);
    return at;
  }
}
