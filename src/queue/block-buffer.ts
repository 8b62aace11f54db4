import { poison } from '../basics';

/** Most objects without pixel data fit into one. */
export const BLOCK_BYTES = 65_536;
/** Blocks that nobody needs are kept up to 16 MiB. */
const MOST_SPARE = 256;

/** Memory is used again: of fresh memory, the system's page faults cost more than filling it does. */
const spare: Buffer[] = [];

/** Bytes that grow at their end, in blocks of memory that are shared by all buffers of a thread. */
export class BlockBuffer {
  private blocks: Buffer[] = [];
  private length = 0;

  get size(): number {
    return this.length;
  }

  append(bytes: Buffer): void {
    for (let taken = 0; taken < bytes.length;) {
      const used = this.length % BLOCK_BYTES;
      if (used === 0) this.blocks.push(spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES));
      const copied = bytes.copy(this.lastBlock(), used, taken, taken + BLOCK_BYTES - used);
      taken += copied;
      this.length += copied;
    }
  }

  /** The bytes from `offset` on, at least `length` of them: in place where one block has them. Valid until `clear`. */
  view(offset: number, length: number): Buffer {
    const first = Math.floor(offset / BLOCK_BYTES);
    const start = offset % BLOCK_BYTES;
    if (start + length > BLOCK_BYTES) return this.copy(offset, length);
    return this.block(first).subarray(start, Math.min(BLOCK_BYTES, this.length - first * BLOCK_BYTES));
  }

  /** These bytes in memory of their own, which nobody else uses. */
  copy(offset: number, length: number): Buffer<ArrayBuffer> {
    const whole = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length;) {
      const at = offset + done;
      const start = at % BLOCK_BYTES;
      done += this.block(Math.floor(at / BLOCK_BYTES)).copy(whole, done, start, start + length - done);
    }
    return whole;
  }

  /** What is filled of each block, in order. */
  *pieces(): Generator<Buffer> {
    for (let offset = 0; offset < this.length; offset += BLOCK_BYTES) yield this.view(offset, 1);
  }

  /** Gives up the unused rest of the last block. Nothing is appended any more. */
  trim(): void {
    const used = this.length % BLOCK_BYTES;
    if (used === 0) return;
    const last = this.lastBlock();
    if (last.length < BLOCK_BYTES) return;
    this.blocks[this.blocks.length - 1] = Buffer.from(last.subarray(0, used));
    giveBack(last);
  }

  /** Gives up all but the first block. */
  keepFirst(): void {
    this.blocks.splice(1).forEach(giveBack);
    this.length = Math.min(this.length, BLOCK_BYTES);
  }

  clear(): void {
    this.blocks.forEach(giveBack);
    this.blocks = [];
    this.length = 0;
  }

  private lastBlock(): Buffer {
    return this.block(this.blocks.length - 1);
  }

  private block(index: number): Buffer {
    const block = this.blocks[index];
    if (block === undefined) throw new RangeError(`a buffer of ${this.length} bytes has no block ${index}`);
    return block;
  }
}

function giveBack(block: Buffer): void {
  poison(block);
  if (block.length === BLOCK_BYTES && spare.length < MOST_SPARE) spare.push(block);
}
