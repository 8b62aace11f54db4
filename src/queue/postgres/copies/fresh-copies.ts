import type { LocalCopy } from './local-copy';

/** So many objects, with so many bytes in memory or in files that are held open, are kept for their first delivery. */
const MOST_OBJECTS = 256;
const MOST_BYTES = 33_554_432;

/** The copy of an object that has just been received. */
export interface Fresh {
  copy: LocalCopy;
  note: unknown;
  size: number;
}

/** Objects that have just been received here: they are likely to be delivered here, and need not be read again then. */
export class FreshCopies {
  private readonly copies = new Map<string, Fresh>();
  private bytes = 0;

  add(id: string, fresh: Fresh): void {
    this.copies.set(id, fresh);
    this.bytes += fresh.size;
    for (const oldest of this.copies.keys()) {
      if (this.copies.size <= MOST_OBJECTS && this.bytes <= MOST_BYTES) return;
      this.take(oldest)?.copy.discard();
    }
  }

  has(id: string): boolean {
    return this.copies.has(id);
  }

  /** It is the caller's now. */
  take(id: string): Fresh | undefined {
    const fresh = this.copies.get(id);
    if (fresh === undefined) return undefined;
    this.copies.delete(id);
    this.bytes -= fresh.size;
    return fresh;
  }

  clear(): void {
    for (const id of [...this.copies.keys()]) this.take(id)?.copy.discard();
  }
}
