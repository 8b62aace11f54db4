import { SpareMemory } from '../object';
import type { Given } from './given';

/** A larger object is copied as messages between threads are. */
const MOST_BYTES = 1_048_576;
const MOST_SPARE = 4;

/**
 * Memory that both threads have, for the bytes of given objects: one copy into memory that has been used before. What is copied
 * with a message is so twice, into fresh memory each time, which costs more than the copying and has the garbage collected.
 */
export class LentMemory {
  private readonly memory = new SpareMemory(MOST_BYTES, MOST_SPARE, (length) =>
    Buffer.from(new SharedArrayBuffer(length)),
  );

  /**
   * The same arguments of a request, with the bytes of the object in this memory where they can be.
   * @returns `giveBack` to be called when the worker has replied, and never where that is not known
   */
  lend<Args extends readonly unknown[]>(args: Args): { lent: Args; giveBack: () => void } {
    const [given, ...others] = args as unknown as [Given | undefined, ...unknown[]];
    if (given?.place.kind !== 'bytes' || given.place.bytes.length > MOST_BYTES)
      return { lent: args, giveBack: () => undefined };
    const { bytes } = given.place;
    const memory = this.memory.take();
    memory.set(bytes);
    const place = { kind: 'bytes', bytes: memory.subarray(0, bytes.length) };
    return {
      lent: [{ ...given, place }, ...others] as unknown as Args,
      giveBack: () => this.memory.giveBack(memory),
    };
  }
}
