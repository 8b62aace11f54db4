import { AMBIGUOUS_VR, type Vr, VR } from '../standard';

/** What a data set is written as, one after the other. */
export const enum Step {
  Element,
  /** An element whose value is not the source's: `offset` is its number among the given ones. */
  Given,
  GroupLength,
  Sequence,
  Item,
  ItemEnd,
  SequenceEnd,
}

export const enum Flag {
  None = 0,
  /** The value is big endian in the source. */
  BigEndian = 1,
  /** Of a sequence or an item: a delimiter ends it. */
  Delimited = 2,
}

const VRS: readonly Vr[] = [...Object.values<Vr>(VR), ...Object.values<Vr>(AMBIGUOUS_VR)];
const NUMBERS: ReadonlyMap<Vr, number> = new Map(VRS.map((vr, number) => [vr, number]));

/** kind, VR and flags · tag · offset, low and high · length */
const WORDS = 5;
const FIRST_CAPACITY = 128;
const WORD = 0x100000000;

/**
 * A list of steps, 20 bytes each: an object may have millions. `offset` and `length` are those of the value in the source,
 * until `setLength` gives a sequence, an item or a group length what it says in the output.
 */
export class Steps {
  count = 0;
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);

  /** @returns the index of the new step */
  add(kind: Step, tag: number, vr: Vr = VR.UN, offset = 0, length = 0, flags: number = Flag.None): number {
    const at = this.count * WORDS;
    if (at === this.#words.length) this.#grow();
    const words = this.#words;
    words[at] = kind | ((NUMBERS.get(vr) ?? 0) << 8) | (flags << 16);
    words[at + 1] = tag;
    words[at + 2] = offset;
    words[at + 3] = offset / WORD;
    words[at + 4] = length;
    this.count += 1;
    return this.count - 1;
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
  }

  #word(index: number, which: number): number {
    return this.#words[index * WORDS + which] ?? 0;
  }

  kind(index: number): Step {
    return this.#word(index, 0) & 0xff;
  }

  vr(index: number): Vr {
    return VRS[(this.#word(index, 0) >>> 8) & 0xff] ?? VR.UN;
  }

  has(index: number, flag: Flag): boolean {
    return ((this.#word(index, 0) >>> 16) & flag) !== 0;
  }

  tag(index: number): number {
    return this.#word(index, 1);
  }

  offset(index: number): number {
    return this.#word(index, 3) * WORD + this.#word(index, 2);
  }

  length(index: number): number {
    return this.#word(index, 4);
  }

  setVr(index: number, vr: Vr): void {
    this.#words[index * WORDS] = (this.#word(index, 0) & ~0xff00) | ((NUMBERS.get(vr) ?? 0) << 8);
  }

  setFlag(index: number, flag: Flag): void {
    this.#words[index * WORDS] = this.#word(index, 0) | (flag << 16);
  }

  setLength(index: number, length: number): void {
    this.#words[index * WORDS + 4] = length;
  }
}
