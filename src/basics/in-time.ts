/** Node-RED does not wait for ever when it is stopped. */
const FAREWELL_MS = 3_000;

/** Resolves when the work is done, or has taken too long for somebody who is about to end. */
export async function inTime(work: Promise<unknown>, milliseconds = FAREWELL_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
