import type { CodeStream } from './code-stream-facts';

/** FF 0A, as a bare code stream begins (ISO/IEC 18181-1). */
export const JPEG_XL = 0xff0a;

/** Bits from the lowest of each byte on. Behind the end there are zeros. */
class Bits {
  #at: number;

  constructor(
    private readonly bytes: Buffer,
    start: number,
  ) {
    this.#at = start * 8;
  }

  get isBeyond(): boolean {
    return this.#at > this.bytes.length * 8;
  }

  take(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1, this.#at += 1)
      value += (((this.bytes[this.#at >> 3] ?? 0) >> (this.#at & 7)) & 1) * 2 ** index;
    return value;
  }

  flag(): boolean {
    return this.take(1) === 1;
  }

  /** One of four ways to write a number: a constant, or one to which some bits are added. */
  choice(...ways: readonly [least: number, bits: number][]): number {
    const [least, bits] = ways[this.take(2)] ?? [0, 0];
    return least + this.take(bits);
  }
}

/** Widths that are told by the height. */
const RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
];
const GREY = 1;

/**
 * What the headers of a JPEG XL code stream say (SizeHeader, ImageMetadata). Only integers in grey or RGB, without orientation, animation,
 * or other channels. Colours in XYB have lost something.
 * @returns undefined for others
 */
export function jpegXlFacts(bytes: Buffer): Omit<CodeStream, 'bytes'> | undefined {
  const bits = new Bits(bytes, 2);
  const { rows, columns } = sizeIn(bits);
  // All default.
  if (bits.flag()) return bits.isBeyond ? undefined : factsOf(rows, columns, 3, 8, true);
  // With extra fields it is turned, moves or has a preview.
  if (bits.flag()) return undefined;
  // Floating point.
  if (bits.flag()) return undefined;
  const precision = bits.choice([8, 0], [10, 0], [12, 0], [1, 6]);
  // 16 bits suffice for buffers.
  bits.flag();
  const others = bits.choice([0, 0], [1, 0], [2, 4], [1, 12]);
  const isXyb = bits.flag();
  if (others > 0) return undefined;
  let space = 0;
  if (!bits.flag()) {
    // An ICC profile may follow: it changes no sample.
    bits.flag();
    space = bits.choice([0, 0], [1, 0], [2, 4], [18, 6]);
  }
  if (bits.isBeyond || space > GREY) return undefined;
  return factsOf(rows, columns, space === GREY ? 1 : 3, precision, isXyb);
}

function factsOf(
  rows: number,
  columns: number,
  components: 1 | 3,
  precision: number,
  isXyb: boolean,
): Omit<CodeStream, 'bytes'> {
  return {
    kind: 'jpeg-xl',
    rows,
    columns,
    components,
    precision,
    signed: undefined,
    subsampled: false,
    lossless: !isXyb,
    transformed: false,
    planar: false,
  };
}

function sizeIn(bits: Bits): { rows: number; columns: number } {
  const isByEight = bits.flag();
  const length = (): number =>
    isByEight ? 8 * (1 + bits.take(5)) : bits.choice([1, 9], [1, 13], [1, 18], [1, 30]);
  const rows = length();
  const ratio = bits.take(3);
  const [width, height] = RATIOS[ratio - 1] ?? [0, 0];
  return { rows, columns: ratio === 0 ? length() : Math.floor((rows * width) / height) };
}
