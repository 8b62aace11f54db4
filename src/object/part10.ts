import { bufferSource, type ByteSource, readFileMeta } from '../dicom';

/** Bytes of a Part 10 file, wherever it lies. */
export interface Part10 {
  readonly size: number;
  /** With the bytes in which it was found. @throws DicomError when it has no file meta information */
  meta(): Promise<[meta: Meta, head: Buffer]>;
  /** All from this byte on. A block is used until the next one is asked for. */
  blocks(from: number): AsyncGenerator<Buffer>;
  /** To be read here and there. */
  whole(): Promise<ComparedSource>;
  close(): Promise<void>;
}

/** Bytes that may be written to while they are read. */
export interface ComparedSource {
  source: ByteSource;
  /** After what was read of it. @throws ObjectChanged when it is not as it was */
  readonly compare: () => Promise<void>;
}

export type Meta = ReturnType<typeof readFileMeta>;

/** The meta information is not looked for behind this. */
export const MOST_HEAD_BYTES = 2_097_152;
/** The longest header of an element (PS3.5 7.1.2). */
const ELEMENT_HEADER = 12;

/**
 * The file meta information in the first bytes of a file; undefined: it may go on behind them.
 * @param isAll nothing does
 * @throws DicomError when there is none
 */
export function metaIn(head: Buffer, isAll: boolean): Meta | undefined {
  try {
    const meta = readFileMeta(bufferSource(head));
    // Where the head ends inside an element, that looks like the end of the group.
    return isAll || meta.dataSetOffset + ELEMENT_HEADER <= head.length ? meta : undefined;
  } catch (error) {
    if (isAll) throw error;
    return undefined;
  }
}
