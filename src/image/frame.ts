/** Samples of a frame, pixel by pixel, row by row from the top. */
export interface Frame {
  readonly rows: number;
  readonly columns: number;
  /** Of a pixel: 1, or 3 colours. */
  readonly samples: number;
  /** Photometric Interpretation of these samples: what a decoder has undone is undone. */
  readonly photometric: string;
  readonly cells: Cells;
  /** What of a cell is the sample; undefined: the cell is the number itself. */
  readonly bits: CellBits | undefined;
}

export type Cells = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** Where in a pixel cell its sample is (PS3.5 8.1.1). */
export interface CellBits {
  readonly stored: number;
  readonly high: number;
  readonly signed: boolean;
}

/** Cell → stored value. */
export function storedOf(bits: CellBits | undefined): (cell: number) => number {
  if (bits === undefined) return (cell) => cell;
  const { stored, high, signed } = bits;
  // No cell of integers has more than 32 bits.
  const [below, above] = [Math.max(0, high + 1 - stored), 32 - stored];
  return signed
    ? (cell) => ((cell >>> below) << above) >> above
    : (cell) => ((cell >>> below) << above) >>> above;
}
