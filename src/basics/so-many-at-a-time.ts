import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds after which others have their turn, though no work has waited for anything. */
const TURN_MS = 10;

/** Works on all items in their order, on a limited number at a time. Rejects as the first work that does; then no further one begins. */
export async function soManyAtATime<T>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  // All take from the same one.
  const rest = items.values();
  let hasFailed = false;
  let turn = performance.now();
  const take = async (): Promise<void> => {
    for (const item of rest) {
      if (hasFailed) return;
      try {
        await work(item);
        if (performance.now() - turn > TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, take));
}
