import { type ByteSource, readFileMeta } from '../dicom';
import type { ObjectContent } from '../queue';
import type { FileEnvelope } from './envelope';
import { type ObjectHead, readHead } from './object-head';

/** Reads what stands before the data set of an object of a queue. `id`: of the object. */
export type HeadOf = (source: ByteSource, content: ObjectContent, id: string) => ObjectHead<FileEnvelope>;

/** For objects that we have received ourselves. @throws as `readHead` */
export const receivedHead: HeadOf = (source) => readHead(source);

/**
 * For a Part 10 file of anybody. Who made it may have written what he liked: only what names the object is taken from it.
 * @param about what is known of it otherwise
 * @throws DicomError when it has no file meta information
 */
export function fileHead(
  source: ByteSource,
  about: Pick<FileEnvelope, 'receivedAt' | 'sourceFile'>,
): ObjectHead<FileEnvelope> {
  const { sopClassUID, sopInstanceUID, transferSyntaxUID, dataSetOffset } = readFileMeta(source);
  return { envelope: { sopClassUID, sopInstanceUID, transferSyntaxUID, ...about }, length: dataSetOffset };
}
