import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { waitForDisk } from '../basics';
import { bufferSource, DicomError, fileSource } from '../dicom';
import { type ComparedSource, metaIn, MOST_HEAD_BYTES, type Meta, type Part10 } from './part10';
import { SpareMemory } from './spare-memory';

/** The file is not what it was when it was opened. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
  readonly code = 'OBJECT_CHANGED';
}

const BLOCK_BYTES = 262_144;
/** After this many blocks, others of this thread have their turn. */
const BLOCKS_AT_A_TIME = 4;
/** Memory that stays for the next files: fresh memory costs more than the reading, and has the garbage collected more often. */
const blockMemory = new SpareMemory(BLOCK_BYTES, 16);
/** Of files that are not larger, all is read where all is wanted: it is looked at more than once. */
const WHOLE_BYTES = 1_048_576;
const wholeMemory = new SpareMemory(WHOLE_BYTES, 4);

/** A pipe of that name would be waited for until somebody writes to it, which is for ever. Windows has no such pipes. */
const FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/**
 * A Part 10 file on a disk, in one block of memory. This thread itself reads it: a call in Node's pool of threads costs several
 * times as much, and a disk that does not answer would hold up those threads, which are all of Node-RED's.
 */
export class FileBytes implements Part10 {
  readonly size: number;
  private readonly memory = blockMemory.take();
  private inMemory: Buffer | undefined;
  private readonly before: Stats;
  /** Bytes of the beginning that are in memory. */
  private head: number;
  /** Undefined: it is closed, because all of it is in memory, or nobody wants it any more. */
  private fd: number | undefined;
  private isClosed = false;

  /** @throws DicomError when it is no file; the system's error */
  constructor(path: string) {
    const fd = waitForDisk(() => openSync(path, FLAGS));
    this.fd = fd;
    try {
      this.before = waitForDisk(() => fstatSync(fd));
      if (!this.before.isFile()) throw new DicomError('no-file-meta', 'it is not a file');
      this.size = this.before.size;
      this.head = Math.min(this.size, BLOCK_BYTES);
      readFully(fd, this.memory.subarray(0, this.head), 0);
    } catch (error) {
      this.closeFile();
      throw error;
    }
    if (this.isAllInMemory) this.closeFile();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- those of queues are waited for
  async meta(): Promise<[meta: Meta, head: Buffer]> {
    const head = this.memory.subarray(0, this.head);
    const found = metaIn(head, this.isAllInMemory);
    if (found !== undefined) return [found, head];
    const longer = Buffer.allocUnsafeSlow(Math.min(this.size, MOST_HEAD_BYTES));
    readFully(this.opened, longer, 0);
    const meta = metaIn(longer, true);
    if (meta === undefined) throw new DicomError('no-file-meta', 'the file meta information is too long');
    return [meta, longer];
  }

  /** @throws ObjectChanged before the last block, when somebody has written to the file since it was opened */
  async *blocks(from: number): AsyncGenerator<Buffer> {
    let blocks = 0;
    for (let at = from; at < this.size; blocks += 1) {
      if (blocks > 0 && blocks % BLOCKS_AT_A_TIME === 0) await new Promise(setImmediate);
      const block = at < this.head ? this.memory.subarray(at, this.head) : this.read(at);
      at += block.length;
      if (at === this.size) this.compare();
      yield block;
    }
  }

  whole(): Promise<ComparedSource> {
    const compare = (): Promise<void> => Promise.resolve().then(() => this.compare());
    if (!this.isAllInMemory && this.size > WHOLE_BYTES)
      return Promise.resolve({ source: fileSource(this.opened, this.size), compare });
    return Promise.resolve({ source: bufferSource(this.wholeInMemory()), compare });
  }

  private wholeInMemory(): Buffer {
    if (this.isAllInMemory) return this.memory.subarray(0, this.size);
    if (this.inMemory === undefined) {
      this.inMemory = wholeMemory.take();
      readFully(this.opened, this.inMemory.subarray(0, this.size), 0);
    }
    return this.inMemory.subarray(0, this.size);
  }

  close(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.isClosed = true;
    this.closeFile();
    blockMemory.giveBack(this.memory);
    if (this.inMemory !== undefined) wholeMemory.giveBack(this.inMemory);
    return Promise.resolve();
  }

  private get isAllInMemory(): boolean {
    return this.head === this.size;
  }

  private get opened(): number {
    if (this.fd === undefined) throw new Error('the file is not open any more');
    return this.fd;
  }

  /** Over what is in memory from the beginning, where not all is. */
  private read(at: number): Buffer {
    if (this.inMemory !== undefined) return this.inMemory.subarray(at, Math.min(at + BLOCK_BYTES, this.size));
    this.head = 0;
    const block = this.memory.subarray(0, Math.min(BLOCK_BYTES, this.size - at));
    readFully(this.opened, block, at);
    return block;
  }

  /** What is in memory from the beginning was read at once. */
  private compare(): void {
    if (this.isAllInMemory) return;
    const { size, mtimeMs } = waitForDisk(() => fstatSync(this.opened));
    if (size !== this.before.size || mtimeMs !== this.before.mtimeMs) throw changed();
  }

  private closeFile(): void {
    const { fd } = this;
    this.fd = undefined;
    if (fd !== undefined) waitForDisk(() => closeSync(fd));
  }
}

/** Fills the memory with what is there. */
function readFully(fd: number, memory: Buffer, from: number): void {
  for (let done = 0; done < memory.length;) {
    const at = from + done;
    const bytesRead = waitForDisk(() => readSync(fd, memory, done, memory.length - done, at));
    if (bytesRead === 0) throw changed();
    done += bytesRead;
  }
}

function changed(): ObjectChanged {
  return new ObjectChanged('the file has been changed while it was being read');
}
