import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FILE_MODE, realFiles, writePieces } from '../../basics';
import { BlockBuffer } from '../block-buffer';
import { ObjectDamaged } from '../object-damaged';
import type { PinnedBytes } from '../object-handle';
import { factsInId } from '../object-id';
import type { ObjectContent } from '../object-queue';
import { pinnedRange } from '../pinned-range';
import type { ObjectRow, ObjectRows } from './object-rows';

/** All copies in memory together; what is beyond is in files. */
const MOST_IN_MEMORY_BYTES = 67_108_864;
/** An object with more is in a file. */
export const SMALL_BYTES = 1_048_576;

/** The bytes of an object of the database, on this machine, as long as it is in flight here. */
export class LocalCopy {
  private isGone = false;

  /** @param damage why the bytes are not those that were received */
  constructor(
    private readonly where: { bytes: BlockBuffer } | { path: string; size: number },
    private readonly damage: string | undefined,
    private readonly onGone: () => void,
  ) {}

  /** As `QueuedObject.read`. */
  read<T>(use: (content: ObjectContent) => T, evenIfDamaged: boolean): T {
    if (this.isGone) throw new ObjectDamaged('the object is not on this machine any more');
    if (this.damage !== undefined && !evenIfDamaged) throw new ObjectDamaged(this.damage);
    if ('bytes' in this.where) return use({ kind: 'memory', bytes: this.where.bytes });
    const { path, size } = this.where;
    const fd = openSync(path, 'r');
    try {
      return use({ kind: 'file', fd, size, path });
    } finally {
      closeSync(fd);
    }
  }

  /** The bytes, for somebody who has them longer than this copy is here. */
  pin(): PinnedBytes {
    if (this.damage !== undefined) throw new ObjectDamaged(this.damage);
    if (!('bytes' in this.where)) {
      const { path, size } = this.where;
      return pinnedRange(openSync(path, 'r'), 0, size, realFiles);
    }
    const { bytes } = this.where;
    const whole = bytes.copy(0, bytes.size);
    return {
      size: whole.length,
      read: (offset, length) => Promise.resolve(Buffer.from(whole.subarray(offset, offset + length))),
      unpin: () => undefined,
    };
  }

  /** It is not needed any more. */
  discard(): void {
    if (this.isGone) return;
    this.isGone = true;
    if ('bytes' in this.where) this.where.bytes.clear();
    else rmSync(this.where.path, { force: true });
    this.onGone();
  }
}

/** Makes copies of objects, in memory as long as they are small and not too many. */
export class LocalCopies {
  private inMemory = 0;
  private made = 0;

  /** @param directory a folder that only this queue uses */
  constructor(
    private readonly rows: ObjectRows,
    private readonly directory: string,
  ) {}

  /** Of an object whose bytes are in memory already, and are given back with the copy. */
  of(bytes: BlockBuffer): LocalCopy {
    const { size } = bytes;
    this.inMemory += size;
    return new LocalCopy({ bytes }, undefined, () => (this.inMemory -= size));
  }

  /** By number. @throws the client's error, or the system's; then there is none of any */
  async fetch(objects: readonly ObjectRow[]): Promise<Map<number, LocalCopy>> {
    const copies = new Map<number, LocalCopy>();
    try {
      const small = objects.filter(({ size }) => size <= SMALL_BYTES);
      if (small.length > 0) {
        const found = await this.rows.bytesOf(small.map(({ seq }) => seq));
        for (const { seq, id } of small) copies.set(seq, await this.copy(id, one(found.get(seq))));
      }
      for (const { seq, id, size } of objects)
        if (size > SMALL_BYTES) copies.set(seq, await this.copyToFile(id, this.rows.pieces(seq, size)));
      return copies;
    } catch (error) {
      for (const copy of copies.values()) copy.discard();
      throw error;
    }
  }

  private async copy(id: string, bytes: readonly Buffer[]): Promise<LocalCopy> {
    const size = bytes.reduce((sum, { length }) => sum + length, 0);
    if (this.inMemory + size > MOST_IN_MEMORY_BYTES) return this.copyToFile(id, bytes);
    const blocks = new BlockBuffer();
    let sum = 0;
    for (const piece of bytes) {
      blocks.append(piece);
      sum = crc32(piece, sum);
    }
    blocks.trim();
    this.inMemory += size;
    return new LocalCopy({ bytes: blocks }, damageOf(id, size, sum), () => (this.inMemory -= size));
  }

  private async copyToFile(id: string, bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<LocalCopy> {
    const path = join(this.directory, `${(this.made += 1)}.copy`);
    const fd = realFiles.openSync(path, 'wx', FILE_MODE);
    let sum = 0;
    let size = 0;
    try {
      for await (const piece of bytes) {
        writePieces(realFiles, fd, [piece]);
        sum = crc32(piece, sum);
        size += piece.length;
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    return new LocalCopy({ path, size }, damageOf(id, size, sum), () => undefined);
  }
}

function one(bytes: Buffer | undefined): Buffer[] {
  return bytes === undefined ? [] : [bytes];
}

/** Undefined: they are what was received. */
function damageOf(id: string, size: number, sum: number): string | undefined {
  const { size: expected, checksum } = factsInId(id);
  if (size === expected && sum === checksum) return undefined;
  return `the object ${id} has been changed or damaged in the database`;
}
