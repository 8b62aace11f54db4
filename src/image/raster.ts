/** A picture before it is written: 8 bits a sample, row by row from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1: grey, or numbers of a palette; 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
  /** Red, green and blue of each of 256 numbers. */
  readonly palette?: Uint8Array;
}

/** The same picture with its colours themselves, in memory of its own where it had a palette. */
export function withoutPalette(raster: Raster): Raster {
  const { width, height, data, palette } = raster;
  return palette === undefined ? raster : { width, height, channels: 3, data: colouredBy(palette, data) };
}

/** @param table red, green and blue of each number */
export function colouredBy(table: Uint8Array, numbers: Uint8Array | Uint16Array): Uint8Array {
  const data = new Uint8Array(numbers.length * 3);
  for (let pixel = 0, to = 0; pixel < numbers.length; pixel += 1, to += 3) {
    const from = (numbers[pixel] ?? 0) * 3;
    data[to] = table[from] ?? 0;
    data[to + 1] = table[from + 1] ?? 0;
    data[to + 2] = table[from + 2] ?? 0;
  }
  return data;
}
