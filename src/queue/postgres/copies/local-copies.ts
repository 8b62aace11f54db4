import { closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { allSettled, FILE_MODE, realFiles, Turns, writePieces } from '../../../basics';
import { BlockBuffer } from '../../block-buffer';
import { factsInId } from '../../object-id';
import { DatabaseUnusable } from '../database';
import { FileFailed, OpenFile, type SharedDirectory } from '../directory';
import type { ObjectBytes, ObjectRow } from '../rows';
import { LocalCopy } from './local-copy';

/** All copies in memory together; what is beyond is in files. */
const MOST_IN_MEMORY_BYTES = 67_108_864;
/** An object with more is in a file. */
export const SMALL_BYTES = 1_048_576;
/** Of small objects, so many bytes are read in a statement at most. */
const BYTES_AT_ONCE = 8 * SMALL_BYTES;

/**
 * Makes copies of objects, in memory as long as they are small and not too many. Those that are files in the shared directory
 * are read there: what is open there stays, also when another machine removes it. (Only NFS before version 4 ends that with an
 * error, ESTALE; and no machine removes what another has in flight unless that one was away for longer than its lease.)
 */
export class LocalCopies {
  private inMemory = 0;
  private made = 0;
  private readonly turns: Turns;

  /**
   * @param directory a folder that only this queue uses
   * @param shared undefined: objects are in the database only
   * @param atATime large objects that are read
   */
  constructor(
    private readonly bytes: ObjectBytes,
    private readonly directory: string,
    private readonly shared: SharedDirectory | undefined,
    atATime: number,
  ) {
    this.turns = new Turns(atATime);
  }

  /** Of an object whose bytes are in memory already, and are given back with the copy. */
  of(bytes: BlockBuffer): LocalCopy {
    return this.inMemoryCopy(bytes, undefined);
  }

  /** By number. @throws the client's error, or FileFailed; then there is none of any */
  async fetch(objects: readonly ObjectRow[]): Promise<Map<number, LocalCopy>> {
    const copies = new Map<number, LocalCopy>();
    try {
      for (const group of groups(objects.filter((object) => !isSlow(object))))
        await this.fetchSmall(group, copies);
      await allSettled(
        objects.filter(isSlow).map(async (object) => {
          copies.set(object.seq, await this.fetchSlow(object));
        }),
      );
      return copies;
    } catch (error) {
      for (const copy of copies.values()) copy.discard();
      throw error;
    }
  }

  private async fetchSmall(objects: readonly ObjectRow[], copies: Map<number, LocalCopy>): Promise<void> {
    const found = new Map(objects.map(({ seq, id }) => [seq, { id, bytes: new BlockBuffer(), sum: 0 }]));
    try {
      await this.bytes.bytesOf(objects, (seq, bytes) => {
        const object = found.get(seq);
        if (object === undefined) return;
        object.bytes.append(bytes);
        object.sum = crc32(bytes, object.sum);
      });
      for (const [seq, { id, bytes, sum }] of found) {
        bytes.trim();
        const damage = damageOf(id, bytes.size, sum);
        const hasRoom = this.inMemory + bytes.size <= MOST_IN_MEMORY_BYTES;
        copies.set(
          seq,
          hasRoom ? this.inMemoryCopy(bytes, damage) : await this.copyToFile(id, bytes.pieces()),
        );
        if (!hasRoom) bytes.clear();
        found.delete(seq);
      }
    } finally {
      for (const { bytes } of found.values()) bytes.clear();
    }
  }

  private inMemoryCopy(bytes: BlockBuffer, damage: string | undefined): LocalCopy {
    const { size } = bytes;
    this.inMemory += size;
    return new LocalCopy({ bytes }, damage, () => (this.inMemory -= size));
  }

  private async copyToFile(id: string, bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<LocalCopy> {
    const path = join(this.directory, `${(this.made += 1)}.copy`);
    const fd = onThisDisk(() => realFiles.openSync(path, 'wx', FILE_MODE));
    let sum = 0;
    let size = 0;
    try {
      for await (const piece of bytes) {
        onThisDisk(() => writePieces(realFiles, fd, [piece]));
        sum = crc32(piece, sum);
        size += piece.length;
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    return new LocalCopy({ path, size }, damageOf(id, size, sum));
  }

  private fetchSlow(object: ObjectRow): Promise<LocalCopy> {
    const { seq, id, size, sha256 } = object;
    if (sha256 === undefined) return this.turns.run(() => this.copyToFile(id, this.bytes.pieces(seq, size)));
    return this.fetchFile(object, sha256).catch((error: unknown) => {
      throw new FileFailed('in the shared directory', error);
    });
  }

  /** Many may be waited for, but few are read at a time. */
  private async fetchFile(object: ObjectRow, sha256: string): Promise<LocalCopy> {
    const { shared } = this;
    if (shared === undefined)
      throw new DatabaseUnusable('QUEUE_DIRECTORY_UNNAMED', 'this node names no shared directory');
    const file = await shared.openObject(object);
    if (!(file instanceof OpenFile)) return new LocalCopy(undefined, `the object ${object.id}: ${file}`);
    try {
      const damage = await this.turns.run(() => shared.damageOf(file, sha256));
      return new LocalCopy({ file }, damage && `the object ${object.id}: ${damage}`);
    } catch (error) {
      file.release();
      throw error;
    }
  }

  /** Of an object that has just been put into the shared directory by us. */
  inPlace(file: OpenFile): LocalCopy {
    return new LocalCopy({ file });
  }
}

function onThisDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FileFailed('on this machine', error);
  }
}

/** Reading it may take long, and it is by itself. */
export function isSlow({ size, sha256 }: Pick<ObjectRow, 'size' | 'sha256'>): boolean {
  return sha256 !== undefined || size > SMALL_BYTES;
}

function groups(objects: readonly ObjectRow[]): ObjectRow[][] {
  const all: ObjectRow[][] = [];
  let bytes = Infinity;
  for (const object of objects) {
    bytes += object.size;
    if (bytes > BYTES_AT_ONCE) {
      all.push([]);
      bytes = object.size;
    }
    all.at(-1)?.push(object);
  }
  return all;
}

/** Undefined: they are what was received. */
function damageOf(id: string, size: number, sum: number): string | undefined {
  const { size: expected, checksum } = factsInId(id);
  if (size === expected && sum === checksum) return undefined;
  return `the object ${id} has been changed or damaged in the database`;
}
