import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { allSettled, DirectorySync, FILE_MODE, realFiles } from '../../../basics';
import { isObjectId } from '../../object-id';
import type { Database } from '../database';
import type { ObjectRow } from '../rows';
import { appendPieces, calls, codeOf, whereThere } from './file-calls';
import { OpenFile } from './open-file';
import { QueueFolder } from './queue-folder';

export interface SharedDirectoryOptions {
  /** The same directory on all machines. */
  path: string;
  /** An object with so many bytes is a file there. */
  fromBytes: number;
}

/** What a file is: an object; one that is being written; one that is being looked at, for no object seems to have it. */
export type FileKind = 'dcm' | 'part' | 'stray';

/** Another machine's cache of names and sizes (NFS) may be so old. */
const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2_000;
const READ_BYTES = 1_048_576;

/**
 * Objects as files in a directory that all machines of a queue share. A file gets its name, `<id>.dcm`, when all of it is
 * written, and its row when both are on the disk. Names are made of our own ids.
 */
export class SharedDirectory {
  /** The smallest object that is a file. */
  readonly fromBytes: number;
  private readonly folder: QueueFolder;
  private names = new DirectorySync('', realFiles);
  private isClosed = false;

  /**
   * @param instance as `instanceName`
   * @param patienceMs another time than the usual one, for tests
   */
  constructor(
    { path, fromBytes }: SharedDirectoryOptions,
    instance: string,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.folder = new QueueFolder(path, instance);
    this.fromBytes = fromBytes;
  }

  /** As in the options. */
  get top(): string {
    return this.folder.top;
  }

  /** @throws DatabaseUnusable; the client's error */
  async open(database: Database, schema: string, queue: string): Promise<void> {
    await this.folder.open(database, schema, queue);
    this.names = new DirectorySync(this.folder.path, realFiles);
  }

  /** It is there, it is the right one, and it can be written to. @throws DatabaseUnusable */
  check(): Promise<void> {
    return this.folder.check();
  }

  path(id: string, kind: FileKind): string {
    return join(this.folder.path, `${id}.${kind}`);
  }

  /**
   * Writes an object. When this resolves, the file has its name, and both are on the disk.
   * @param pieces each is used until the next one is asked for
   * @returns the SHA-256 of its bytes
   * @throws the system's error; then nothing of it is there, as far as that can be
   */
  async put(id: string, pieces: readonly Buffer[] | AsyncIterable<Buffer>): Promise<string> {
    try {
      const fd = await calls.open(this.path(id, 'part'), 'w', FILE_MODE);
      try {
        const hash = createHash('sha256');
        const isStream = Symbol.asyncIterator in pieces;
        if (isStream) await appendHashed(fd, pieces, hash);
        else await appendPieces(fd, pieces);
        const safe = allSettled([realFiles.sync(fd), this.giveName(id)]);
        // The disk takes longer than that.
        if (!isStream) for (const piece of pieces) hash.update(piece);
        await safe;
        return hash.digest('hex');
      } finally {
        // Nobody waits for that: what is on the disk is there, whatever closing says.
        void Promise.allSettled([calls.close(fd)]);
      }
    } catch (error) {
      // What cannot be removed now either is found by the sweeper; the first error says why.
      await Promise.allSettled([this.remove(id, 'part'), this.remove(id, 'dcm')]);
      throw error;
    }
  }

  /** It is written. Resolves when its name is on the disk: most file systems do both at once. */
  private async giveName(id: string): Promise<void> {
    await calls.rename(this.path(id, 'part'), this.path(id, 'dcm'));
    this.names.changed();
    await this.names.safe();
  }

  /** An object that has just been put by us. @throws an Error where it is not there as it was put */
  async openWritten(id: string, size: number): Promise<OpenFile> {
    const found = await this.tryOpen(id, size);
    if (found instanceof OpenFile) return found;
    throw new Error(found);
  }

  /** As `openWritten`, for whoever needs nothing of it. */
  async checkWritten(id: string, size: number): Promise<void> {
    if ((await this.facts(id, 'dcm'))?.size !== size) (await this.openWritten(id, size)).release();
  }

