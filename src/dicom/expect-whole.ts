import { DicomError, type DicomErrorCode } from './errors';
import { type ByteSource, Cursor, encodingOf, NOBODY, walkDataSet } from './read';
import { transferSyntax } from './standard';
import { NoWarnings } from './warnings';

/** What can be wrong with an object of which a part is missing. */
const CUT_OFF: ReadonlySet<DicomErrorCode> = new Set(['ends-inside-element', 'ends-inside-sequence']);

/**
 * Looks whether a data set ends where an element ends. Values are not read. What is deflated is not looked into, and what is
 * wrong otherwise is for others to judge.
 * @param offset where in the source it begins; it ends where the source ends
 * @throws DicomError when it is empty, or ends inside an element or a sequence
 */
export function expectWhole(source: ByteSource, transferSyntaxUID: string, offset: number): void {
  if (source.size === offset) throw new DicomError('ends-inside-element', 'the object has no data set');
  const syntax = transferSyntax(transferSyntaxUID);
  if (syntax.deflated) return;
  try {
    walkDataSet(new Cursor(source), offset, encodingOf(syntax), NOBODY, new NoWarnings());
  } catch (error) {
    if (!(error instanceof DicomError) || CUT_OFF.has(error.code)) throw error;
  }
}
