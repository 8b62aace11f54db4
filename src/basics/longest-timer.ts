/** A timer that is to wait for longer does not wait at all. */
export const LONGEST_TIMER_MS = 2_147_483_647;
