import assert from 'node:assert/strict';

/** Quadratic work takes sixteen times as long for four times as much, linear work four times. */
const MOST_TIMES = 10;
/** Below this, in milliseconds of processor time, a ratio says nothing; work that is quadratic is far above. */
const NOTHING_MS = 40;
const ATTEMPTS = 3;

/**
 * Fails unless the work for four times as much takes about four times as long. It is measured in processor time, and tried
 * again, so that a busy machine does not decide.
 * @param n so large that quadratic work would take seconds
 */
export function assertLinear(what: string, n: number, work: (size: number) => unknown): void {
  const times: number[][] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [one = 0, , four = 0] = [n, 2 * n, 4 * n].map((size, index) => {
      const milliseconds = processorTime(() => work(size));
      (times[attempt] ??= [])[index] = Math.round(milliseconds);
      return milliseconds;
    });
    if (four < NOTHING_MS || four < MOST_TIMES * Math.max(one, NOTHING_MS / MOST_TIMES)) return;
  }
  assert.fail(`${what}: n, 2n and 4n take ${times.map((row) => row.join(', ')).join('; ')} ms`);
}

function processorTime(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
