import { isPrivateCreator, tagOf } from '../standard';
import { cannotChange } from './change-errors';

const FIRST_BLOCK = 0x10;
const LAST_BLOCK = 0xff;

/** Who has reserved which blocks of private attributes in a data set or an item (PS3.5 7.8.1). A block is its creator's tag. */
export class PrivateBlocks {
  readonly #creators = new Map<number, string>();
  /** The first block of each creator, by group and creator. */
  readonly #first = new Map<string, number>();
  /** With elements in them, whether there is a creator or not. */
  readonly #used = new Set<number>();

  copy(): PrivateBlocks {
    const copy = new PrivateBlocks();
    for (const [block, creator] of this.#creators) copy.reserve(block, creator);
    for (const block of this.#used) copy.#used.add(block);
    return copy;
  }

  /** The block of a private attribute that is not a creator itself. */
  static of(tag: number): number {
    return tagOf(tag >>> 16, (tag & 0xff00) >>> 8);
  }

  creator(block: number): string | undefined {
    return this.#creators.get(block);
  }

  /** Where a creator's attribute is, or would be; undefined: it has no block. */
  tagOf(name: { tag: number; creator: string }): number | undefined {
    const block = this.#first.get(firstKey(name.tag, name.creator));
    return block === undefined ? undefined : inBlock(block, name.tag);
  }

  reserve(block: number, creator: string): void {
    this.release(block);
    this.#creators.set(block, creator);
    this.#used.add(block);
    const key = firstKey(block, creator);
    const first = this.#first.get(key);
    if (first === undefined || block < first) this.#first.set(key, block);
  }

  /** Its creator is removed. */
  release(block: number): void {
    const creator = this.#creators.get(block);
    if (creator === undefined) return;
    this.#creators.delete(block);
    const key = firstKey(block, creator);
    if (this.#first.get(key) === block) this.#first.delete(key);
  }

  use(tag: number): void {
    this.#used.add(isPrivateCreator(tag) ? tag : PrivateBlocks.of(tag));
  }

  /** Reserves the first free block. @throws DicomError */
  reserveFree(name: { tag: number; creator: string }): number {
    const group = name.tag >>> 16;
    for (let number = FIRST_BLOCK; number <= LAST_BLOCK; number += 1) {
      const block = tagOf(group, number);
      if (this.#used.has(block)) continue;
      this.reserve(block, name.creator);
      return block;
    }
    throw cannotChange(
      `group ${group.toString(16).padStart(4, '0')}`,
      'all blocks of private attributes are taken',
    );
  }
}

const firstKey = (tag: number, creator: string): string => `${tag >>> 16} ${creator}`;

const inBlock = (block: number, tag: number): number =>
  tagOf(block >>> 16, ((block & 0xff) << 8) | (tag & 0xff));
