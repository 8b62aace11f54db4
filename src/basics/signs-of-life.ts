/**
 * What a thread shows of itself in memory that another one sees: whether it goes on, and whether it waits for a disk.
 * Nobody need look: then it is memory of its own.
 */
const BEATS = 0;
const DISK_CALLS = 1;
const CELLS = 2;

let cells = new Int32Array(lifeMemory());

/** Memory for one thread's signs of life. */
export function lifeMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** From now on, this thread shows its life here. */
export function showLifeIn(memory: SharedArrayBuffer): void {
  cells = new Int32Array(memory);
}

/**
 * This thread goes on. Its event loop says so once in a while; work that may be long, and that must come to an end, says so
 * itself.
 */
export function beat(): void {
  Atomics.add(cells, BEATS, 1);
}

/** Calls the system for something that a disk may be slow with. No thread can be ended in such a call. */
export function waitForDisk<Result>(call: () => Result): Result {
  return showing(call)();
}

/** File operations, those that are synchronous as `waitForDisk` has them. */
export function diskCalls<Files extends object>(files: Files): Files {
  const entries = Object.entries(files).map(([name, call]: [string, unknown]) => [
    name,
    name.endsWith('Sync') ? showing(call as (...args: unknown[]) => unknown) : call,
  ]);
  return Object.fromEntries(entries) as Files;
}

function showing<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    Atomics.add(cells, DISK_CALLS, 1);
    try {
      return call(...args);
    } finally {
      // First: whoever looks in between must not find a long silence without the disk that explains it.
      beat();
      Atomics.sub(cells, DISK_CALLS, 1);
    }
  };
}

/** What a thread shows. */
export interface SignsOfLife {
  /** Differs from what it was if the thread has gone on since. */
  beats: number;
  waitsForDisk: boolean;
}

export function lifeIn(memory: SharedArrayBuffer): SignsOfLife {
  const shown = new Int32Array(memory);
  return { beats: Atomics.load(shown, BEATS), waitsForDisk: Atomics.load(shown, DISK_CALLS) > 0 };
}
