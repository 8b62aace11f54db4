import { beat } from '../../basics';
import { type ByteRange, type ByteSource, Cursor } from '../read';
import { KeptBack } from './kept-back';

const WINDOW = 65_536;
/** Some tens of milliseconds. */
const STEPS_PER_BEAT = 1_000_000;

/** A place in fragments. */
interface Mark {
  readonly index: number;
  readonly at: number;
}

/**
 * Reads code streams in fragments (PS3.5 A.4), forwards and once, over the ends of fragments. What may say something of
 * somebody is noted as blank: zeros take its place, so that nothing moves.
 */
export class FragmentReader {
  readonly blanks: ByteRange[] = [];
  readonly #cursor: Cursor;
  #index = 0;
  #steps = 0;
  /** In the source. */
  #at: number;

  constructor(
    source: ByteSource,
    readonly fragments: readonly ByteRange[],
  ) {
    this.#cursor = new Cursor(source);
    this.#at = fragments[0]?.offset ?? 0;
  }

  /** The fragment that comes next, at its beginning; undefined: there is none. */
  get fragment(): number | undefined {
    return this.#index < this.fragments.length ? this.#index : undefined;
  }

  get mark(): Mark {
    return { index: this.#index, at: this.#at };
  }

  /** Of the fragment that it is in. */
  get left(): number {
    const fragment = this.fragments[this.#index];
    return fragment === undefined ? 0 : fragment.offset + fragment.length - this.#at;
  }

  /** Afterwards there is a byte in this fragment. */
  #ensure(): void {
    this.#steps += 1;
    if (this.#steps % STEPS_PER_BEAT === 0) beat();
    while (this.left === 0) {
      this.#index += 1;
      const next = this.fragments[this.#index];
      if (next === undefined) throw broken('ends before its end');
      this.#at = next.offset;
    }
  }

  byte(): number {
    this.#ensure();
    const index = this.#cursor.ensure(this.#at, 1);
    this.#at += 1;
    return this.#cursor.bytes[index] ?? 0;
  }

  u16(): number {
    return this.byte() * 0x100 + this.byte();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.byte()));
  }

  skip(length: number): void {
    for (let left = length; left > 0;) {
      this.#ensure();
      const count = Math.min(left, this.left);
      this.#at += count;
      left -= count;
    }
  }

  blank(length: number): void {
    const before = this.mark;
    this.skip(length);
    this.blankFrom(before);
  }

  /** All that has been read since then. */
  blankFrom(mark: Mark): void {
    let { index, at } = mark;
    for (; index < this.#index; index += 1) {
      const { offset = 0, length = 0 } = this.fragments[index] ?? {};
      this.#add(at, offset + length - at);
      at = this.fragments[index + 1]?.offset ?? 0;
    }
    this.#add(at, this.#at - at);
  }

  #add(offset: number, length: number): void {
    if (length > 0) this.blanks.push({ offset, length });
  }

  /** Up to the next byte of this value, and over it. */
  skipTo(value: number): void {
    for (;;) {
      this.#ensure();
      const length = Math.min(WINDOW, this.left);
      const index = this.#cursor.ensure(this.#at, length);
      const found = this.#cursor.bytes.subarray(index, index + length).indexOf(value);
      this.#at += found < 0 ? length : found + 1;
      if (found >= 0) return;
    }
  }

  /** What is behind a code stream is none of it. Afterwards it is at the beginning of the next fragment. */
  endFragment(): void {
    this.blank(this.left);
    this.#index += 1;
    this.#at = this.fragments[this.#index]?.offset ?? 0;
  }
}

export function broken(text: string): KeptBack {
  return new KeptBack('code-stream', `the code stream of a frame ${text}`);
}
