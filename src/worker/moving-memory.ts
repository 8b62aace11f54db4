const moving = new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * The result of a request, whose bytes move to the asker instead of being copied twice: once on each side, into fresh memory.
 * @param bytes in memory of their own, which nobody in the worker uses afterwards
 */
export function withMovingBytes<Result extends object>(
  result: Result,
  ...bytes: readonly Uint8Array<ArrayBuffer>[]
): Result {
  moving.set(
    result,
    bytes.map(({ buffer }) => buffer),
  );
  return result;
}

/** The memory that moves with a result. */
export function movingWith(result: unknown): readonly ArrayBuffer[] {
  return (typeof result === 'object' && result !== null && moving.get(result)) || [];
}
