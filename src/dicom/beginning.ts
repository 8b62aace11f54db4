import { DataSet, DataSetBuilder, textOf } from './data-set';
import { DicomError } from './errors';
import {
  bufferSource,
  Cursor,
  type Encoding,
  encodingOf,
  HEADER,
  LONG_HEADER,
  openDataSet,
  walkDataSet,
} from './read';
import { tagOf, tagOfKeyword, transferSyntax, type Vr, vrOfBytes } from './standard';
import { NoWarnings } from './warnings';

/**
 * The texts of some attributes, by keyword, in the first bytes of a data set: of those that are there as a whole, and have a
 * value. Nothing that is wrong behind them matters.
 */
export function textsInBeginning<Keyword extends string>(
  bytes: Buffer,
  transferSyntaxUID: string,
  keywords: readonly Keyword[],
): Partial<Record<Keyword, string>> {
  const tags = keywords.map((keyword) => tagOfKeyword(keyword) ?? 0);
  const textsIn = (root: DataSet): Partial<Record<Keyword, string>> => {
    const texts = keywords.map((keyword, at) => [keyword, textOf(root, tags[at] ?? 0)] as const);
    const found = texts.filter(([, text]) => text !== undefined);
    return Object.fromEntries(found) as Partial<Record<Keyword, string>>;
  };
  const texts = textsIn(rootOf(bytes, transferSyntaxUID, Math.max(...tags)));
  // Attributes come in the order of their tags, as a rule.
  return Object.keys(texts).length === keywords.length
    ? texts
    : textsIn(rootOf(bytes, transferSyntaxUID, Infinity));
}

/** What there is up to this tag. */
function rootOf(bytes: Buffer, transferSyntaxUID: string, last: number): DataSet {
  const warnings = new NoWarnings();
  let root = new DataSet(warnings);
  try {
    const { source, offset } = openDataSet(bufferSource(bytes), transferSyntaxUID, 0, warnings, true);
    const cursor = new Cursor(source);
    const builder = new BeginningBuilder(cursor, warnings, last);
    ({ root } = builder);
    walkDataSet(cursor, offset, encodingOf(transferSyntax(transferSyntaxUID)), builder, warnings);
  } catch (error) {
    // It ends in the middle of a value, or there is something wrong with it.
    if (!(error instanceof DicomError || error instanceof Enough)) throw error;
  }
  return root;
}

/** No more is wanted. */
class Enough extends Error {
  override readonly name = 'Enough';
}

const ENOUGH = new Enough('no more of the data set is wanted');

/** Ends the walk behind the last tag that is wanted. */
class BeginningBuilder extends DataSetBuilder {
  readonly #last: number;

  constructor(cursor: Cursor, warnings: NoWarnings, last: number) {
    super(cursor, warnings);
    this.#last = last;
  }

  override element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding): void {
    this.#end(tag);
    super.element(tag, vr, offset, length, encoding);
  }

  override fragments(tag: number, vr: Vr, offset: number, length: number, count: number): void {
    this.#end(tag);
    super.fragments(tag, vr, offset, length, count);
  }

  override beginSequence(tag: number, vr: Vr, offset: number, length: number): void {
    this.#end(tag);
    super.beginSequence(tag, vr, offset, length);
  }

  #end(tag: number): void {
    if (tag > this.#last && this.current === this.root) throw ENOUGH;
  }
}

/** No element of a data set has a lower one. */
const BEFORE_FIRST = 0x0003ffff;

/**
 * A quick look at the first bytes of a data set, for the many with which nothing is wrong: does it plainly have these texts?
 * False: perhaps not, which `textsInBeginning` knows.
 * @param texts of ASCII, in the order of their tags
 */
export function plainlyHas(
  bytes: Buffer,
  transferSyntaxUID: string,
  texts: readonly (readonly [tag: number, text: string])[],
): boolean {
  const { explicit, bigEndian, deflated } = transferSyntax(transferSyntaxUID);
  if (bigEndian || deflated) return false;
  let at = 0;
  let before = BEFORE_FIRST;
  for (const [wanted, text] of texts)
    for (;;) {
      if (at + LONG_HEADER > bytes.length) return false;
      const tag = tagOf(bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2));
      const vr = vrOfBytes(bytes[at + 4] ?? 0, bytes[at + 5] ?? 0);
      if (tag <= before || tag > wanted || (vr !== undefined) !== explicit) return false;
      const start = at + (vr?.long === true ? LONG_HEADER : HEADER);
      // A length that is not defined is beyond the end.
      const length = vr?.long === false ? bytes.readUInt16LE(at + 6) : bytes.readUInt32LE(start - 4);
      at = start + length;
      before = tag;
      if (tag < wanted) continue;
      const value = at > bytes.length ? '' : bytes.toString('latin1', start, at);
      if (value !== text && value !== `${text}\0`) return false;
      break;
    }
  return true;
}
