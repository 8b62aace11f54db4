import { constants, inflateRawSync, inflateSync } from 'node:zlib';
import { DicomError } from '../errors';
import { transferSyntax } from '../standard';
import type { Warnings } from '../warnings';
import { bufferSource, type ByteSource } from './byte-source';

/** Up to this size a data set may inflate whatever its ratio. */
const INFLATE_FREE = 16 * 1024 * 1024;
/** Above that, at most this many bytes may come out of each byte in. Text deflates to 1/20, an empty segmentation to 1/200. */
const INFLATE_RATIO = 300;
/** And never more than this. */
const INFLATE_LIMIT = 512 * 1024 * 1024;

const ZLIB_METHOD_DEFLATE = 8;

/** Where the bytes of a data set are. */
export interface OpenDataSet {
  source: ByteSource;
  /** Where the data set begins in it. */
  offset: number;
  /** The source is memory that the data set was inflated to. */
  isInflated: boolean;
}

/**
 * The data set's bytes: the source itself, or what it inflates to.
 * @param isBeginning the source need not have all of it
 * @throws DicomError when there are none, or they cannot be inflated
 */
export function openDataSet(
  source: ByteSource,
  transferSyntaxUID: string,
  offset: number,
  warnings: Warnings,
  isBeginning = false,
): OpenDataSet {
  if (offset >= source.size) throw new DicomError('empty-data-set', 'the data set has no bytes');
  if (!transferSyntax(transferSyntaxUID).deflated) return { source, offset, isInflated: false };
  const { bytes, zlibHeader } = inflate(source.read(offset, source.size - offset), isBeginning);
  if (zlibHeader) warnings.add('zlib-header', () => '', 'the deflated data set has a zlib header');
  return { source: bufferSource(bytes), offset: 0, isInflated: true };
}

/**
 * The data set of the Deflated Explicit VR Little Endian transfer syntax (PS3.5 A.5): an RFC 1951 stream, perhaps padded
 * with one byte. A bomb is refused. Some writers put an RFC 1950 header in front: read, and told apart by its check bits.
 */
function inflate(deflated: Buffer, isBeginning: boolean): { bytes: Buffer; zlibHeader: boolean } {
  const maxOutputLength = Math.min(INFLATE_LIMIT, Math.max(INFLATE_FREE, deflated.length * INFLATE_RATIO));
  const finishFlush = isBeginning ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  const options = { maxOutputLength, finishFlush };
  try {
    return { bytes: inflateRawSync(deflated, options), zlibHeader: false };
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(maxOutputLength, error);
    if (!hasZlibHeader(deflated)) throw failed(error);
  }
  try {
    return { bytes: inflateSync(deflated, options), zlibHeader: true };
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(maxOutputLength, error) : failed(error);
  }
}

function hasZlibHeader(bytes: Buffer): boolean {
  if (bytes.length < 2) return false;
  return (bytes.readUInt8(0) & 0x0f) === ZLIB_METHOD_DEFLATE && bytes.readUInt16BE(0) % 31 === 0;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(limit: number, cause: unknown): DicomError {
  return new DicomError('inflate-too-large', `the deflated data set inflates to more than ${limit} bytes`, {
    cause,
  });
}

function failed(cause: unknown): DicomError {
  return new DicomError('inflate-failed', 'the deflated data set is damaged or ends early', { cause });
}
