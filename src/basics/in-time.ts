/** Node-RED does not wait for ever when it is stopped. */
const FAREWELL_MS = 3_000;

/** Resolves when the work is done, or has taken too long for somebody who is about to end. */
export async function inTime(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS).unref())]);
}
