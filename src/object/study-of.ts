import { parseDataSet } from '../dicom';
import type { ObjectContent } from '../queue';
import { contentSource } from './content-source';
import { readHead } from './object-head';

/** The Study Instance UID of a queued object; '' where it has none. @throws as `readHead` and `parseDataSet` */
export function studyOf(content: ObjectContent): string {
  const source = contentSource(content);
  const { envelope, length: offset } = readHead(source);
  const { transferSyntaxUID } = envelope;
  return parseDataSet(source, { transferSyntaxUID, offset }).identity.studyInstanceUID ?? '';
}
