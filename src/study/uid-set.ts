import { createHash } from 'node:crypto';

/** Of the hash of a UID that are kept: two of a billion UIDs are not mistaken for one another. */
const HASH_BYTES = 16;
const WORDS = HASH_BYTES / 4;
const FIRST_SLOTS = 16;
/** In a record of the log. */
const HASHES_IN_TEXT = 4_096;

/** UIDs that have been seen, in 21 to 43 bytes each, whatever their length: a study may have very many. */
export class UidSet {
  private table = new Uint32Array(FIRST_SLOTS * WORDS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return this.table.byteLength;
  }

  /** False: it was there. */
  add(uid: string): boolean {
    return this.put(hashOf(uid));
  }

  has(uid: string): boolean {
    const hash = hashOf(uid);
    return this.isAt(this.slotOf(hash), hash);
  }

  /** All of them, as texts for `addAll`. */
  *texts(): Generator<string> {
    const hashes: Buffer[] = [];
    for (let at = 0; at < this.table.length; at += WORDS) {
      if (this.isFree(at)) continue;
      hashes.push(Buffer.from(this.table.slice(at, at + WORDS).buffer));
      if (hashes.length === HASHES_IN_TEXT) yield Buffer.concat(hashes.splice(0)).toString('base64');
    }
    if (hashes.length > 0) yield Buffer.concat(hashes).toString('base64');
  }

  addAll(text: string): void {
    const bytes = Buffer.from(text, 'base64');
    for (let at = 0; at + HASH_BYTES <= bytes.length; at += HASH_BYTES) this.put(wordsIn(bytes, at));
  }

  private put(hash: Uint32Array): boolean {
    const at = this.slotOf(hash);
    if (this.isAt(at, hash)) return false;
    this.table.set(hash, at);
    this.count += 1;
    // A quarter stays free, so that what is not there is soon known not to be.
    if (this.count * WORDS * 4 > this.table.length * 3) this.grow();
    return true;
  }

  private grow(): void {
    const before = this.table;
    this.table = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += WORDS) {
      const hash = before.subarray(at, at + WORDS);
      if (hash.some((word) => word !== 0)) this.table.set(hash, this.slotOf(hash));
    }
  }

  /** Where it is, or else the free place for it. */
  private slotOf(hash: Uint32Array): number {
    const mask = this.table.length / WORDS - 1;
    let slot = (hash[0] ?? 0) & mask;
    while (!this.isFree(slot * WORDS) && !this.isAt(slot * WORDS, hash)) slot = (slot + 1) & mask;
    return slot * WORDS;
  }

  private isAt(at: number, hash: Uint32Array): boolean {
    for (let word = 0; word < WORDS; word += 1) if (this.table[at + word] !== hash[word]) return false;
    return true;
  }

  private isFree(at: number): boolean {
    for (let word = 0; word < WORDS; word += 1) if (this.table[at + word] !== 0) return false;
    return true;
  }
}

function hashOf(uid: string): Uint32Array {
  const hash = wordsIn(createHash('sha256').update(uid).digest(), 0);
  // All zeros is a free place.
  if (hash.every((word) => word === 0)) hash[0] = 1;
  return hash;
}

function wordsIn(bytes: Buffer, from: number): Uint32Array {
  const words = new Uint32Array(WORDS);
  for (let word = 0; word < WORDS; word += 1) words[word] = bytes.readUInt32LE(from + 4 * word);
  return words;
}
