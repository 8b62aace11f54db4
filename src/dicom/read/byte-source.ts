import { readSync } from 'node:fs';
import { waitForDisk } from '../../basics';
import { DicomError } from '../errors';

/** Bytes of a source, and where in the source the first of them is. */
export interface ByteWindow {
  readonly bytes: Buffer;
  readonly offset: number;
}

/**
 * Random access to the bytes of a Part 10 file or a data set. Synchronous: it runs on the worker thread.
 * What is returned stays valid: a window is never reused for other bytes.
 */
export interface ByteSource {
  readonly size: number;
  /** A window that holds at least `length` bytes from `offset` on. The caller stays within `size`. */
  window(offset: number, length: number): ByteWindow;
  /** Exactly `length` bytes from `offset` on; may share memory with the source. */
  read(offset: number, length: number): Buffer;
  /**
   * The same bytes in pieces, where reading them at once would put them together first.
   * @param memory as `pieces` has it
   */
  pieces?(offset: number, length: number, memory?: Buffer): Iterable<Buffer>;
  /** Fills the memory with the bytes from `offset` on, where that saves memory. */
  readInto?(offset: number, memory: Buffer): void;
}

/** The first read after a jump: enough for a few element headers. */
const SMALL_WINDOW = 2048;
/** Reads that follow one another grow up to this. */
const LARGE_WINDOW = 65536;

export function bufferSource(bytes: Buffer): ByteSource {
  const whole: ByteWindow = { bytes, offset: 0 };
  return {
    size: bytes.length,
    window: () => whole,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/**
 * Reads an open file through windows, so that what the caller jumps over (pixel data) is never read.
 * Windows start small after a jump and double while reading goes on from one to the next.
 */
export function fileSource(fd: number, size: number): ByteSource {
  let nextOffset = 0;
  let nextLength = LARGE_WINDOW;
  return {
    size,
    window(offset, length) {
      const sequential = offset <= nextOffset && offset >= nextOffset - LARGE_WINDOW;
      nextLength = sequential ? Math.min(nextLength * 2, LARGE_WINDOW) : SMALL_WINDOW;
      const bytes = readFully(fd, offset, Math.min(Math.max(length, nextLength), size - offset));
      nextOffset = offset + bytes.length;
      return { bytes, offset };
    },
    read: (offset, length) => readFully(fd, offset, Math.min(length, size - offset)),
    readInto: (offset, memory) => fill(fd, offset, memory),
  };
}

function readFully(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  fill(fd, offset, bytes);
  return bytes;
}

function fill(fd: number, offset: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) {
    const at = offset + done;
    const count = waitForDisk(() => readSync(fd, bytes, done, bytes.length - done, at));
    if (count === 0) throw new DicomError('read-failed', 'the file became shorter while it was read');
    done += count;
  }
}

/**
 * The window that a reader is in. `ensure` moves it only when it must; then `bytes[offset - base]` is the byte at `offset`.
 */
export class Cursor {
  bytes: Buffer = NO_BYTES;
  base = 0;
  #end = 0;

  constructor(readonly source: ByteSource) {}

  /** Afterwards `length` bytes from `offset` on are in `bytes`; fewer where the source ends. Returns the index of the first. */
  ensure(offset: number, length: number): number {
    if (offset < this.base || offset + length > this.#end) this.#move(offset, length);
    return offset - this.base;
  }

  #move(offset: number, length: number): void {
    const wanted = Math.min(length, this.source.size - offset);
    if (offset >= this.base && offset + wanted <= this.#end) return;
    const window = this.source.window(offset, wanted);
    this.bytes = window.bytes;
    this.base = window.offset;
    this.#end = window.offset + window.bytes.length;
  }
}

const NO_BYTES = Buffer.alloc(0);
