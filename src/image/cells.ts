import type { Cells } from './frame';

/**
 * Pixel cells as numbers, from bytes in little endian (PS3.5 8.1.1: the first cell has the least significant bits).
 * @param bits of a cell, 1 to 32
 * @param firstBit where in the bytes the first cell begins: whole bytes but for cells that are none
 */
export function integerCells(bytes: Buffer, bits: number, count: number, firstBit = 0): Cells {
  // No Buffer: its `slice` is no copy.
  if (bits === 8) return new Uint8Array(bytes.buffer, bytes.byteOffset + firstBit / 8, count);
  if (bits === 16 || bits === 32) {
    const { buffer, byteOffset } = alignedTo(bits / 8, bytes.subarray(firstBit / 8));
    return bits === 16
      ? new Uint16Array(buffer, byteOffset, count)
      : new Uint32Array(buffer, byteOffset, count);
  }
  const cells =
    bits <= 8 ? new Uint8Array(count) : bits <= 16 ? new Uint16Array(count) : new Uint32Array(count);
  for (let index = 0; index < count; index += 1) {
    const start = firstBit + index * bits;
    const byte = Math.floor(start / 8);
    const within = start % 8;
    if (within + bits <= 8) {
      cells[index] = ((bytes[byte] ?? 0) >> within) & ((1 << bits) - 1);
      continue;
    }
    let value = 0;
    for (let taken = -within, unit = byte; taken < bits; taken += 8, unit += 1)
      value += (bytes[unit] ?? 0) * 2 ** (taken + within);
    cells[index] = Math.floor(value / 2 ** within) % 2 ** bits;
  }
  return cells;
}

/** Float Pixel Data, Double Float Pixel Data. @param bits 32 or 64 */
export function floatCells(bytes: Buffer, bits: number, count: number): Cells {
  const { buffer, byteOffset } = alignedTo(bits / 8, bytes);
  return bits === 32
    ? new Float32Array(buffer, byteOffset, count)
    : new Float64Array(buffer, byteOffset, count);
}

/** Typed arrays begin at multiples of their width: the same memory where that is so, else a copy. */
function alignedTo(width: number, bytes: Buffer): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
}

/** Swaps the bytes of each word, in place. What is left at the end that is no word stays. */
export function swapped(bytes: Buffer, width: number): Buffer {
  const words = bytes.subarray(0, bytes.length - (bytes.length % width));
  if (width === 2) words.swap16();
  if (width === 4) words.swap32();
  if (width === 8) words.swap64();
  return bytes;
}
