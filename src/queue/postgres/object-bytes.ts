import type { Database } from './database';
import type { ObjectRow } from './object-rows';

/** A part of an object's bytes is a row of its own, of so many bytes at most. */
export const CHUNK_BYTES = 1_048_576;
/** So many of them are read at a time. */
const PARTS_AT_ONCE = 4;
/** Of objects with fewer bytes, the text is read more quickly than the binary form, which has to be asked for anew each time. */
const BINARY_BYTES = 16_384;

/** The bytes of objects that are in the database. */
export class ObjectBytes {
  /** @param schema as `isPlainName` */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
  ) {}

  /**
   * Calls back with the bytes of objects, piece by piece, in no order of objects.
   * @param use gets bytes that are valid during the call only
   */
  async bytesOf(
    objects: readonly Pick<ObjectRow, 'seq' | 'size'>[],
    use: (seq: number, bytes: Buffer) => void,
  ): Promise<void> {
    const isTiny = ({ size }: Pick<ObjectRow, 'size'>): boolean => size < BINARY_BYTES;
    const tiny = objects.filter(isTiny).map(({ seq }) => seq);
    const others = objects.filter((object) => !isTiny(object)).map(({ seq }) => seq);
    if (tiny.length > 0) {
      const rows = await this.database.rows(
        `SELECT object, bytes FROM "${this.schema}".chunk WHERE object = ANY($1)`,
        [tiny],
      );
      for (const { object, bytes } of rows) use(Number(object), bytes as Buffer);
    }
    if (others.length > 0) await this.copyChunks(`object = ANY('{${others.join()}}')`, use);
  }

  /** The bytes of an object, in the pieces in which they lie there. */
  async *pieces(seq: number, size: number): AsyncGenerator<Buffer> {
    for (let part = 0; part * CHUNK_BYTES < size; part += PARTS_AT_ONCE) {
      const found: Buffer[] = [];
      await this.copyChunks(
        `object = ${seq} AND part >= ${part} AND part < ${part + PARTS_AT_ONCE}`,
        (_, bytes) => found.push(Buffer.from(bytes)),
      );
      yield* found;
    }
  }

  private async copyChunks(condition: string, use: (seq: number, bytes: Buffer) => void): Promise<void> {
    await this.database.copy(
      `SELECT object, bytes FROM "${this.schema}".chunk WHERE ${condition} ORDER BY object, part`,
      ([object, bytes]) => {
        if (object !== undefined && bytes !== undefined) use(Number(object.readBigInt64BE()), bytes);
      },
    );
  }
}
