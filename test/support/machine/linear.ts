import assert from 'node:assert/strict';

const ROUNDS = 5;
/** Below this, a measurement is of the clock and the compiler. */
const NOISE_MS = 10;
/** Four times as much may take four times as long; quadratic would be sixteen. */
const MAX_RATIO = 10;

/** CPU time of this process in milliseconds, of the best of several rounds: others use the machine, too. */
function cpuTime(run: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
    // What is as quick as this is not measured better by doing it again; what is slow is not waited for again.
    if (best < 1 || best > 1_000) break;
  }
  return best;
}

/**
 * Fails unless time grows with the size: a quarter, half and all of `longest` are tried.
 *
 * @param prepare gives what is measured for a size
 */
export function assertLinear(longest: number, prepare: (size: number) => () => unknown, what: string): void {
  const [one = 0, , four = 0] = [1, 2, 4].map((times) => cpuTime(prepare((times * longest) / 4)));
  const ratio = (four + NOISE_MS) / (one + NOISE_MS);
  assert.ok(ratio < MAX_RATIO, `${what}: ${one.toFixed(1)} ms, four times as much ${four.toFixed(1)} ms`);
}
