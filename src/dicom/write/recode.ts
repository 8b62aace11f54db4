import { type ByteSource, Cursor, type Encoding, encodingOf, openDataSet, walkDataSet } from '../read';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  TAG,
  transferSyntax,
} from '../standard';
import { type ConversionWarning, type WarningCode, Warnings } from '../warnings';
import type { GivenValues } from './given-values';
import { cannotRecode } from './cannot-recode';
import { deflated } from './deflate';
import { layOut } from './layout';
import { StepCollector } from './step-collector';
import { type Later, pieces, StepWriter } from './step-writer';

export interface RecodeOptions {
  /** Transfer Syntax UID that the data set is declared to have. */
  from: string;
  /** Transfer Syntax UID to write. */
  to: string;
  /** Where in the source the data set begins; 0 unless told. It ends where the source ends. */
  offset?: number;
  /**
   * Attributes that become others. With another Pixel Data (7FE0,0010) the transfer syntax that the data set has may be one
   * of those that encapsulate it.
   */
  changes?: GivenValues;
}

/** A data set that can be written in another transfer syntax; nothing of it has been written yet. */
export interface Recoding {
  /** Bytes that `blocks` will yield; undefined: nobody knows before they are deflated. */
  readonly size: number | undefined;
  /** What was met and accepted on reading, as in a conversion. */
  readonly warnings: readonly ConversionWarning[];
  /**
   * The bytes of the data set, in pieces of up to 256 KiB that may be parts of the source's memory. Can be called again.
   * @throws DicomError when the source cannot be read any more
   */
  readonly blocks: () => Iterable<Buffer> | AsyncIterable<Buffer>;
}

const NATIVE: ReadonlySet<string> = new Set([
  IMPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
]);

/** Is it a transfer syntax whose pixel data is not encapsulated, one of PS3.5 A.1, A.2, A.3 and A.5? */
export function isNative(transferSyntaxUID: string): boolean {
  return NATIVE.has(transferSyntaxUID);
}

/**
 * Another transfer syntax for a data set whose pixel data is not encapsulated (PS3.5 A.1, A.2, A.3, A.5). Whether that is
 * possible is found out here, by one walk over all headers: values are not read. Every attribute keeps its value:
 *
 * - VRs that are not sent (implicit VR) are those of PS3.6, where it leaves a choice as PS3.5 A.1 says; what PS3.6 does not
 *   know is UN, and a sequence where its length says so. So is what is too long for its VR (PS3.5 6.2.2).
 * - Sequences and items that told their length tell the new one, those with a delimiter keep it; group lengths are right again.
 * - Odd lengths are padded. Zeros behind the last element, delimiters without a beginning, are no part of a data set.
 *
 * A data set that is in the wanted encoding already, whatever was declared, is passed on byte for byte.
 *
 * Memory: 20 bytes for each element, and a deflated data set's inflated bytes. Time: linear.
 * @throws DicomError `cannot-recode` where a value would be read as another one; as `parseDataSet` when it cannot be read
 */
export function recode(
  source: ByteSource,
  { from, to, offset = 0, changes = NO_CHANGES }: RecodeOptions,
): Recoding {
  for (const uid of changes.has(TAG.PixelData) ? [to] : [from, to])
    if (!isNative(uid))
      throw cannotRecode(`the transfer syntax ${uid} is none for pixel data that is not encapsulated`);
  const target = encodingOf(transferSyntax(to));
  const warnings = new ReadWarnings();
  const { source: bytes, offset: start } = openDataSet(source, from, offset, warnings);
  const plan = planOf(bytes, start, encodingOf(transferSyntax(from)), target, changes, warnings);
  if (!transferSyntax(to).deflated) return { ...plan, warnings: warnings.list };
  // What is deflated already stays as it is.
  if (from === to && changes.size === 0) return { ...copy(source, offset), warnings: warnings.list };
  return { size: undefined, warnings: warnings.list, blocks: () => deflated(plan.blocks()) };
}

const NO_CHANGES: GivenValues = new Map();

interface Plan {
  size: number;
  blocks: () => Iterable<Buffer> | AsyncIterable<Buffer>;
}

function planOf(
  source: ByteSource,
  start: number,
  declared: Encoding,
  target: Encoding,
  changes: GivenValues,
  warnings: ReadWarnings,
): Plan {
  const cursor = new Cursor(source);
  const collector = new StepCollector(cursor, changes);
  const found = walkDataSet(cursor, start, declared, collector, warnings);
  if (found === target && changes.size === 0) return copy(source, start);
  if (target.bigEndian && changes.size > 0) throw cannotRecode('changes are not written in big endian');
  if (found.bigEndian && UNCERTAIN_BYTE_ORDER.some((code) => warnings.codes.has(code)))
    throw cannotRecode('an element of it has no VR that PS3.5 knows, and so no certain byte order');
  const steps = collector.finish();
  const size = layOut(steps, target);
  const { given } = collector;
  const write = (): Iterable<Buffer | Later> => new StepWriter(source, steps, given, target, size).write();
  const isAsync = given.some(({ bytes }) => !Buffer.isBuffer(bytes));
  // Where nothing comes later there is nothing to wait for.
  return { size, blocks: () => (isAsync ? withLater(write()) : (write() as Iterable<Buffer>)) };
}

async function* withLater(pieces: Iterable<Buffer | Later>): AsyncGenerator<Buffer, void, void> {
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece)) {
      yield piece;
      continue;
    }
    let left = piece.length;
    for await (const block of piece.bytes()) {
      left -= block.length;
      if (left < 0) break;
      yield block;
    }
    if (left !== 0) throw cannotRecode('a value has another length than was told');
  }
}

function copy(source: ByteSource, start: number): Plan {
  const size = source.size - start;
  return { size, blocks: () => pieces(source, start, size) };
}

const UNCERTAIN_BYTE_ORDER: readonly WarningCode[] = ['unknown-vr', 'implicit-element'];

class ReadWarnings extends Warnings {
  /** Of all warnings, also of those that are not kept. */
  readonly codes = new Set<WarningCode>();

  override add(code: WarningCode, path: () => string, text: string): void {
    this.codes.add(code);
    super.add(code, path, text);
  }
}
