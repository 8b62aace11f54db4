import type { BlockBuffer } from './block-buffer';

/** Limits of what is kept in memory: objects, and their bytes. */
const MOST_OBJECTS = 64;
const MOST_BYTES = 33_554_432;

/** What memory has of an object that has just come: all of its bytes or the first ones, to which the note may refer. */
export interface Fresh {
  bytes: BlockBuffer | undefined;
  head: BlockBuffer | undefined;
  note: unknown;
}

/** What need not be read again, because it has just come. */
export class FreshObjects {
  private readonly objects = new Map<string, Fresh>();
  private bytes = 0;

  get(id: string): Fresh | undefined {
    return this.objects.get(id);
  }

  /** Takes over the memory; where there are enough, it is given back at once. */
  add(id: string, fresh: Fresh): void {
    const bytes = this.bytes + sizeOf(fresh);
    if (this.objects.size >= MOST_OBJECTS || bytes > MOST_BYTES) {
      giveBack(fresh);
      return;
    }
    this.bytes = bytes;
    this.objects.set(id, fresh);
  }

  remove(id: string): void {
    const fresh = this.objects.get(id);
    if (fresh === undefined) return;
    this.bytes -= sizeOf(fresh);
    this.objects.delete(id);
    giveBack(fresh);
  }

  clear(): void {
    for (const id of [...this.objects.keys()]) this.remove(id);
  }
}

function sizeOf({ bytes, head }: Fresh): number {
  return (bytes?.size ?? 0) + (head?.size ?? 0);
}

function giveBack({ bytes, head }: Fresh): void {
  bytes?.clear();
  head?.clear();
}
