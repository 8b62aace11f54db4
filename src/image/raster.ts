/** A picture before it is written: 8 bits a sample, row by row from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}
