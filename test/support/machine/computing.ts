/**
 * Counts what this process computes, in all its threads: for tests of what takes little time. How long it takes by the clock
 * says what else the machine does.
 *
 * @returns gives the milliseconds since
 */
export function countComputing(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1_000;
  };
}
