import type { Vr } from '../standard';

/** A value that comes from elsewhere. */
export interface GivenValue {
  readonly vr: Vr;
  /** Bytes of it. */
  readonly length: number;
  /** Little endian. Whoever knows them only later gives them as they come. */
  readonly bytes: Buffer | (() => AsyncIterable<Buffer>);
}

/** What becomes of attributes of the data set itself, by tag; undefined: it is left out. None is a sequence. */
export type GivenValues = ReadonlyMap<number, GivenValue | undefined>;
