import { parseDataSet } from '../dicom';
import { contentSource, fileHead } from '../object';
import type { FolderFile, ObjectContent } from '../queue';

/** The oldest first. */
export function byTime(one: FolderFile, other: FolderFile): number {
  return one.facts.mtimeMs - other.facts.mtimeMs || (one.rel < other.rel ? -1 : 1);
}

/** When a file was last written to, ISO 8601. */
export function timeOf(content: ObjectContent): string {
  const { since = Date.now() } = content.kind === 'file' ? content : {};
  // Some file systems have times that JavaScript has not.
  const time = new Date(since);
  return (Number.isNaN(time.getTime()) ? new Date() : time).toISOString();
}

/** The Study Instance UID; empty: it has none. @throws DicomError */
export function studyOf(content: ObjectContent): string {
  const source = contentSource(content);
  const { envelope, length: offset } = fileHead(source, { receivedAt: '' });
  const { transferSyntaxUID } = envelope;
  return parseDataSet(source, { transferSyntaxUID, offset }).identity.studyInstanceUID ?? '';
}
