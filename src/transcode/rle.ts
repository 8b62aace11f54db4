import { cannotRecode } from '../dicom';

const MOST_SEGMENTS = 15;
const HEADER = 64;
const NO_OPERATION = 0x80;

/** Of native pixels. */
export interface PixelShape {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly bytesAllocated: number;
  /** Samples of one kind stand together: Planar Configuration 1. */
  readonly planar: boolean;
}

/**
 * A frame of RLE Lossless (PS3.5 Annex G): one segment for each byte of each sample, the most significant byte first.
 * @throws DicomError `cannot-recode` where the segments are not the frame, no more and no less
 */
export function decodeRle(
  bytes: Buffer,
  { rows, columns, samples, bytesAllocated, planar }: PixelShape,
): Buffer {
  const segments = samples * bytesAllocated;
  if (bytes.length < HEADER || segments > MOST_SEGMENTS || bytes.readUInt32LE(0) !== segments)
    throw cannotRecode(`a frame does not have ${segments} RLE segments`);
  const pixels = rows * columns;
  const frame = Buffer.allocUnsafeSlow(pixels * segments);
  const step = planar ? bytesAllocated : segments;
  for (let segment = 0; segment < segments; segment += 1) {
    const sample = Math.floor(segment / bytesAllocated);
    const lowest = sample * bytesAllocated * (planar ? pixels : 1);
    const first = lowest + bytesAllocated - 1 - (segment % bytesAllocated);
    const start = bytes.readUInt32LE(4 + 4 * segment);
    const end = segment + 1 < segments ? bytes.readUInt32LE(8 + 4 * segment) : bytes.length;
    if (start < HEADER || start > end || end > bytes.length)
      throw cannotRecode('an RLE segment is outside its frame');
    decodeSegment(bytes.subarray(start, end), frame, first, step, pixels);
  }
  return frame;
}

/** @param count bytes that come out, each `step` behind the one before */
function decodeSegment(bytes: Buffer, frame: Buffer, first: number, step: number, count: number): void {
  let from = 0;
  let done = 0;
  while (done < count) {
    const control = bytes[from];
    if (control === undefined) throw cannotRecode('an RLE segment ends early');
    from += 1;
    if (control === NO_OPERATION) continue;
    const isCopy = control < NO_OPERATION;
    const length = isCopy ? control + 1 : 257 - control;
    if (done + length > count || from + (isCopy ? length : 1) > bytes.length)
      throw cannotRecode('an RLE segment is longer or shorter than its plane');
    // At most 128 bytes: less than the functions that copy and fill are worth.
    const end = first + (done + length) * step;
    if (isCopy)
      for (let to = first + done * step; to < end; to += step, from += 1) frame[to] = bytes[from] ?? 0;
    else {
      const value = bytes[from] ?? 0;
      for (let to = first + done * step; to < end; to += step) frame[to] = value;
      from += 1;
    }
    done += length;
  }
}
