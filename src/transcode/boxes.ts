import { cannotRecode } from '../dicom';

/** A kind of files with a code stream in a box (ISO/IEC 15444-1 I.5.1, 18181-2 9.1). */
interface Kind {
  readonly name: string;
  readonly signature: Buffer;
  readonly codeStream: string;
}

const KINDS: readonly Kind[] = [
  { name: 'JP2', signature: Buffer.from('0000000c6a5020200d0a870a', 'hex'), codeStream: 'jp2c' },
  { name: 'JPEG XL', signature: Buffer.from('0000000c4a584c200d0a870a', 'hex'), codeStream: 'jxlc' },
];
const HEADER = 8;
const LONG_HEADER = 16;
/** Boxes, at most: a real file has some ten. */
const MOST_BOXES = 1_000;
/** In the headers of JP2: a palette, and what makes other components of those that are coded. */
const CHANGING: ReadonlySet<string> = new Set(['pclr', 'cmap', 'cdef']);
/** A box with boxes in it. */
const HEADERS = 'jp2h';

/** Is it a file with boxes, instead of a code stream? */
export const isBoxed = (bytes: Buffer): boolean => kindOf(bytes) !== undefined;

/**
 * The code stream in the boxes of a file, where it is one. DICOM has code streams of JPEG 2000 without (PS3.5 A.4.4), and says itself
 * what its colours are; but some writers put all of a file there.
 * @throws DicomError `cannot-recode` where there is not one, or boxes change what it is decoded to
 */
export function codeStreamIn(bytes: Buffer): Buffer {
  const kind = kindOf(bytes);
  if (kind === undefined) return bytes;
  const boxes = boxesIn(bytes);
  const inHeaders = boxes.filter(({ type }) => type === HEADERS).flatMap(({ content }) => boxesIn(content));
  if (inHeaders.some(({ type }) => CHANGING.has(type)))
    throw cannotRecode(`a frame is a ${kind.name} file with a palette or other channels`);
  const [stream, ...others] = boxes.filter(({ type }) => type === kind.codeStream);
  if (stream === undefined || others.length > 0)
    throw cannotRecode(`a frame is a ${kind.name} file without exactly one code stream`);
  return stream.content;
}

function kindOf(bytes: Buffer): Kind | undefined {
  return KINDS.find(({ signature }) => bytes.subarray(0, signature.length).equals(signature));
}

function boxesIn(bytes: Buffer): { type: string; content: Buffer }[] {
  const boxes: { type: string; content: Buffer }[] = [];
  for (let at = 0; at + HEADER <= bytes.length && boxes.length < MOST_BOXES;) {
    const short = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + HEADER);
    const isLong = short === 1 && at + LONG_HEADER <= bytes.length;
    const header = isLong ? LONG_HEADER : HEADER;
    // 0: up to the end.
    const toEnd = short === 0 ? bytes.length - at : short;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + HEADER)) : toEnd;
    if (length < header || at + length > bytes.length) break;
    boxes.push({ type, content: bytes.subarray(at + header, at + length) });
    at += length;
  }
  return boxes;
}
