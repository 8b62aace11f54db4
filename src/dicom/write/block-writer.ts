import type { Encoding } from '../read';

/** Most blocks have this size; a value that is longer than a part of it goes out by itself. */
const BLOCK = 65_536;

/** Gathers headers and short values into blocks, in memory of their own. */
export class BlockWriter {
  #block: Buffer;
  #at = 0;
  #left: number;

  /** @param total bytes that will be written: the last block is no longer than that */
  constructor(total: number) {
    this.#left = total;
    this.#block = Buffer.allocUnsafeSlow(Math.min(BLOCK, total));
  }

  has(length: number): boolean {
    return this.#at + length <= this.#block.length;
  }

  /** What has been gathered; undefined: nothing. Afterwards there is room for `BLOCK` bytes, or for all that will come. */
  take(): Buffer | undefined {
    const taken = this.#at === 0 ? undefined : this.#block.subarray(0, this.#at);
    this.#left -= this.#at;
    this.#block = Buffer.allocUnsafeSlow(Math.min(BLOCK, this.#left));
    this.#at = 0;
    return taken;
  }

  /** Tells of bytes that went out by themselves. */
  passedBy(length: number): void {
    this.#left -= length;
  }

  u16(value: number, { bigEndian }: Encoding): void {
    if (bigEndian) this.#block.writeUInt16BE(value, this.#at);
    else this.#block.writeUInt16LE(value, this.#at);
    this.#at += 2;
  }

  u32(value: number, { bigEndian }: Encoding): void {
    if (bigEndian) this.#block.writeUInt32BE(value, this.#at);
    else this.#block.writeUInt32LE(value, this.#at);
    this.#at += 4;
  }

  byte(value: number): void {
    this.#block.writeUInt8(value, this.#at);
    this.#at += 1;
  }

  letters(text: string): void {
    this.#at += this.#block.write(text, this.#at, 'latin1');
  }

  /** Copies bytes. Returns the copy, which may be changed until `take`. */
  bytes(source: Buffer, start: number, length: number): Buffer {
    const from = this.#at;
    this.#at += source.copy(this.#block, from, start, start + length);
    return this.#block.subarray(from, this.#at);
  }
}
