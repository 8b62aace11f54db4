/** Times of a host and its workers, in one place, so that tests need not wait. */
export interface HostLimits {
  /** Milliseconds between two beats of a worker, and between two looks at them. */
  tickMs: number;
  /** Ticks without a beat until a worker counts as hanging. */
  silentTicks: number;
  /** The same while its code is being loaded, which on a small and busy machine takes long. */
  startTicks: number;
  /** Ticks that a reply may take: longer than it takes until a worker that hangs is replaced. */
  replyTicks: number;
  /** Added to the grace of a stop before a worker is ended by force. */
  stopMarginMs: number;
  /** Milliseconds after that at which a worker that has not ended counts as one that cannot be ended. */
  endMs: number;
  restartFirstMs: number;
  restartLastMs: number;
  /** Milliseconds that a worker must run until its restarts begin with the first pause again. */
  stableMs: number;
}

/**
 * Half a minute is long for anything that we do in one turn: measured, tens of milliseconds. It is about what senders wait
 * for an answer. A shorter silence gains little, and to end a worker that only was slow costs its associations.
 * A stop with a grace of 5 s ends within the 15 s that Node-RED gives a node: 5 + 2 + 3.
 */
export const HOST_LIMITS: HostLimits = {
  tickMs: 1_000,
  silentTicks: 30,
  startTicks: 120,
  replyTicks: 60,
  stopMarginMs: 2_000,
  endMs: 3_000,
  restartFirstMs: 1_000,
  restartLastMs: 30_000,
  stableMs: 60_000,
};
