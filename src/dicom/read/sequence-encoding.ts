import { lookUp, type Vr, VR } from '../standard';
import {
  type Encoding,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
} from './encoding';
import { type Frame, UNDEFINED_END } from './frame';
import type { Attempt, ReadTrial, Trials } from './trials';

/** How the items of a sequence are written, which is not always what is around them. */
export class SequenceEncodings {
  constructor(
    private readonly trials: Trials,
    private readonly endOf: ReadTrial,
  ) {}

  /**
   * As what is around them, or in implicit VR little endian where the sequence was sent as UN (PS3.5 6.2.2). Some writers
   * leave a UN in their own encoding, and some put explicit VR into an implicit one. That is believed where the whole
   * sequence can be read so, and not also, up to there, as the Standard has it: what one of the two readings would meet
   * behind the sequence, in pixel data, decides nothing.
   */
  within({ encoding, limit, depth }: Frame, tag: number, start: number, end: number, vr: Vr): Encoding {
    const { explicit, bigEndian } = encoding;
    if (explicit && vr !== VR.UN) return encoding;
    const others = bigEndian ? [EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN] : [EXPLICIT_LITTLE_ENDIAN];
    const attempt = {
      isSequence: true,
      offset: start,
      end,
      limit: end === UNDEFINED_END ? limit : end,
      tag,
      depth,
    };
    return this.decide(attempt, others) ?? IMPLICIT_LITTLE_ENDIAN;
  }

  /**
   * Of a sequence that was sent as bytes: as UN by someone who did not know the attribute (PS3.5 6.2.2), or as another VR by
   * mistake. Undefined: it is none.
   */
  ofBytes({ encoding, depth }: Frame, tag: number, start: number, length: number): Encoding | undefined {
    const end = start + length;
    const attempt = { isSequence: true, offset: start, end, limit: end, tag, depth };
    const encodings = [IMPLICIT_LITTLE_ENDIAN, encoding];
    return this.trials.once(attempt, () =>
      encodings.find((each) => this.endOf({ ...attempt, encoding: each }) !== undefined),
    );
  }

  private decide(attempt: Omit<Attempt, 'encoding'>, others: readonly Encoding[]): Encoding | undefined {
    const { offset, limit } = attempt;
    const likely = others.find((encoding) => this.trials.looksExplicit(offset, limit, encoding));
    if (likely === undefined) return undefined;
    return this.trials.once(attempt, () => {
      const end = this.endOf({ ...attempt, encoding: likely });
      if (end === undefined) return undefined;
      const asTheStandardHasIt = { ...attempt, limit: end, encoding: IMPLICIT_LITTLE_ENDIAN };
      return this.endOf(asTheStandardHasIt) === undefined ? likely : undefined;
    });
  }
}

/** Is it an attribute of PS3.6 with sequences, in an encoding that says another VR? */
export function isSentAsBytes({ encoding }: Frame, tag: number): boolean {
  return encoding.explicit && lookUp(tag)?.vr === VR.SQ;
}