  /**
   * Opens the file of an object: what is open stays as it is, whoever removes the name. What is not there, or not whole, may be
   * so for this machine only, and is looked at again for a while.
   * @returns what is wrong with it, where it is damaged
   * @throws DatabaseUnusable where that is the directory's fault; the system's error where it cannot be read now
   */
  async openObject({ id, size }: Pick<ObjectRow, 'id' | 'size'>): Promise<OpenFile | string> {
    const until = performance.now() + this.patienceMs;
    for (let pause = FIRST_WAIT_MS; ; pause = Math.min(2 * pause, LAST_WAIT_MS)) {
      const found = await this.tryOpen(id, size);
      if (found instanceof OpenFile) return found;
      if (this.isClosed) throw new Error('the queue is closed');
      if (performance.now() > until) {
        await this.check();
        return found;
      }
      await wait(pause, undefined, { ref: false });
    }
  }

  /** Once. Returns what is wrong. */
  private async tryOpen(id: string, size: number): Promise<OpenFile | string> {
    const path = this.path(id, 'dcm');
    const fd = await this.openIfThere(id, path);
    if (fd === undefined) return 'its file in the shared directory is gone';
    const file = new OpenFile(fd, size, path);
    try {
      const { size: found } = await calls.fstat(fd);
      if (found === size) return file;
      file.release();
      return `its file in the shared directory has ${found} bytes, of ${size} that were received`;
    } catch (error) {
      file.release();
      throw error;
    }
  }

  private async openIfThere(id: string, path: string): Promise<number | undefined> {
    for (const isLast of [false, true])
      try {
        return await calls.open(path, 'r');
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        // Somebody who looked for what belongs to nobody may have ended meanwhile.
        if (isLast || !(await this.rename(id, 'stray', 'dcm'))) return undefined;
      }
    return undefined;
  }

  /** What is wrong with its bytes. Undefined: they are what was put. @throws the system's error */
  async damageOf(file: OpenFile, sha256: string): Promise<string | undefined> {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, file.size));
    for (let at = 0; at < file.size;) {
      const count = await realFiles.read(file.fd, chunk, Math.min(chunk.length, file.size - at), at);
      if (count === 0) break;
      hash.update(chunk.subarray(0, count));
      at += count;
    }
    if (hash.digest('hex') === sha256) return undefined;
    return 'its file in the shared directory has been changed or damaged since it was received';
  }

  /** False: it is not there. @throws the system's error */
  async rename(id: string, from: FileKind, to: FileKind): Promise<boolean> {
    return whereThere(calls.rename(this.path(id, from), this.path(id, to)));
  }

  /** False: it was not there. @throws the system's error */
  async remove(id: string, kind: FileKind): Promise<boolean> {
    return whereThere(calls.unlink(this.path(id, kind)));
  }

  /** Undefined: it is not there. @throws the system's error */
  async facts(id: string, kind: FileKind): Promise<{ size: number; mtimeMs: number } | undefined> {
    try {
      return await calls.stat(this.path(id, kind));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Files of objects, in no order, in groups. @throws the system's error */
  async *files(most: number): AsyncGenerator<{ id: string; kind: FileKind }[]> {
    let group: { id: string; kind: FileKind }[] = [];
    for await (const name of realFiles.namesIn(this.folder.path)) {
      const [id = '', kind = '', ...rest] = name.split('.');
      if (!isObjectId(id) || !isKind(kind) || rest.length > 0) continue;
      group.push({ id, kind });
      if (group.length < most) continue;
      yield group;
      group = [];
    }
    yield group;
  }

  /** Bytes that are free on its disk. @throws the system's error */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await fs.promises.statfs(this.folder.path);
    return bavail * bsize;
  }

  /** Nobody waits for files any more. */
  close(): void {
    this.isClosed = true;
  }
}

function isKind(text: string): text is FileKind {
  return ['dcm', 'part', 'stray'].includes(text);
}

/** Writes pieces, each of which is used again for the next. */
async function appendHashed(fd: number, pieces: AsyncIterable<Buffer>, hash: Hash): Promise<void> {
  for await (const piece of pieces) {
    const written = appendPieces(fd, [piece]);
    // Another thread writes meanwhile.
    hash.update(piece);
    await written;
  }
}
