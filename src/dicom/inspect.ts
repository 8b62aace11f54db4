import type { ByteSource, Cursor } from './byte-source';
import { type DataSetOptions, type ObjectIdentity, open, walk } from './convert';
import type { StructureVisitor } from './structure-visitor';
import { TAG } from './tags';
import type { Vr } from './vr';
import { NoWarnings } from './warnings';

/**
 * Can the data set be understood to its end, and what is it? For the decision before a C-STORE is answered
 * (PS3.4 B.2.3). Walks the structure; no values are built.
 * @throws DicomError
 */
export function inspectDataSet(source: ByteSource, options: DataSetOptions): ObjectIdentity {
  const warnings = new NoWarnings();
  const { cursor, offset } = open(source, options, warnings);
  const inspector = new Inspector(cursor);
  walk(cursor, offset, options, inspector, warnings);
  return inspector.identity;
}

const FIELDS: ReadonlyMap<number, keyof ObjectIdentity> = new Map([
  [TAG.SOPClassUID, 'sopClassUID'],
  [TAG.SOPInstanceUID, 'sopInstanceUID'],
  [TAG.StudyInstanceUID, 'studyInstanceUID'],
  [TAG.SeriesInstanceUID, 'seriesInstanceUID'],
]);
/** No UID has more (PS3.5 9.1); one that has is compared with the command's as far as this. */
const LONGEST_UID = 1024;

class Inspector implements StructureVisitor {
  readonly identity: ObjectIdentity = {};
  #depth = 0;

  constructor(readonly cursor: Cursor) {}

  element(tag: number, _vr: Vr, offset: number, length: number): void {
    if (this.#depth > 0) return;
    const field = FIELDS.get(tag);
    if (field === undefined) return;
    const wanted = Math.min(length, LONGEST_UID);
    const at = this.cursor.ensure(offset, wanted);
    const uid = this.cursor.bytes.toString('latin1', at, at + wanted).replace(/[ \0]+$/, '');
    if (uid === '') delete this.identity[field];
    else this.identity[field] = uid;
  }

  beginSequence(): void {
    this.#depth += 1;
  }

  endSequence(): void {
    this.#depth -= 1;
  }

  fragments(): void {
    // Encapsulated values identify nothing.
  }

  beginItem(): void {
    // Depth is counted in sequences.
  }

  endItem(): void {
    // As above.
  }
}
