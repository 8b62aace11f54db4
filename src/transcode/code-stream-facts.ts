/** What a frame's code stream says of itself. */
export interface CodeStream {
  readonly kind: 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'jpeg-xl';
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
  /** JPEG 2000 only: the others do not say. */
  readonly signed: boolean | undefined;
  /** Components have different sizes. */
  readonly subsampled: boolean;
  readonly lossless: boolean;
  /**
   * Colours were transformed before they were coded: JPEG, as JFIF or Adobe's marker says; JPEG 2000, as COD says.
   * Undefined: nothing says so.
   */
  readonly transformed: boolean | undefined;
  /** JPEG-LS: components come one after the other. */
  readonly planar: boolean;
  /** The code stream itself; what a fragment holds behind it is not. */
  readonly bytes: Buffer;
}
