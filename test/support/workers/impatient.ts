import { HOST_LIMITS, type HostLimits } from '../../../src/worker';

const TICK_MS = 50;

/**
 * Limits of a worker that counts as hanging after so many milliseconds, which are to be more than a busy machine may keep a
 * thread waiting. For everything else it has as long as elsewhere.
 */
export function impatient(silentMs: number): HostLimits {
  const ticks = HOST_LIMITS.tickMs / TICK_MS;
  return {
    ...HOST_LIMITS,
    tickMs: TICK_MS,
    silentTicks: silentMs / TICK_MS,
    startTicks: HOST_LIMITS.startTicks * ticks,
    replyTicks: HOST_LIMITS.replyTicks * ticks,
  };
}
