import { textOf } from '../data-set';
import { type ByteSource, Cursor, type Encoding, encodingOf, walkDataSet } from '../read';
import { EXPLICIT_VR_BIG_ENDIAN, TAG, transferSyntax } from '../standard';
import { DicomError } from '../errors';
import { NoWarnings } from '../warnings';
import { cannotChange } from './change-errors';
import { ChangeFinder } from './change-finder';
import { type Edits, newUid, resolveEdits } from './change-resolver';
import type { ChangedItem } from './change-tree';
import { ChangeWriter, type Splice } from './change-writer';
import type { ParsedChanges } from './changes';

export interface ApplyOptions {
  /** That the data set is declared to have: not deflated, not big endian. */
  transferSyntaxUID: string;
  /** Where in the source the data set begins; 0 unless told. It ends where the source ends. */
  offset?: number;
  /** As the file meta information has it, where that may differ from the data set's. */
  sopInstanceUID?: string;
}

/** A UID of the data set: as it is, and as it becomes. */
export interface ChangedUid {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface AppliedChanges {
  /** What makes the changed data set of the source; none: it is the same. */
  readonly splices: readonly Splice[];
  readonly sopClassUID: ChangedUid;
  readonly sopInstanceUID: ChangedUid;
}

/** Is it a transfer syntax in which nothing is changed? Then another one is needed first. */
export function isUnchangeable(transferSyntaxUID: string): boolean {
  return transferSyntaxUID === EXPLICIT_VR_BIG_ENDIAN || transferSyntax(transferSyntaxUID).deflated;
}

/**
 * What changes make of a data set (PS3.5 7), little endian, with explicit or implicit VR. It is walked through twice: to find
 * what is to be changed, and to correct what tells lengths. Values are not read, except those that are compared or decide how
 * others are written; and all text where it becomes UTF-8. All else stays as it is, byte for byte.
 *
 * Memory: of the changes, not of the object. Time: linear.
 * @throws DicomError `cannot-change`, which names the operation or the attribute; `not-the-object` when they are for another
 *   one; as `parseDataSet` when it cannot be read
 */
export function applyChanges(
  source: ByteSource,
  { transferSyntaxUID, offset = 0, sopInstanceUID }: ApplyOptions,
  { of, root }: ParsedChanges,
): AppliedChanges {
  const cursor = new Cursor(source);
  const declared = encodingOf(transferSyntax(transferSyntaxUID));
  const finder = new ChangeFinder(cursor, root, offset, declared);
  const encoding = walkDataSet(cursor, offset, declared, finder, new NoWarnings());
  if (encoding.bigEndian) throw cannotChange('the object', 'it is big endian, and does not say so');
  const found = { ...finder.root, encoding };
  const names = [textOf(found.context, TAG.SOPInstanceUID), sopInstanceUID];
  if (!names.includes(of.sopInstanceUID)) throw notTheObject();
  const edits = resolveEdits(found);
  const uid = (tag: number): ChangedUid => {
    const before = textOf(found.context, tag);
    return { before, after: uidIn(root, tag) ?? before };
  };
  return {
    splices: isNothing(edits) ? [] : splicesOf(source, offset, encoding, edits),
    sopClassUID: uid(TAG.SOPClassUID),
    sopInstanceUID: uid(TAG.SOPInstanceUID),
  };
}

/** Where the object of a message should be there is another one. */
export function notTheObject(): DicomError {
  return new DicomError(
    'not-the-object',
    'the object found is not the one that the message names (not-the-object)',
  );
}

function isNothing({ elements, insertions, items, toUtf8 }: Edits): boolean {
  return elements.size + insertions.size + items.size === 0 && !toUtf8;
}

function splicesOf(source: ByteSource, start: number, encoding: Encoding, edits: Edits): Splice[] {
  const cursor = new Cursor(source);
  const writer = new ChangeWriter(cursor, edits, start, encoding);
  walkDataSet(cursor, start, encoding, writer, new NoWarnings());
  return writer.finish();
}

function uidIn(root: ChangedItem, tag: number): string | undefined {
  const action = root.get(tag)?.action;
  return action && newUid(action);
}
