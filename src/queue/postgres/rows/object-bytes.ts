import type { Database } from '../database';

/**
 * A part of an object's bytes is a row of its own, of so many bytes at most: as many as there is room for in a page, so that a row
 * is neither cut in pieces of 2 KB, each with an entry in an index, nor read back from them.
 */
export const PART_BYTES = 8_096;
/** Bytes are sent, and read, in pieces of so many parts at most. */
export const CHUNK_BYTES = 128 * PART_BYTES;
/** So many bytes are read at a time. */
const AT_ONCE_BYTES = 4 * CHUNK_BYTES;
/** Parts that are read before it is known how large they are: other versions had rows of 1 MiB. */
const FIRST_PARTS = 4;
/** Of objects with fewer bytes, the text is read more quickly than the binary form, which has to be asked for anew each time. */
const BINARY_BYTES = 16_384;

/** An object whose bytes are in the database. */
interface StoredBytes {
  seq: number;
  size: number;
}

/** The bytes of objects that are in the database. */
export class ObjectBytes {
  private readonly chunks: string;

  /** @param schema as `isPlainName` */
  constructor(
    private readonly database: Database,
    schema: string,
  ) {
    this.chunks = `"${schema}".chunk`;
  }

  /**
   * Calls back with the bytes of objects, piece by piece, in their order; that of objects is any.
   * @param use gets bytes that are valid during the call only
   */
  async bytesOf(objects: readonly StoredBytes[], use: (seq: number, bytes: Buffer) => void): Promise<void> {
    const isTiny = ({ size }: StoredBytes): boolean => size < BINARY_BYTES;
    const tiny = objects.filter(isTiny).map(({ seq }) => seq);
    const others = objects.filter((object) => !isTiny(object)).map(({ seq }) => seq);
    if (tiny.length > 0) {
      const rows = await this.database.rows(this.partsOf('$1::bigint[]'), [tiny]);
      for (const { object, bytes } of rows) use(Number(object), bytes as Buffer);
    }
    if (others.length > 0) await this.copy(this.partsOf(`'{${others.join()}}'::bigint[]`), use);
  }

  /** In the order of the index, object by object: sorting them would move their bytes. @param objects as SQL */
  private partsOf(objects: string): string {
    return `SELECT c.* FROM unnest(${objects}) AS named CROSS JOIN LATERAL (
      SELECT object, bytes, part FROM ${this.chunks} WHERE object = named ORDER BY part) c`;
  }

  /** The bytes of an object, in pieces. */
  async *pieces(seq: number, size: number): AsyncGenerator<Buffer> {
    let parts = FIRST_PARTS;
    let part = 0;
    for (let done = 0; done < size;) {
      const found: Buffer[] = [];
      await this.copy(
        `SELECT object, bytes, part FROM ${this.chunks} WHERE object = ${seq} AND part >= ${part} ORDER BY part LIMIT ${parts}`,
        (_, bytes, number) => {
          found.push(Buffer.from(bytes));
          part = number + 1;
        },
      );
      // What is missing is noticed by whoever knows its checksum.
      if (found.length === 0) return;
      const piece = Buffer.concat(found);
      yield piece;
      done += piece.length;
      parts = Math.max(1, Math.floor((AT_ONCE_BYTES * found.length) / piece.length));
    }
  }

  private async copy(select: string, use: (seq: number, bytes: Buffer, part: number) => void): Promise<void> {
    await this.database.copy(select, ([object, bytes, part]) => {
      if (object !== undefined && bytes !== undefined && part !== undefined)
        use(Number(object.readBigInt64BE()), bytes, part.readInt32BE());
    });
  }
}
