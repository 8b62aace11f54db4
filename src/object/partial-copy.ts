import type { ByteSource } from '../dicom';
import type { ObjectHandle } from '../queue';
import { LocalCopy } from './local-copy';

/** The first part that is fetched; the next ones are twice as long each, up to the largest. */
const FIRST_PART = 65_536;
const LARGEST_PART = 2_097_152;
/** Parts that are fetched one by one. Who wants more of them, such as those between many fragments, gets a copy of all. */
const MOST_PARTS = 16;

interface Part {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Bytes that somebody wanted are not there yet. */
class NotFetched extends Error {
  override readonly name = 'NotFetched';
  constructor(readonly fetch: () => Promise<void>) {
    super('these bytes are fetched with whileFetching');
  }
}

/**
 * Does what reads parts of objects, and does it again where one of them had to be fetched first. To be used for what can be done
 * again.
 * @throws what the work throws, and what fetching throws
 */
export async function whileFetching<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotFetched)) throw error;
      await error.fetch();
    }
  }
}

/** The parts that somebody reads of a queue's object, for `whileFetching`: pixel data that nobody asks for is not copied. */
export class PartialCopy {
  private readonly parts: Part[] = [];
  /** The last one that is longer than the others: whoever reads such ones, as frames are, is done with one when the next one is read. */
  private long: Part | undefined;
  private longBytes = 0;
  private readonly copy = new LocalCopy();
  private whole: ByteSource | undefined;
  private compared: Promise<void> | undefined;

  constructor(private readonly handle: ObjectHandle) {}

  /** Bytes as they are, which are compared by `compare`. */
  get source(): ByteSource {
    return {
      size: this.handle.size,
      window: (offset, length) => this.whole?.window(offset, length) ?? this.part(offset, length),
      read: (offset, length) => {
        if (this.whole !== undefined) return this.whole.read(offset, length);
        const wanted = Math.min(length, this.handle.size - offset);
        const { bytes, offset: from } = this.part(offset, wanted);
        return bytes.subarray(offset - from, offset - from + wanted);
      },
    };
  }

  /** Reads all of it, and keeps nothing. @throws ObjectDamaged; what the handle throws */
  compare(): Promise<void> {
    this.compared ??= this.readAll();
    return this.compared;
  }

  close(): Promise<void> {
    return this.copy.close();
  }

  private part(offset: number, length: number): Part {
    const has = ({ offset: from, bytes }: Part): boolean =>
      from <= offset && offset + length <= from + bytes.length;
    if (this.long !== undefined && has(this.long)) return this.long;
    const found = this.parts.find(has);
    if (found === undefined) throw new NotFetched(() => this.fetch(offset, length));
    return found;
  }

  private async fetch(offset: number, length: number): Promise<void> {
    const { handle, parts } = this;
    if (length > LARGEST_PART) this.longBytes += length;
    // Who reads to and fro has soon read as much as there is.
    if (parts.length >= MOST_PARTS || this.longBytes > handle.size) {
      this.long = undefined;
      this.whole ??= await this.copy.of(handle);
      return;
    }
    if (length > LARGEST_PART) {
      this.long = { offset, bytes: await this.inPieces(offset, length) };
      return;
    }
    const usual = Math.min(FIRST_PART * 2 ** parts.length, LARGEST_PART);
    const bytes = await handle.readUncompared(
      offset,
      Math.min(Math.max(length, usual), handle.size - offset),
    );
    parts.push({ offset, bytes });
  }

  private async inPieces(offset: number, length: number): Promise<Buffer> {
    this.long = undefined;
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; at += LARGEST_PART)
      bytes.set(await this.handle.readUncompared(offset + at, Math.min(LARGEST_PART, length - at)), at);
    return bytes;
  }

  private async readAll(): Promise<void> {
    // What was copied as a whole has been compared.
    if (this.whole === undefined) for await (const block of this.handle.blocks()) void block;
  }
}
